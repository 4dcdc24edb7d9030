import { z } from "zod";
import type { CheckFailure } from "../engine/provider.ts";
import { holdsSecret, holdsUnknown, isMap, type PropertyMap, type PropertyValue, reveal } from "../engine/values.ts";
import { withoutNulls } from "../engine/without-nulls.ts";
import { plainWords } from "../settings/plain-words.ts";
import { metadata } from "./metadata.ts";

/** Checks each property that is fully known; others are checked once they are. Applies defaults. */
export function validate(schema: z.ZodObject, given: PropertyMap): { values: PropertyMap; failures: CheckFailure[] } {
  const values: PropertyMap = {};
  const failures: CheckFailure[] = [];
  for (const name of Object.keys(given)) {
    if (name in schema.shape) continue;
    const known = Object.keys(schema.shape).join(", ");
    failures.push({ property: name, reason: `There is no property "${name}". The properties are: ${known}.` });
  }
  for (const [name, property] of Object.entries(schema.shape)) {
    const value = given[name];
    if (value !== undefined && holdsUnknown(value)) {
      values[name] = value;
      continue;
    }
    const plain = value === undefined || value === null ? undefined : reveal(value);
    const parsed = parse(property, plain);
    if (parsed.success) {
      if (parsed.data !== undefined) values[name] = parsed.data as PropertyValue;
      continue;
    }
    for (const issue of parsed.error.issues) {
      const path = [name, ...issue.path].map((key, index) => pathPart(key, index)).join("");
      const missing = value === undefined || value === null;
      failures.push({ property: path, reason: missing ? `"${path}" is required.` : `"${path}": ${issue.message}.` });
    }
  }
  return { values, failures };
}

/** A null counts as absent, unless the schema accepts null. */
function parse(property: z.ZodType, value: unknown): z.ZodSafeParseResult<unknown> {
  const parsed = z.safeParse(property, value, { error: plainWords });
  const present = parsed.success ? parsed : z.safeParse(property, withoutNulls(value), { error: plainWords });
  return present.success ? present : parsed;
}

/**
 * Mistakes as the engine should print them. It adds the value of a top-level property, even of a secret one, and `<nil>` as that of
 * any other (pulumi/pulumi, `issueCheckFailures`). So only the reason names those.
 */
export function withoutSecretValues(
  schema: z.ZodObject,
  given: PropertyMap,
  failures: readonly CheckFailure[],
): CheckFailure[] {
  const isShown = (name: string) => {
    const property = schema.shape[name] as z.ZodType | undefined;
    return property !== undefined && metadata(property).secret !== true && !holdsSecret(given[name] ?? null);
  };
  return failures.map((failure) => {
    const { property, reason } = failure;
    if (isShown(property)) return failure;
    return { property: "", reason: reason.includes(property) ? reason : `${property}: ${reason}` };
  });
}

function pathPart(key: PropertyKey, index: number): string {
  if (typeof key === "number") return `[${key}]`;
  return index === 0 ? String(key) : `.${String(key)}`;
}

/** The known inputs. For records, whose entries are independent, each known entry; otherwise only fully known values. */
export function knownParts(schema: z.ZodObject, inputs: PropertyMap): Record<string, unknown> {
  const records = Object.entries(inputs).flatMap(([name, value]) =>
    isRecord(schema.shape[name]) && isMap(value) ? [[name, knownInputs(value)]] : [],
  );
  return { ...knownInputs(inputs), ...Object.fromEntries(records) };
}

function isRecord(property: unknown): boolean {
  return property instanceof z.ZodOptional ? isRecord(property.unwrap()) : property instanceof z.ZodRecord;
}

/** The inputs that are fully known. */
export function knownInputs(inputs: PropertyMap): Record<string, unknown> {
  const known = Object.entries(inputs).filter(([, value]) => !holdsUnknown(value));
  return reveal(Object.fromEntries(known)) as Record<string, unknown>;
}
