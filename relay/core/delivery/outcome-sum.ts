import { addPathCounts, type PathCounts } from "../counts/path-counts.ts";
import { isObject } from "../event/json.ts";
import type { Outcome, OutcomeField, OutcomeNumber } from "./outcomes.ts";

/** Outcomes that come with every event or call, so that they are summed up. What is rare or names a blob has a line of its own. */
const summedOutcomes = [
  "accepted",
  "filtered",
  "forwarded",
  "waiting",
  "refused",
  "unavailable",
  "closed",
  "duplicatesUnknown",
] as const;

/** Fields of which a sum has the largest; of all other numbers it has the total. */
const largestOf: readonly OutcomeNumber[] = ["oldestSeconds", "ageSeconds", "delaySeconds"];

/** Fields that the outcomes of a sum have in common. */
const sharedFields: readonly OutcomeField[] = ["outcome", "level", "rule"];

/** Different reasons that a sum names. */
const mostReasons = 5;

/** Whether outcomes of this kind are summed up. */
export function isSummed({ outcome }: Outcome): boolean {
  return summedOutcomes.some((summed) => summed === outcome);
}

/** Outcomes with the same key go into the same sum. */
export function sumKey(outcome: Outcome): string {
  const fields: Readonly<Partial<Record<OutcomeField, unknown>>> = outcome;
  return sharedFields.map((field) => fields[field] ?? "").join(" ");
}

/**
 * One line for many outcomes of one key. Its counts are theirs added up, so that alerts and the workbook, which add up lines,
 * get the same from sums. It has no ids of events: they would be the larger part of it.
 */
export class OutcomeSum {
  readonly #shared: Record<string, unknown> = {};
  readonly #numbers: Record<string, number> = {};
  readonly #reasons = new Set<string>();
  readonly #byName: Record<string, PathCounts> = {};
  #outcomes = 0;

  add(outcome: Outcome): void {
    this.#outcomes += 1;
    for (const [field, value] of Object.entries(outcome)) this.#addField(field, value);
  }

  /** The line; `sumOf` is how many outcomes it stands for. */
  get line(): Readonly<Record<string, unknown>> {
    return {
      ...this.#shared,
      sumOf: this.#outcomes,
      ...this.#numbers,
      ...Object.fromEntries(Object.entries(this.#byName).map(([field, counts]) => [field, Object.fromEntries(counts)])),
      ...(this.#reasons.size > 0 && { reasons: [...this.#reasons] }),
    };
  }

  #addField(field: string, value: unknown): void {
    if (sharedFields.some((shared) => shared === field)) this.#shared[field] = value;
    else if (field === "reason" || field === "reasons") this.#addReasons([value].flat());
    else if (typeof value === "number") {
      const before = this.#numbers[field] ?? 0;
      this.#numbers[field] = largestOf.some((largest) => largest === field) ? Math.max(before, value) : before + value;
    } else if (isObject(value)) {
      this.#byName[field] ??= new Map();
      addPathCounts(this.#byName[field], value);
    }
  }

  #addReasons(reasons: readonly unknown[]): void {
    for (const reason of reasons) if (this.#reasons.size < mostReasons) this.#reasons.add(String(reason));
  }
}
