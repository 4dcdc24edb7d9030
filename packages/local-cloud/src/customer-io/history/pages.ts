import type { CustomerIoSwitches } from "../switches.ts";

/** The content of a page's `next`: how many entries come before the next page, or the last one of this page. */
type Cursor = { readonly after: number } | { readonly afterId: string };

/** One page of a list, with the `next` of its answer. */
export function cutPage<Entry extends { readonly id: string }>(
  list: readonly Entry[],
  { start, limit }: { start: string | undefined; limit: number },
  { messagePages, lastPage }: Pick<CustomerIoSwitches, "messagePages" | "lastPage">,
): { entries: Entry[]; next: { next?: string | null } } {
  const from = placeOf(list, start);
  // An unknown `start` is treated like any invalid value: the list is empty.
  const entries = from === undefined ? [] : list.slice(from, from + limit);
  const end = (from ?? 0) + entries.length;
  if (from === undefined || end >= list.length) return { entries, next: endings[lastPage] };
  const cursor: Cursor = messagePages === "shift" ? { after: end } : { afterId: entries.at(-1)?.id ?? "" };
  return { entries, next: { next: Buffer.from(JSON.stringify(cursor)).toString("base64url") } };
}

const endings: Readonly<Record<CustomerIoSwitches["lastPage"], { next?: string | null }>> = {
  empty: { next: "" },
  null: { next: null },
  absent: {},
};

function placeOf(list: readonly { readonly id: string }[], start: string | undefined): number | undefined {
  if (start === undefined || start === "") return 0;
  try {
    const cursor = JSON.parse(Buffer.from(start, "base64url").toString()) as Record<string, unknown>;
    if (typeof cursor.after === "number") return cursor.after;
    const place = list.findIndex(({ id }) => id === cursor.afterId);
    return place < 0 ? undefined : place + 1;
  } catch {
    return undefined;
  }
}
