import { z } from "zod";

/** A number above 0, as the text of an option. */
export const positiveNumber = z.coerce.number().positive("it must be more than 0");
