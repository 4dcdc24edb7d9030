import { z } from "zod";
import type { AepClient } from "./client.ts";
import { allByTitle, listLimit } from "./pages.ts";
import { paths } from "./paths.ts";
import { accept, timeSeries } from "./xdm.ts";

/** Entries of a full page of the Sandbox API, unless the page itself says fewer; a shorter page is the last. */
const fullPage = 50;

const sandbox = z.object({
  name: z.string(),
  title: z.string().nullish(),
  /** Such as `development` or `production`. */
  type: z.string().nullish(),
  /** `active`, `creating`, `resetting` and others. */
  state: z.string(),
});
export type ListedSandbox = z.output<typeof sandbox>;

/** The sandboxes that the credential may use. Only administrators can look up a single one (Sandbox API). */
export async function listSandboxes(client: AepClient, signal: AbortSignal): Promise<ListedSandbox[]> {
  const purpose = "list the sandboxes that the credential may use";
  const answer = z.object({
    sandboxes: z.array(sandbox),
    _page: z.object({ limit: z.number().positive().optional() }).nullish().catch(undefined),
  });
  const found = new Map<string, ListedSandbox>();
  for (;;) {
    const before = found.size;
    const path = before === 0 ? paths.sandboxes : `${paths.sandboxes}?offset=${before}`;
    const { sandboxes, _page } = await client.call({ method: "GET", path, signal, purpose }, answer);
    for (const listed of sandboxes) found.set(listed.name, listed);
    const isLast = sandboxes.length < Math.min(fullPage, _page?.limit ?? fullPage);
    if (isLast || found.size === before) return [...found.values()];
  }
}

/** An object that a person can choose. */
export interface Choosable {
  readonly id: string;
  readonly name: string;
}

/** Up to a hundred datasets of the sandbox that have a schema, by name. */
export async function listDatasets(client: AepClient, signal: AbortSignal): Promise<Choosable[]> {
  const path = `${paths.dataSets}?limit=${listLimit}&properties=name,schemaRef`;
  const call = { method: "GET", path, signal, purpose: "list the datasets" } as const;
  const answer = z.object({ name: z.string(), schemaRef: z.object({ id: z.string() }) });
  const listed = Object.entries(await client.call(call, z.record(z.string(), z.unknown())));
  return sortByName(
    listed.flatMap(([id, value]) => {
      const { data } = answer.safeParse(value);
      return data === undefined ? [] : [{ id, name: data.name }];
    }),
  );
}

/** Schemas of events among the first 300 of the organization's own, by title. */
export async function listEventSchemas(client: AepClient, signal: AbortSignal): Promise<Choosable[]> {
  const path = `${paths.schemas}?${allByTitle}`;
  const call = { method: "GET", path, headers: accept.wholes, signal, purpose: "list the schemas" } as const;
  const { results } = await client.call(call, z.object({ results: z.array(z.unknown()) }));
  const answer = z.object({ $id: z.string(), title: z.string(), "meta:extends": z.array(z.string()) });
  return sortByName(
    results.flatMap((value) => {
      const { data } = answer.safeParse(value);
      return data?.["meta:extends"].includes(timeSeries) ? [{ id: data.$id, name: data.title }] : [];
    }),
  );
}

function sortByName(found: Choosable[]): Choosable[] {
  return found.sort((one, other) => one.name.localeCompare(other.name, "en"));
}
