/** A dead letter's blob, unread. */
export interface DeadLetterEntry {
  /** Name of the blob; with `@` and the account's name if it is in the account of a replaced relay. */
  readonly name: string;
  /** When it was written: when the event died. */
  readonly writtenAt: Date;
}

/** How many dead letters there are, and the newest of them. */
export interface NewestDeadLetters {
  readonly total: number;
  /** The newest first. */
  readonly newest: readonly DeadLetterEntry[];
}

/** Reads a list of any length, and keeps only its newest entries: after an outage there may be a million, and they are sorted by name. */
export async function keepNewest(entries: AsyncIterable<DeadLetterEntry>, most: number): Promise<NewestDeadLetters> {
  let total = 0;
  let newest: DeadLetterEntry[] = [];
  const cut = () => {
    newest = newest.toSorted((one, other) => other.writtenAt.getTime() - one.writtenAt.getTime()).slice(0, most);
  };
  for await (const entry of entries) {
    total += 1;
    newest.push(entry);
    if (newest.length >= 2 * most) cut();
  }
  cut();
  return { total, newest };
}
