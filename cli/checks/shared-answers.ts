import type { PlainAnswer } from "pulumi-provider-kit/http";
import type { z } from "zod";
import { jsonOf } from "../../relay/core/event/json.ts";
import { relayHealth } from "../../relay/core/health.ts";
import { azureOf, startTimeLimit } from "../clients.ts";
import type { NewestDeadLetters } from "../relay/dead-letter-list.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { type RelayCounts, RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";

/** Dead letters whose reasons are read, the newest. After an outage, one reason has most of them. */
const mostRead = 50;

/** Answers that several checks read. Each is requested once, by the first check that reads it. */
export class SharedAnswers {
  readonly #source: StackSource;
  #health: Promise<PlainAnswer> | undefined;
  #counts: Promise<RelayCounts> | undefined;
  #deadLetters: Promise<NewestDeadLetters> | undefined;

  constructor(source: StackSource) {
    this.#source = source;
  }

  /** What the relay answers for `/health`. */
  health(): Promise<PlainAnswer> {
    this.#health ??= azureOf(this.#source).ask(this.#source.healthUrl, startTimeLimit());
    return this.#health;
  }

  /** What the relay has counted. */
  counts(): Promise<RelayCounts> {
    this.#counts ??= RelayTables.open(this.#source).then((tables) => tables.readCounts());
    return this.#counts;
  }

  /** The dead letters in the storage. */
  deadLetters(): Promise<NewestDeadLetters> {
    this.#deadLetters ??= RelayStorageAccount.open(this.#source).then((storage) =>
      storage.findNewestDeadLetters(mostRead),
    );
    return this.#deadLetters;
  }
}

/** Every version of the relay says whether it has signing keys; an answer that does not say so is not a relay's. */
const answerOfRelay = relayHealth.required({ signingKeys: true });

/** What a relay says about itself; undefined if the text is not from a relay. */
export function parseHealth(text: string): z.output<typeof answerOfRelay> | undefined {
  return answerOfRelay.safeParse(jsonOf(text)).data;
}

/** In words, the answer of something that does not work, such as a relay. */
export function describeAnswer({ status, text }: PlainAnswer): string {
  return status === undefined ? `did not answer (${text})` : `answered ${status}: ${text || "nothing"}`;
}
