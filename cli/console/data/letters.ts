import { createHash } from "node:crypto";
import type { DeadLetter } from "../../../relay/core/event/dead-letter.ts";
import { kindOf, reasonWithoutIds, tryParseDeadLetter } from "../../dead-letters/dead-letter-filter.ts";
import { processEach } from "../../process-each.ts";
import type { DeadLetterEntry } from "../../relay/dead-letter-list.ts";
import { RelayStorageAccount } from "../../relay/relay-storage.ts";
import { hideInText } from "./hide.ts";
import type { LiveSource } from "./live-source.ts";

/** Dead letters that are read. The rest is only counted; `customerio-aep replay` reaches them all. */
const mostRead = 1000;

/** Dead letters with the same class and reason. */
interface LetterGroup {
  readonly id: string;
  readonly class: string;
  readonly reason: string;
  /** Names of their blobs. */
  readonly names: string[];
  readonly kinds: Map<string, number>;
  oldest: number;
  newest: number;
}

interface ReadLetter {
  readonly entry: DeadLetterEntry;
  readonly letter: DeadLetter | undefined;
}

/** The dead letters of a source. Each is read once. */
export class DeadLetters {
  readonly #live: LiveSource;
  readonly #read = new Map<string, ReadLetter>();
  #total = 0;

  constructor(live: LiveSource) {
    this.#live = live;
  }

  /** Lists the storage, and reads what is new there. */
  async refresh(): Promise<void> {
    if (!this.#live.current.hasStorage) return;
    const storage = await RelayStorageAccount.open(this.#live.current);
    const { total, newest } = await storage.findNewestDeadLetters(mostRead);
    this.#total = total;
    const meant = new Map(newest.map((entry) => [keyOf(entry), entry]));
    for (const key of this.#read.keys()) if (!meant.has(key)) this.#read.delete(key);
    const fresh = [...meant].filter(([key]) => !this.#read.has(key));
    await processEach(fresh, new AbortController().signal, async ([key, entry]) => {
      const blob = await storage.readDeadLetter(entry.name);
      if (blob) this.#read.set(key, { entry, letter: tryParseDeadLetter(blob.content) });
    });
  }

  /** The newest that can be read. */
  newest(most: number): DeadLetter[] {
    return this.#listNewest()
      .flatMap(({ letter }) => letter ?? [])
      .slice(0, most);
  }

  /** The names of a group's blobs; undefined if there is no such group now. */
  namesOf(id: string): readonly string[] | undefined {
    return this.#groups().find((group) => group.id === id)?.names;
  }

  describe(isPersonal: boolean) {
    return {
      total: this.#total,
      read: this.#read.size,
      groups: this.#groups().map(({ names, kinds, reason, oldest, newest, ...group }) => ({
        ...group,
        count: names.length,
        reason: isPersonal ? reason : hideInText(reason),
        kinds: [...kinds].toSorted(([, one], [, other]) => other - one),
        oldest,
        newest,
      })),
    };
  }

  #listNewest(): ReadLetter[] {
    return [...this.#read.values()].toSorted((a, b) => b.entry.writtenAt.getTime() - a.entry.writtenAt.getTime());
  }

  /** The largest first. */
  #groups(): LetterGroup[] {
    const groups = new Map<string, LetterGroup>();
    for (const { entry, letter } of this.#listNewest()) {
      const [kind, reason] = letter
        ? [letter.class, reasonWithoutIds(letter)]
        : ["unknown", "This version does not know their format."];
      const id = createHash("sha256").update(`${kind}\n${reason}`).digest("hex").slice(0, 16);
      const at = entry.writtenAt.getTime();
      const group = groups.get(id) ?? {
        id,
        class: kind,
        reason,
        names: [] as string[],
        kinds: new Map<string, number>(),
        oldest: at,
        newest: at,
      };
      group.names.push(entry.name);
      group.oldest = Math.min(group.oldest, at);
      const { objectType, metric } = letter ? kindOf(letter) : {};
      const named = [objectType, metric].filter(Boolean).join(" ") || "no readable event";
      group.kinds.set(named, (group.kinds.get(named) ?? 0) + 1);
      groups.set(id, group);
    }
    return [...groups.values()].toSorted((one, other) => other.names.length - one.names.length);
  }
}

/** A dead letter that is replayed and dies again has the same name and another time. */
function keyOf({ name, writtenAt }: DeadLetterEntry): string {
  return `${writtenAt.getTime()} ${name}`;
}
