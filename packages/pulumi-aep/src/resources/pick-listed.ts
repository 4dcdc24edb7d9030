import type { z } from "zod";

/** How to find objects of one kind in a list. */
interface Picking<Label extends z.ZodType, Item extends z.ZodType> {
  /** What decides; an object without it is another's. */
  readonly label: Label;
  readonly isWanted: (label: z.output<Label>) => boolean;
  readonly item: Item;
  /** Reads one object; undefined if it is gone. */
  readonly read: (label: z.output<Label>) => Promise<z.output<Item> | undefined>;
}

/**
 * Picks the wanted objects from a list. Other people's objects may lack properties of ours, and must not be touched. If the list shortens an
 * object of ours, it is read: overlooked, it would be created twice.
 */
export async function pickListed<Label extends z.ZodType, Item extends z.ZodType>(
  list: readonly unknown[],
  { label, isWanted, item, read }: Picking<Label, Item>,
): Promise<z.output<Item>[]> {
  const picked: z.output<Item>[] = [];
  for (const listed of list) {
    const found = label.safeParse(listed);
    if (!found.success || !isWanted(found.data)) continue;
    const whole = item.safeParse(listed).data ?? (await read(found.data));
    if (whole !== undefined) picked.push(whole);
  }
  return picked;
}
