import { addPathCounts, type PathCounts } from "../counts/path-counts.ts";
import { isObject } from "../event/json.ts";
import type { Outcome, OutcomeField, OutcomeNumber } from "./outcomes.ts";

/**
 * Outcomes that occur with every event or call, and are therefore summed up. Rare outcomes, and those that name a blob,
 * have their own line.
 */
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

/** Fields of which a sum has the maximum; it has the total of all other numbers. */
const largestOf: readonly OutcomeNumber[] = ["oldestSeconds", "putBackAgeSeconds", "ageSeconds", "delaySeconds"];

/** Fields with the same value in all outcomes of a sum. */
const sharedFields: readonly OutcomeField[] = ["outcome", "level", "rule"];

/** Maximum number of different reasons in a sum. */
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
 * One line for many outcomes with the same key. It has the totals of their counts, so that alerts and the workbook,
 * which add up lines, get the same results from sums. It has no event ids, which would be most of its size.
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

  /** The line; `sumOf` is the number of outcomes in it. */
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
