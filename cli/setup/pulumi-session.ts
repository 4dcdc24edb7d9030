import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { callPulumi, showPulumi } from "../stack/pulumi.ts";
import type { SettingTexts } from "./answers.ts";
import type { Prompter } from "./prompter.ts";

const login = z.object({ url: z.string() });
const stackList = z.array(z.object({ name: z.string(), current: z.boolean() }));
const configuration = z.record(z.string(), z.object({ value: z.string().default("") }));

/** Pulumi in the folder of a program, with the backend and the passphrase that a person gave. */
export class PulumiSession {
  readonly folder: string;
  readonly #configFile: string | undefined;
  readonly #environment: Record<string, string> = {};
  #backend = "";
  /** A backend to log in to, once everything is known. */
  #loginTo: string | undefined;

  /** @param configFile the stack's settings, instead of `Pulumi.<stack>.yaml` */
  constructor(folder: string, configFile?: string) {
    this.folder = folder;
    this.#configFile = configFile === undefined ? undefined : path.resolve(configFile);
  }

  /**
   * Finds out where Pulumi keeps its state.
   *
   * @param given the option `--backend`
   * @returns what is missing; undefined if nothing is
   */
  async open(given: string | undefined, prompter: Prompter | undefined): Promise<string | undefined> {
    if (given !== undefined) this.#useBackend(given);
    const found = await this.#login();
    if (found !== undefined) return undefined;
    if (given !== undefined || prompter === undefined) {
      return "Pulumi's backend: --backend <url>, such as file://~ for this machine, or first: npx pulumi login";
    }
    const chosen = await prompter.choose({
      message: "Where should Pulumi keep its state?",
      choices: [
        { value: "file://~", name: "On this machine", description: "For a first try. Nobody else sees the stack." },
        { value: "", name: "Elsewhere: Pulumi Cloud, or storage in Azure, AWS or Google Cloud" },
      ],
    });
    if (chosen === "") throw new Error("Log in first, with one of: npx pulumi login. Then run the same command again.");
    this.#useBackend(chosen);
    await this.#login();
    return undefined;
  }

  #useBackend(url: string): void {
    this.#environment.PULUMI_BACKEND_URL = url;
    this.#loginTo = url;
  }

  /** The backend's address; undefined if Pulumi is not logged in. */
  async #login(): Promise<string | undefined> {
    try {
      const { url } = login.parse(JSON.parse(await this.call("find Pulumi's login", "whoami", "--json")));
      this.#backend = url;
      return url;
    } catch (error) {
      // What is missing is the login, unless the CLI itself is.
      if (error instanceof Error && error.message.startsWith("The Pulumi CLI")) throw error;
      return undefined;
    }
  }

  /** Names of the project's stacks, and which of them is selected. */
  async stacks(): Promise<{ readonly names: string[]; readonly selected: string | undefined }> {
    const listed = stackList.parse(JSON.parse(await this.call("list the stacks", "stack", "ls", "--json")));
    return { names: listed.map(({ name }) => name), selected: listed.find(({ current }) => current)?.name };
  }

  /**
   * Makes sure that there is a passphrase to encrypt the stack's secrets, unless the state is in Pulumi Cloud.
   *
   * @param isNew whether the stack will be created
   * @returns what is missing; undefined if nothing is
   */
  async unlock(stack: string, isNew: boolean, prompter: Prompter | undefined): Promise<string | undefined> {
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
    if (passphrase !== undefined || file !== undefined || /^https?:/.test(this.#backend)) return undefined;
    const settings = await readFile(this.settingsFile(stack), "utf8").catch(() => "");
    if (/^secretsprovider: (?!passphrase)/m.test(settings)) return undefined;
    if (prompter === undefined) {
      return "the passphrase of the stack's secrets: the environment variable PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE";
    }
    const check = (text: string) => (text === "" ? "it is empty" : undefined);
    // The file of a new stack may come from elsewhere, with secrets that a passphrase encrypts.
    const isChosenNow = isNew && !/^encryptionsalt:/m.test(settings);
    const message = isChosenNow ? "A new passphrase for the stack's secrets" : "Passphrase of the stack's secrets";
    const typed = await prompter.secret({ message, check });
    if (isChosenNow) {
      const repeat = (text: string) => (text === typed ? undefined : "it differs from the first one");
      await prompter.secret({ message: "The same passphrase again", check: repeat });
    }
    this.#environment.PULUMI_CONFIG_PASSPHRASE = typed;
    return undefined;
  }

  settingsFile(stack: string): string {
    return this.#configFile ?? path.join(this.folder, `Pulumi.${stack.split("/").at(-1)}.yaml`);
  }

  /** The stack's settings with secrets, by their keys; those of the project without its name, and parts of structured ones by their paths. */
  async settings(stack: string, project: string): Promise<SettingTexts> {
    const text = await this.call("read the settings", "config", "--json", "--show-secrets", ...this.choose(stack));
    const prefix = `${project}:`;
    const found = Object.entries(configuration.parse(JSON.parse(text))).flatMap(([key, { value }]) => {
      // A project may have the name of a provider, whose settings then have the same prefix.
      const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
      return [[key, value] as const, [name, value] as const, ...partsOf(name, value)];
    });
    return Object.fromEntries(found);
  }

  /** Whether the user entered the passphrase, so that later commands don't find it in their environment. */
  get askedForPassphrase(): boolean {
    return this.#environment.PULUMI_CONFIG_PASSPHRASE !== undefined;
  }

  /** The flags that name the stack and its settings. */
  choose(stack: string): string[] {
    return ["--stack", stack, ...(this.#configFile === undefined ? [] : ["--config-file", this.#configFile])];
  }

  /** Logs in for good, if `open` chose a backend. */
  async keepLogin(): Promise<void> {
    if (this.#loginTo !== undefined) await this.call("log in to Pulumi's backend", "login", this.#loginTo);
  }

  call(purpose: string, ...command: string[]): Promise<string> {
    return callPulumi({ folder: this.folder, environment: this.#environment, purpose, command });
  }

  /** Runs a command that reads a value from standard input. */
  feed(purpose: string, input: string, ...command: string[]): Promise<string> {
    return callPulumi({ folder: this.folder, environment: this.#environment, purpose, command, input });
  }

  /** Runs a command on this terminal. @returns its exit code */
  show(isQuiet: boolean, ...command: string[]): Promise<number> {
    return showPulumi({ folder: this.folder, environment: this.#environment, command, isQuiet });
  }
}

/** Texts in a structured setting, by the paths that `pulumi config set --path` takes. */
function partsOf(name: string, value: string): [string, string][] {
  if (!/^[[{]/.test(value)) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return [];
  }
  const path = (key: string) => (Array.isArray(parsed) ? `${name}[${key}]` : `${name}.${key}`);
  return Object.entries(parsed as object).flatMap(([key, part]) =>
    typeof part === "string" ? [[path(key), part] as [string, string]] : [],
  );
}
