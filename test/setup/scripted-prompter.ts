import type { Prompter } from "../../cli/setup/prompter.ts";

/** Stands for Ctrl-C in a question. */
export const ctrlC = Symbol("Ctrl-C");

/** Answers each question by the first entry whose pattern matches its message; entries with a list give one answer after the other. */
export class ScriptedPrompter implements Prompter {
  readonly #script: [RegExp, (string | boolean | typeof ctrlC)[]][];
  /** What was asked, with the choices. */
  readonly asked: string[] = [];

  constructor(script: readonly (readonly [RegExp, ...(string | boolean | typeof ctrlC)[]])[]) {
    this.#script = script.map(([pattern, ...answers]) => [pattern, answers]);
  }

  #answer(message: string): string | boolean {
    this.asked.push(message);
    const entry = this.#script.find(([pattern, answers]) => pattern.test(message) && answers.length > 0);
    if (entry === undefined) throw new Error(`Nobody expected the question "${message}".`);
    const answer = entry[1].shift() as string | boolean | typeof ctrlC;
    if (answer === ctrlC) throw Object.assign(new Error("User force closed the prompt"), { name: "ExitPromptError" });
    return answer;
  }

  async text({ message, check }: Parameters<Prompter["text"]>[0]): Promise<string> {
    return this.#askUntilValid(message, check);
  }

  async secret({ message, check }: Parameters<Prompter["secret"]>[0]): Promise<string> {
    return this.#askUntilValid(message, check);
  }

  async choose({ message, choices }: Parameters<Prompter["choose"]>[0]): Promise<string> {
    const answer = String(this.#answer(message));
    const found = choices.find(({ value, name }) => value === answer || name === answer);
    if (found === undefined) {
      throw new Error(`"${message}" does not offer ${answer}, but: ${choices.map(({ name }) => name).join(", ")}`);
    }
    return found.value;
  }

  async confirm({ message }: Parameters<Prompter["confirm"]>[0]): Promise<boolean> {
    return Boolean(this.#answer(message));
  }

  /** As on a terminal: after an invalid answer, the question is repeated. */
  #askUntilValid(message: string, check: (text: string) => string | undefined): string {
    for (;;) {
      const answer = String(this.#answer(message));
      const complaint = check(answer);
      if (complaint === undefined) return answer;
      this.asked.push(complaint);
    }
  }
}
