import { z } from "zod";

/**
 * A time in milliseconds since 1970. Platform's examples have a number; some of its descriptions have a text in date-time format for the same
 * property.
 */
export const timestamp = z
  .union([z.number(), z.string().transform((text) => (/^\d+$/.test(text) ? Number(text) : Date.parse(text)))])
  .pipe(z.number());
