import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AepClient } from "./client.ts";
import { paths } from "./paths.ts";

/** A list of the Flow Service. */
export interface FlowList {
  readonly collection: string;
  /** Filter or order: `property=flowId==<id>`. */
  readonly query: string;
  readonly purpose: string;
}

/** Maximum objects in one page (Catalog Service API; the Flow Service names no maximum). */
const pageSize = 100;
/** Maximum pages of one list, in case a list never ends. */
const mostPages = 200;

const identified = z.object({ id: z.string() });
const links = z.object({ next: z.object({ href: z.string() }).nullish() });

/**
 * Lists objects of the Flow Service, page by page. A page may have fewer objects than its limit, even none, and still link to a next one,
 * so only a missing link ends the list, or one that leads nowhere new.
 *
 * @param atMost stops once this many are found; default: lists all
 */
export async function listFlowObjects<Item extends z.ZodType>(
  client: AepClient,
  { collection, query, purpose }: FlowList,
  item: Item,
  signal: AbortSignal,
  atMost = Number.POSITIVE_INFINITY,
): Promise<z.output<Item>[]> {
  const answer = z.object({ items: z.array(item), _links: links.nullish() });
  const first = `${query}&limit=${Math.min(atMost, pageSize)}`;
  const found = new Map<string, z.output<Item>>();
  const followed = new Set<string>();
  let path = `${collection}?${first}`;
  for (let page = 0; page < mostPages; page++) {
    const { items, _links } = await client.call({ method: "GET", path, signal, purpose }, answer);
    const before = found.size;
    for (const object of items) found.set(identified.safeParse(object).data?.id ?? JSON.stringify(object), object);
    const next = _links?.next?.href;
    const repeatsItself = items.length > 0 && found.size === before;
    if (found.size >= atMost || !next || followed.has(next) || repeatsItself) return [...found.values()];
    followed.add(next);
    path = `${collection}?${nextQuery(first, next)}`;
  }
  throw explainEndless(purpose);
}

/** Whether the Flow Service has an object that the query selects. */
export async function hasFlowObject(client: AepClient, list: FlowList, signal: AbortSignal): Promise<boolean> {
  return (await listFlowObjects(client, list, z.unknown(), signal, 1)).length > 0;
}

/**
 * Lists the sandbox's datasets with their ids, newest first, page by page: a short page is the last.
 *
 * @param properties of each dataset, separated by commas
 */
export async function listDatasetObjects(
  client: AepClient,
  { properties, purpose }: { readonly properties: string; readonly purpose: string },
  signal: AbortSignal,
): Promise<[id: string, dataset: unknown][]> {
  const found = new Map<string, unknown>();
  const first = `${paths.dataSets}?orderBy=desc:created&limit=${pageSize}&properties=${properties}`;
  for (let page = 0; page < mostPages; page++) {
    const path = page === 0 ? first : `${first}&start=${page * pageSize}`;
    const listed = await client.call({ method: "GET", path, signal, purpose }, z.record(z.string(), z.unknown()));
    const before = found.size;
    for (const [id, dataset] of Object.entries(listed)) found.set(id, dataset);
    if (Object.keys(listed).length < pageSize || found.size === before) return [...found];
  }
  throw explainEndless(purpose);
}

/** The link is relative to the service, and has the token at least; a filter that it lacks still applies. */
function nextQuery(query: string, href: string): string {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of new URL(href, "https://platform.invalid").searchParams) parameters.set(name, value);
  return parameters.toString();
}

function explainEndless(purpose: string): VendorError {
  return new VendorError(
    `Could not ${purpose}: the list has more than ${mostPages} pages. Run the command again; if it fails again, send this message to ` +
      "Adobe's support.",
    {},
  );
}
