import type { Sandbox } from "../state/model.ts";
import { type ComposedSchema, composedSchema } from "./compose.ts";

/** What a schema looked like before a change, the time of which is in milliseconds since 1970. */
interface FormerSchema {
  readonly schema: ComposedSchema;
  readonly changedAt: number;
}

/** By `$id`; the oldest first. */
const formerSchemas = new WeakMap<Sandbox, Map<string, readonly FormerSchema[]>>();

/** Keeps the form of a schema that is about to change. */
export function keepFormerSchema(sandbox: Sandbox, id: string, now: number): void {
  const all = formerSchemas.get(sandbox) ?? new Map<string, readonly FormerSchema[]>();
  formerSchemas.set(sandbox, all);
  all.set(id, [...(all.get(id) ?? []), { schema: composedSchema(sandbox, id), changedAt: now }]);
}

/**
 * A schema as streaming ingestion knows it, whose cache gets a change late ("Streaming ingestion validation": "Allow up to fifteen minutes for
 * the cache to refresh"). Every change is as late as it can be. A new schema is known at once.
 *
 * @param time.now milliseconds since 1970
 */
export function streamedSchema(
  sandbox: Sandbox,
  id: string,
  { now, cacheSeconds }: { readonly now: number; readonly cacheSeconds: number },
): ComposedSchema {
  const former = formerSchemas.get(sandbox)?.get(id) ?? [];
  return former.find(({ changedAt }) => now - changedAt < cacheSeconds * 1000)?.schema ?? composedSchema(sandbox, id);
}
