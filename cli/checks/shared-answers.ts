import type { PlainAnswer } from "pulumi-provider-kit/http";
import { azureOf, startTimeLimit } from "../clients.ts";
import type { StackSource } from "../stack/source.ts";

/** Answers that several checks read. Each is requested once, by the first check that reads it. */
export class SharedAnswers {
  readonly #source: StackSource;
  #health: Promise<PlainAnswer> | undefined;

  constructor(source: StackSource) {
    this.#source = source;
  }

  /** What the relay answers for `/health`. */
  health(): Promise<PlainAnswer> {
    this.#health ??= azureOf(this.#source).ask(healthUrl(this.#source), startTimeLimit());
    return this.#health;
  }
}

export function healthUrl(source: StackSource): string {
  return new URL("/health", source.relayUrl).href;
}
