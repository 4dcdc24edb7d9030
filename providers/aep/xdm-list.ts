import { z } from "zod";
import type { AepClient } from "./client.ts";
import { accept } from "./xdm.ts";

/** All objects of a collection of the Schema Registry's tenant container, page by page: a page has 300 at most. */
export async function listAll<Item extends z.ZodType>(
  client: AepClient,
  { collection, item, purpose, signal }: { collection: string; item: Item; purpose: string; signal: AbortSignal },
): Promise<z.output<Item>[]> {
  const page = z.object({ results: z.array(item), _page: z.object({ next: z.string().nullish() }).nullish() });
  const found: z.output<Item>[] = [];
  let start: string | null | undefined;
  do {
    // Titles are unique, so that they tell where a page ends.
    const from = start ? `&start=${encodeURIComponent(start)}` : "";
    const path = `${collection}?orderby=title&limit=300${from}`;
    const { results, _page } = await client.call(
      { method: "GET", path, headers: accept.wholes, signal, purpose },
      page,
    );
    found.push(...results);
    start = _page?.next;
  } while (start);
  return found;
}
