import { z } from "zod";
import { type DeadLetter, parseDeadLetter } from "../../relay/core/event/dead-letter.ts";

/** Selects dead letters; an undefined property matches all. */
export interface DeadLetterFilter {
  /** Class of the dead letter, such as `refused`: see `DeadLetterClass`. */
  readonly class?: string | undefined;
  /** Text that the reason contains, ignoring case. */
  readonly reason?: string | undefined;
  readonly objectType?: string | undefined;
  readonly metric?: string | undefined;
  /** The relay received it at this time or later. */
  readonly from?: Date | undefined;
  /** The relay received it before this time. */
  readonly to?: Date | undefined;
}

const named = z.object({
  object_type: z.string().optional().catch(undefined),
  metric: z.string().optional().catch(undefined),
});

/** The kind of event in a dead letter, as far as its body shows it. */
export function kindOf({ body, encoding }: DeadLetter): {
  objectType?: string | undefined;
  metric?: string | undefined;
} {
  if (encoding !== "utf8") return {};
  try {
    const { object_type: objectType, metric } = named.parse(JSON.parse(body));
    return { objectType, metric };
  } catch {
    return {};
  }
}

export function matchesFilter(letter: DeadLetter, filter: DeadLetterFilter): boolean {
  const { objectType, metric } = kindOf(letter);
  const receivedAt = Date.parse(letter.receivedAt);
  return (
    (filter.class === undefined || letter.class === filter.class) &&
    (filter.reason === undefined || letter.reason.toLowerCase().includes(filter.reason.toLowerCase())) &&
    (filter.objectType === undefined || objectType === filter.objectType) &&
    (filter.metric === undefined || metric === filter.metric) &&
    (filter.from === undefined || receivedAt >= filter.from.getTime()) &&
    (filter.to === undefined || receivedAt < filter.to.getTime())
  );
}

/** Whether the blob with this name may match. The name contains the day, so other days need not be read. */
export function mayMatchFilter(name: string, { from, to }: DeadLetterFilter): boolean {
  const [, year, month, date] = name.match(/^(\d{4})\/(\d\d)\/(\d\d)\//) ?? [];
  if (year === undefined) return true;
  const day = Date.parse(`${year}-${month}-${date}T00:00:00Z`);
  const nextDay = day + 24 * 60 * 60 * 1000;
  return (from === undefined || nextDay > from.getTime()) && (to === undefined || day < to.getTime());
}

/** A dead letter's document, or undefined if the blob is not a dead letter of this version. */
export function tryParseDeadLetter(content: Buffer): DeadLetter | undefined {
  try {
    return parseDeadLetter(content.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The reason for people and groups. A vendor's request id differs in each, and would put each dead letter into a separate group. */
export function reasonWithoutIds({ reason }: Pick<DeadLetter, "reason">): string {
  return reason.replaceAll(/ ?\(request [^()]*\)/g, "").replaceAll(/\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b/gi, "…");
}
