import { Interruption } from "../interrupt.ts";

/** Something to choose, and what a list calls it. */
export interface Choice {
  readonly value: string;
  readonly name: string;
  readonly description?: string;
}

/** Returns what is wrong with a text; undefined if it is fine. */
type TextCheck = (text: string) => string | undefined;

/** Asks a person. */
export interface Prompter {
  text(question: { message: string; default?: string | undefined; check: TextCheck }): Promise<string>;
  /** The text does not appear on the screen. */
  secret(question: { message: string; check: TextCheck }): Promise<string>;
  choose(question: { message: string; choices: readonly Choice[]; default?: string | undefined }): Promise<string>;
  confirm(question: { message: string; default: boolean }): Promise<boolean>;
}

/** Whether an error means that the person pressed Ctrl-C, or closed the input. */
export function isInterruption(error: unknown): boolean {
  if (error instanceof Interruption) return true;
  return error instanceof Error && (error.name === "ExitPromptError" || error.name === "AbortPromptError");
}

/** Asks on this terminal; undefined if there is none, as in CI. */
export async function openPrompter(): Promise<Prompter | undefined> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined;
  // Only where questions are asked: other commands start sooner without it. Its version 8 needs a Node.js newer than the oldest that this
  // package supports.
  const library = await import("@inquirer/prompts");
  // Standard output is for results.
  const context = { output: process.stderr };
  const judge = (check: TextCheck) => (given: string) => check(given) ?? true;
  return {
    text: ({ message, default: fallback, check }) =>
      library.input({ message, ...(fallback && { default: fallback }), validate: judge(check) }, context),
    secret: ({ message, check }) => library.password({ message, mask: false, validate: judge(check) }, context),
    choose: ({ message, choices, default: fallback }) =>
      library.select({ message, choices: [...choices], pageSize: 12, ...(fallback && { default: fallback }) }, context),
    confirm: (question) => library.confirm(question, context),
  };
}
