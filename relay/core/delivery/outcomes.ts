/** A line about calls that brought no event: `reason` of one call, or the different `reasons` of several. */
type CallLine = {
  readonly reason?: string;
  readonly reasons?: readonly string[];
};

/**
 * What the relay logs: one outcome, or a sum of several (`OutcomeSum`), as one line of JSON. A line may contain counts,
 * event ids, names of blobs and reasons; it never contains bodies, URLs or keys. Alerts and charts read these fields
 * through components/relay/monitoring/relay-log.ts, and `addCounts` adds up those that are counts.
 */
export type Outcome =
  /** Intake: `accepted` events are durable in one message. */
  | {
      readonly outcome: "accepted";
      readonly accepted: number;
      readonly ids: readonly string[];
      /** Those that an operator's `customerio-aep verify` sent. */
      readonly tests?: number;
      /** The number of each kind, such as `email sent`. */
      readonly kinds?: Readonly<Record<string, number>>;
      /** How many are without their `content`, `email` or `recipient`. */
      readonly redacted?: Readonly<Record<string, number>>;
      /** Those that passed a filter that could not read them. */
      readonly unread?: number;
      /** Those with attributes that the catalogue lacks, and their number by path. */
      readonly unknownAttributes?: number;
      readonly unknown?: Readonly<Record<string, number>>;
    }
  /** Intake: one event was left out by the rule. */
  | {
      readonly outcome: "filtered";
      readonly filtered: number;
      readonly rule: string;
      readonly ids: readonly string[];
      readonly tests?: number;
      readonly kinds?: Readonly<Record<string, number>>;
    }
  /** Intake: calls had no valid signature, or a body beyond the limit. `unsigned` of them had neither of Customer.io's headers. */
  | (CallLine & { readonly outcome: "refused"; readonly refused: number; readonly unsigned?: number })
  /** Intake: calls were answered with 503. Without `unavailable`: the storage can't be reached, as `/health` found. */
  | (CallLine & { readonly outcome: "unavailable"; readonly unavailable?: number })
  /** Intake: calls were answered with 503, since the relay is being taken down or newer settings have replaced those of this instance. */
  | (CallLine & { readonly outcome: "closed"; readonly closed: number })
  /** Forwarder: the results for one message's events. */
  | {
      readonly outcome: "forwarded";
      readonly level: LogLevel;
      readonly delivered: number;
      /** Platform already has them. */
      readonly duplicate: number;
      /** They were tried, or Platform went down meanwhile, and come again. */
      readonly retried: number;
      /** They come again: they only wait for their turn, or, at the level `error`, an operator has to fix something. */
      readonly held: number;
      /** An earlier run, or another message with the same event, has finished them. */
      readonly gone: number;
      /** The longest time that one of the events that were delivered or come again has spent in the queue. */
      readonly oldestSeconds: number;
      /** The age of the oldest one that comes again. A replay does not change it. */
      readonly putBackAgeSeconds?: number;
      /** The age of the oldest one when it was delivered, and the total age of all that were delivered. */
      readonly ageSeconds?: number;
      readonly deliveredSeconds?: number;
      readonly ids: readonly string[];
      readonly duplicateIds?: readonly string[];
      readonly goneIds?: readonly string[];
      readonly waitingIds?: readonly string[];
      readonly delaySeconds?: number;
      readonly reasons?: readonly string[];
    }
  /**
   * Forwarder: all `held` events of a message wait, untried: for `PLATFORM_READY_AT`, for Platform to come back, for
   * settings to be fixed, or for an instance with newer settings.
   */
  | {
      readonly outcome: "waiting";
      readonly level: LogLevel;
      readonly held: number;
      /** Those of them that wait for Platform to come back. */
      readonly paused?: number;
      /** Of the events that waited for 30 days, those that an earlier run, or another message with the same event, has finished. */
      readonly gone?: number;
      readonly goneIds?: readonly string[];
      readonly delaySeconds: number;
      readonly oldestSeconds: number;
      readonly putBackAgeSeconds?: number;
      readonly reason: string;
    }
  /** Forwarder: the tables of delivered events can't be used, so events may be sent twice. */
  | { readonly outcome: "duplicatesUnknown"; readonly reason: string }
  /**
   * All functions: one event became a dead letter. At the intake, where it was never accepted, `setAside` is 1 too. The counts are 0
   * if the event of a repeated call already was one; `gone` is 1 then if no other line of the function counts it.
   */
  | {
      readonly outcome: "dead";
      readonly dead: number;
      readonly setAside?: number;
      readonly gone?: number;
      readonly deadLetter: string;
      readonly reason: string;
      readonly ids?: readonly string[];
    }
  /** Intake and health: no function takes the message at the head of the queue, so its function does not run. */
  | { readonly outcome: "untaken"; readonly queue: string; readonly untakenSeconds: number }
  /** Forwarder and poison: a claim could not be deleted. */
  | { readonly outcome: "claimLeft"; readonly claim: string; readonly reason: string };

export type OutcomeName = Outcome["outcome"];

/** `info`: normal. `warn`: the relay recovers by itself. `error`: an operator has to act. */
export type LogLevel = "info" | "warn" | "error";

/**
 * The level of each line. For a queue message, it depends on the message's events (see `fates`) and is part of the
 * line: a line that belongs to no invocation loses its level, since the host treats every console line as information.
 */
const outcomeLevels = {
  accepted: "info",
  filtered: "info",
  refused: "warn",
  unavailable: "error",
  closed: "info",
  duplicatesUnknown: "warn",
  dead: "error",
  untaken: "info",
  claimLeft: "warn",
} as const satisfies Record<Exclude<OutcomeName, "forwarded" | "waiting">, LogLevel>;

/** The log level of an outcome. */
export function levelOf(outcome: Outcome): LogLevel {
  return "level" in outcome ? outcome.level : outcomeLevels[outcome.outcome];
}

type FieldsOf<Line> = Line extends Outcome ? keyof Line : never;
type ValueOf<Line, Field> = Line extends Outcome ? (Field extends keyof Line ? Line[Field] : never) : never;

/** All fields that some line has, and the numeric ones among them. */
export type OutcomeField = FieldsOf<Outcome>;
export type OutcomeNumber = {
  [Field in OutcomeField]: [NonNullable<ValueOf<Outcome, Field>>] extends [number] ? Field : never;
}[OutcomeField];

/** A line, or part of one, as a counter reads it. */
export type LineValues = Readonly<Partial<Record<OutcomeField, unknown>>>;
