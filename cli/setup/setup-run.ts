import { ownSettings, readConfig } from "pulumi-provider-kit/settings";
import type { z } from "zod";
import { startTimeLimit } from "../clients.ts";
import { Interruption } from "../interrupt.ts";
import type { Progress } from "../output/progress.ts";
import type { Answers, SettingTexts } from "./answers.ts";
import type { Prompter } from "./prompter.ts";
import type { Question } from "./questions.ts";

/** One run of the setup: what is known, whom to ask, and what was found. */
export class SetupRun {
  readonly answers: Answers;
  readonly prompter: Prompter | undefined;
  /** Whether the program takes the source's settings from the stack. */
  readonly readsSettings: boolean;
  /** Whether the stack does not exist yet. */
  readonly isNew: boolean;
  readonly stored: SettingTexts;
  readonly #print: (...lines: string[]) => void;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  /** What is missing at a service, each with its remedy. The settings can be written anyway. */
  readonly problems: string[] = [];
  /** Credentials that a service refuses, and why: with them nothing would work. */
  readonly refusals: string[] = [];

  constructor(parts: {
    answers: Answers;
    prompter: Prompter | undefined;
    readsSettings: boolean;
    isNew: boolean;
    stored: SettingTexts;
    print: (...lines: string[]) => void;
    progress: Progress;
    signal: AbortSignal;
  }) {
    this.answers = parts.answers;
    this.prompter = parts.prompter;
    this.readsSettings = parts.readsSettings;
    this.isNew = parts.isNew;
    this.stored = parts.stored;
    this.#print = parts.print;
    this.#progress = parts.progress;
    this.#signal = parts.signal;
  }

  /** Whether there is a person to ask. */
  get isAsking(): boolean {
    return this.prompter !== undefined;
  }

  report(line: string): void {
    this.#print(`  ${line}`);
  }

  problem(line: string): void {
    this.problems.push(line);
    this.report(line);
  }

  /** The answer to a question that the setup can do without; undefined, with a report, if there is none. */
  async findOut<T>(words: string, work: Promise<T>): Promise<T | undefined> {
    try {
      return await this.waiting(words, work);
    } catch (error) {
      if (this.#signal.aborted) throw new Interruption();
      this.report(`Not checked: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  /** When a call to a service is given up: after a while, or at once if the person presses Ctrl-C. */
  timeLimit(): AbortSignal {
    return AbortSignal.any([startTimeLimit(), this.#signal]);
  }

  waiting<T>(words: string, work: Promise<T>): Promise<T> {
    return this.#progress.showWhile(words, work);
  }

  /**
   * Makes a call that shows whether a service accepts the credential. After a refusal, a person can correct it, and try again.
   *
   * @param credential the questions that make it up; none: it comes from elsewhere, such as a login
   * @returns undefined if a part is missing or the service still refuses it, which is a problem then
   */
  async untilAccepted<T>(
    credential: readonly Question[],
    vendor: string,
    call: () => Promise<T>,
  ): Promise<T | undefined> {
    for (;;) {
      if (credential.some((question) => this.answers.find(question) === undefined)) return undefined;
      try {
        return await this.waiting(`asking ${vendor}`, call());
      } catch (error) {
        if (this.#signal.aborted) throw new Interruption();
        const reason = error instanceof Error ? error.message : String(error);
        this.report(reason);
        if (this.prompter === undefined || !(await this.#isTriedAgain(vendor, credential))) {
          this.refusals.push(reason);
          return undefined;
        }
      }
    }
  }

  async #isTriedAgain(vendor: string, credential: readonly Question[]): Promise<boolean> {
    const message = credential.length === 0 ? `Try ${vendor} again?` : `Re-enter what ${vendor} refused?`;
    if (!(await this.prompter?.confirm({ message, default: true }))) return false;
    for (const question of credential) {
      // Enter keeps what is shown; a secret is not.
      await this.answers.ask(question, question.isSecret ? undefined : this.answers.find(question));
    }
    return true;
  }
}

/**
 * A provider's settings: the answers, and for addresses and the like the stack's settings or environment variables, as the provider
 * itself reads them.
 */
export function settingsFrom<Config extends z.ZodObject>(
  { answers, stored }: SetupRun,
  namespace: string,
  schema: Config,
  fixed: Readonly<Record<string, string>> = {},
): z.output<Config> {
  const prefix = `${namespace}:`;
  const known: Record<string, string> = {};
  for (const [key, value] of Object.entries(stored)) {
    if (key.startsWith(prefix)) known[key.slice(prefix.length)] = value;
  }
  for (const [key, value] of answers.all()) if (key.startsWith(prefix)) known[key.slice(prefix.length)] = value;
  const settings = readConfig(namespace, schema, ownSettings(schema, { ...known, ...fixed }));
  if (settings === undefined) throw new Error(`The settings of ${namespace} are not known yet.`);
  return settings;
}
