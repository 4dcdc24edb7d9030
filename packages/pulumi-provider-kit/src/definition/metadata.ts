import { type GlobalMeta, globalRegistry, z } from "zod";

/** The metadata from a property's `.meta({...})`, even if `.optional()` or `.default()` follows it. */
export function metadata(schema: z.ZodType): GlobalMeta {
  const own = globalRegistry.get(schema) ?? {};
  const inner =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly
      ? metadata(schema.unwrap() as z.ZodType)
      : {};
  return { ...inner, ...own };
}

/** Names of a zod object's properties for which `test` holds. */
export function propertiesWhere(object: z.ZodObject, test: (meta: GlobalMeta) => boolean): string[] {
  return Object.entries(object.shape)
    .filter(([, schema]) => test(metadata(schema as z.ZodType)))
    .map(([name]) => name);
}
