import type { z } from "zod";
import { type SecretName, secretSettings } from "../../settings/schema.ts";

/** The secret settings as inputs of a component. */
export const secretInputs = Object.fromEntries(
  Object.entries(secretSettings).map(([name, { schema, description }]) => [
    name,
    schema.optional().meta({ description, secret: true }),
  ]),
) as Record<SecretName, z.ZodOptional<z.ZodString>>;
