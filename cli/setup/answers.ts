import { plainWords } from "pulumi-provider-kit/settings";
import { stackWords } from "../../settings/setting-words.ts";
import type { Choice, Prompter } from "./prompter.ts";
import { type Question, questions } from "./questions.ts";

/** Only its commands are needed here, which are the same for each project. */
const words = stackWords("");

/** Values by the settings' keys. */
export type SettingTexts = Readonly<Record<string, string>>;

/**
 * The answers to the setup's questions: from options, then from the stack's settings, then from environment variables, and then from a
 * person. Without a person it notes what is missing, and how to give it.
 */
export class Answers {
  readonly #options: Readonly<Record<string, unknown>>;
  readonly #stored: SettingTexts;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #prompter: Prompter | undefined;
  readonly #report: (line: string) => void;
  /** Questions whose given value was called unusable. */
  readonly #refused = new Set<Question>();
  readonly #corrected = new Map<string, string>();
  readonly #used = new Map<string, { readonly question: Question; readonly value: string }>();
  /** One line for each setting that is missing, or that can't be used. */
  readonly missing: string[] = [];

  constructor(parts: {
    /** Values of the options, by their names. */
    options: Readonly<Record<string, unknown>>;
    /** The stack's settings, by their keys. */
    stored: SettingTexts;
    environment: Readonly<Record<string, string | undefined>>;
    /** Undefined if there is nobody to ask. */
    prompter: Prompter | undefined;
    /** Tells a person why a given value is not used. */
    report: (line: string) => void;
  }) {
    this.#options = parts.options;
    this.#stored = parts.stored;
    this.#environment = parts.environment;
    this.#prompter = parts.prompter;
    this.#report = parts.report;
  }

  /**
   * What was given for a setting so far, if it is valid. Of a value that is not, a person learns once; without a person, it is missing: to
   * leave it out would be to use another one without a word.
   */
  find(question: Question): string | undefined {
    const corrected = this.#corrected.get(question.key);
    if (corrected !== undefined) return this.use(question, corrected);
    const given = this.#findGiven(question);
    if (given === undefined) return undefined;
    const complaint = complaintOf(question, given.value);
    if (complaint === undefined) return this.use(question, given.value);
    if (!this.#refused.has(question)) {
      this.#refused.add(question);
      const refusal = `${question.key}: ${given.by} can't be used, since ${complaint}.`;
      if (this.#prompter !== undefined) this.#report(refusal);
      else this.missing.push(`${refusal} Give another value by ${waysTo(question)}`);
    }
    return undefined;
  }

  /** What was given for a setting beforehand, and by what: the first of the ways counts. */
  #findGiven({ option, environment, key }: Question): { readonly value: string; readonly by: string } | undefined {
    const fromOption = option === undefined ? undefined : this.#options[option];
    if (fromOption !== undefined) return { value: String(fromOption), by: `--${option}` };
    const stored = this.#stored[key];
    if (stored !== undefined) return { value: stored, by: "the stack's setting" };
    const fromEnvironment = environment === undefined ? undefined : this.#environment[environment];
    return fromEnvironment ? { value: fromEnvironment, by: `the environment variable ${environment}` } : undefined;
  }

  /** The given value, or a text that the user enters; undefined if there is nobody to ask. */
  async text(question: Question, fallback?: string): Promise<string | undefined> {
    const value = this.find(question);
    if (value !== undefined) return value;
    return this.#prompter === undefined ? this.#note(question) : this.ask(question, fallback);
  }

  /** The given value, or one that the user chooses; undefined if there is nobody to ask. */
  async choice(question: Question, choices: readonly Choice[], fallback?: string): Promise<string | undefined> {
    const value = this.find(question);
    if (value !== undefined) return value;
    if (this.#prompter === undefined) return this.#note(question);
    const { message } = question;
    return this.use(question, await this.#prompter.choose({ message, choices, default: fallback }));
  }

  /** Asks a person although there is a value, since it was refused. */
  async ask(question: Question, fallback?: string): Promise<string> {
    if (this.#prompter === undefined) throw new Error("Nobody can be asked.");
    const { message, isSecret } = question;
    const check = (text: string) => complaintOf(question, text);
    const typed = await (isSecret
      ? this.#prompter.secret({ message, check })
      : this.#prompter.text({ message, default: fallback, check }));
    return this.use(question, typed.trim());
  }

  /** Takes a value, whatever was given. */
  use(question: Question, value: string): string {
    this.#corrected.set(question.key, value);
    this.#used.set(question.key, { question, value });
    return value;
  }

  /** Options that were given for settings of the program. */
  ownOptions(): string[] {
    const own = Object.values<Question>(questions).filter(({ isOwn }) => isOwn);
    return own.flatMap(({ option }) => (option !== undefined && this.#options[option] !== undefined ? [option] : []));
  }

  /** All answers so far, by the settings' keys. */
  all(): ReadonlyMap<string, string> {
    return this.#corrected;
  }

  /** The settings that the stack lacks or has otherwise, in the order of the questions. */
  changes(): { readonly question: Question; readonly value: string }[] {
    return [...this.#used.values()].filter(({ question, value }) => this.#stored[question.key] !== value);
  }

  /** Questions whose environment variable has no effect, since the stack has another value. */
  unusedVariables(): Question[] {
    return [...this.#used.values()].flatMap(({ question, value }) => {
      const { environment, key } = question;
      const given = environment === undefined ? undefined : this.#environment[environment];
      const isOverruled = given !== undefined && given !== "" && given !== value && value === this.#stored[key];
      return isOverruled ? [question] : [];
    });
  }

  #note(question: Question): undefined {
    if (!this.#refused.has(question)) this.missing.push(`${question.key}: ${waysTo(question)}`);
    return undefined;
  }
}

/** How to give a value beforehand. */
function waysTo({ key, option, environment, isSecret }: Question): string {
  return [
    ...(option === undefined ? [] : [`--${option} <value>`]),
    ...(environment === undefined ? [] : [`the environment variable ${environment}`]),
    isSecret ? words.setSecret(key) : words.set(key, "<value>"),
  ].join(", or ");
}

/** What is wrong with a value; undefined if it is fine. */
function complaintOf({ schema }: Question, value: string): string | undefined {
  const parsed = schema.safeParse(value, { error: plainWords });
  return parsed.success ? undefined : parsed.error.issues[0]?.message;
}
