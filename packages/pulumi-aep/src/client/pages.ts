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

/** Maximum objects in one list or page (Catalog Service API; the Flow Service names no maximum). */
export const listLimit = 100;
/** Maximum pages of one list, in case a list never ends. */
const mostPages = 200;

const identified = z.union([
  z.object({ id: z.string() }).transform(({ id }) => id),
  z.object({ $id: z.string() }).transform(({ $id }) => $id),
]);
const link = z.union([z.object({ href: z.string() }).transform(({ href }) => href), z.string()]).nullish();
const links = z.object({ next: link });
const flowPage = z.object({ items: z.array(z.unknown()), _links: links.nullish() });
const registryPage = z.object({
  results: z.array(z.unknown()),
  _page: z.object({ next: z.coerce.string().nullish(), orderby: z.string().nullish().catch(undefined) }).nullish(),
  _links: links.nullish().catch(undefined),
});
const mappingSetPage = z.object({ data: z.array(z.unknown()) });
const anyObject = z.record(z.string(), z.unknown());

/**
 * Lists objects of the Flow Service, page by page.
 *
 * @param atMost stops once this many are found; default: lists all
 */
export function listFlowObjects(
  client: AepClient,
  { collection, query, purpose }: FlowList,
  signal: AbortSignal,
  atMost = Number.POSITIVE_INFINITY,
): Promise<unknown[]> {
  const first = `${query}&limit=${Math.min(atMost, listLimit)}`;
  const read = async (path: string) => {
    const { items, _links } = await client.call({ method: "GET", path, signal, purpose }, flowPage);
    return { objects: items, next: _links?.next && `${collection}?${nextQuery(first, _links.next)}` };
  };
  return readPages(`${collection}?${first}`, read, purpose, atMost);
}

/** The query for all objects of a collection of the Schema Registry. */
export const allByTitle = "orderby=title&limit=300";

/** A list of the Schema Registry. */
export interface RegistryList {
  readonly collection: string;
  /** Filter or order: `orderby=title`. */
  readonly query: string;
  /** An `Accept` header, which says how much of each object the list shows. */
  readonly headers: Record<string, string>;
  readonly purpose: string;
}

/**
 * Lists objects of the Schema Registry, page by page. Its description calls `_page.next` an address, and the text of the parameter `start` a
 * value to start after: both are read, and so is the link in `_links`.
 */
export function listRegistryObjects(
  client: AepClient,
  { collection, query, headers, purpose }: RegistryList,
  signal: AbortSignal,
): Promise<unknown[]> {
  const read = async (path: string) => {
    const call = { method: "GET", path, headers, signal, purpose } as const;
    const { results, _page, _links } = await client.call(call, registryPage);
    const next = _page?.next || _links?.next;
    if (!next) return { objects: results, next: undefined };
    const start = isAddress(next) ? next : `?start=${encodeURIComponent(next)}`;
    // `start` needs an order.
    const ordered = query.includes("orderby=") ? query : `${query}&orderby=${_page?.orderby ?? "title"}`;
    return { objects: results, next: `${collection}?${nextQuery(ordered, start)}` };
  };
  return readPages(`${collection}?${query}`, read, purpose);
}

/**
 * Reads pages to the last one. A page may have fewer objects than its limit, even none, and still lead to a next one, so only a missing
 * link ends the list, or one that leads nowhere new.
 */
async function readPages<Item>(
  first: string,
  read: (path: string) => Promise<{ readonly objects: readonly Item[]; readonly next: string | null | undefined }>,
  purpose: string,
  atMost = Number.POSITIVE_INFINITY,
): Promise<Item[]> {
  const found = new Map<string, Item>();
  const visited = new Set<string>();
  let path = first;
  for (let page = 0; page < mostPages; page++) {
    visited.add(path);
    const { objects, next } = await read(path);
    const before = found.size;
    for (const object of objects) found.set(identified.safeParse(object).data ?? JSON.stringify(object), object);
    const repeatsItself = objects.length > 0 && found.size === before;
    if (found.size >= atMost || !next || visited.has(next) || repeatsItself) return [...found.values()];
    path = next;
  }
  throw explainEndless(purpose);
}

/** What refers to an object of the Flow Service or Catalog. */
export interface References {
  /** Where the referring objects are. */
  readonly collection: string;
  /** Where in them the id is: `params.dataSetId`, `sourceConnectionIds[]`. */
  readonly path: string;
  readonly id: string;
  readonly purpose: string;
}

/** Lists the objects that refer to an object. Compared here too, since Adobe names only some of the paths by which its lists can be filtered. */
export async function listReferring<Item extends z.ZodType>(
  client: AepClient,
  references: References,
  item: Item,
  signal: AbortSignal,
): Promise<z.output<Item>[]> {
  const listed = await listFlowObjects(client, listOf(references), signal);
  const parsed = z.array(item).safeParse(listed.filter((one) => refers(one, references)));
  if (parsed.success) return parsed.data;
  throw new VendorError(
    `Could not ${references.purpose}: the list did not match Adobe's documentation. ` +
      "Check that the setting aep:platformUrl points to Platform's APIs.",
    {},
  );
}

/** Whether anything refers to an object. */
export async function isReferredTo(client: AepClient, references: References, signal: AbortSignal): Promise<boolean> {
  const [one] = await listFlowObjects(client, listOf(references), signal, 1);
  if (one === undefined || refers(one, references)) return one !== undefined;
  // The list was not filtered.
  return (await listReferring(client, references, z.unknown(), signal)).length > 0;
}

function listOf({ collection, path, id, purpose }: References): FlowList {
  return { collection, query: `property=${path}==${id}`, purpose };
}

/** If a list does not show the property, the filter counts. */
function refers(object: unknown, { path, id }: References): boolean {
  let value = object;
  for (const name of path.replace("[]", "").split(".")) {
    value = anyObject.safeParse(value).data?.[name] ?? undefined;
  }
  return value === undefined || value === id || (Array.isArray(value) && value.includes(id));
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
  const first = `${paths.dataSets}?orderBy=desc:created&limit=${listLimit}&properties=${properties}`;
  for (let page = 0; page < mostPages; page++) {
    const path = page === 0 ? first : `${first}&start=${page * listLimit}`;
    const listed = await client.call({ method: "GET", path, signal, purpose }, anyObject);
    const before = found.size;
    for (const [id, dataset] of Object.entries(listed)) found.set(id, dataset);
    if (Object.keys(listed).length < listLimit || found.size === before) return [...found];
  }
  throw explainEndless(purpose);
}

/**
 * Lists the sandbox's mapping sets, newest first, page by page. Adobe calls `start` "the offset of the pages of results", so it may count sets or
 * pages: the second page shows which. Adobe names no maximum of `limit` either, so only a page without anything new ends the list.
 *
 * @param filter such as `name=<name>`; default: all
 */
export async function listMappingSets(
  client: AepClient,
  { filter, purpose }: { readonly filter?: string; readonly purpose: string },
  signal: AbortSignal,
): Promise<unknown[]> {
  const found = new Map<string, unknown>();
  const query = `${filter === undefined ? "" : `${filter}&`}orderBy=-createdDate&limit=${listLimit}`;
  let start = 0;
  let countsSets = false;
  for (let page = 0; page < mostPages; page++) {
    const path = `${paths.mappingSets}?${query}&start=${start}`;
    const { data } = await client.call({ method: "GET", path, signal, purpose }, mappingSetPage);
    const before = found.size;
    for (const set of data) found.set(identified.safeParse(set).data ?? JSON.stringify(set), set);
    const added = found.size - before;
    if (added === 0) return [...found.values()];
    if (page === 1) countsSets = added < data.length / 2;
    start = countsSets ? found.size : start + 1;
  }
  throw explainEndless(purpose);
}

/** The link is relative to the service, and has the token at least; a filter that it lacks still applies. */
function nextQuery(query: string, href: string): string {
  const parameters = new URLSearchParams(query);
  for (const [name, value] of new URL(href, "https://platform.invalid").searchParams) parameters.set(name, value);
  return parameters.toString();
}

/** Whether a text is an address with parameters, and not the title of an object. */
function isAddress(text: string): boolean {
  return /^(https?:\/)?\/.*\?|^\?/.test(text);
}

function explainEndless(purpose: string): VendorError {
  return new VendorError(
    `Could not ${purpose}: the list has more than ${mostPages} pages. Run the command again; if it fails again, send this message to ` +
      "Adobe's support.",
    {},
  );
}
