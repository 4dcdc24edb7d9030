import { Ajv2020 } from "ajv/dist/2020.js";
import { z } from "zod";
import { documentOf, failureDocument } from "../../cli/command/describe.ts";
import { commands } from "../../cli/commands.ts";

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });

/** How the JSON that a command printed differs from its definition and reference, including additional fields. */
export function jsonMistakes(name: string, text: string): string[] {
  const document: unknown = JSON.parse(text);
  const definition = commands.find((command) => command.name === name);
  if (definition === undefined) return [`there is no command ${name}`];
  const isFailure = failureDocument.safeParse(document).success;
  const validate = ajv.compile(z.toJSONSchema(isFailure ? failureDocument : documentOf(definition)));
  validate(document);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}
