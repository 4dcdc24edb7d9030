import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { callPulumi, MissingPulumiError, showPulumi } from "../../stack/pulumi.ts";
import { stackFlags } from "../../stack/show-stack.ts";
import type { Prompter } from "../prompter.ts";
import { readFoundSettings, secretsProviderOf } from "./found-settings.ts";
import { type SettingsRead, settingTexts } from "./setting-texts.ts";

const login = z.object({ url: z.string() });
const stackList = z.array(z.object({ name: z.string(), current: z.boolean() }));

/** Pulumi in the folder of a program, with the backend and the passphrase that a person gave. */
export class PulumiSession {
  readonly folder: string;
  readonly #configFile: string | undefined;
  #settingsFolder: string;
  readonly #environment: Record<string, string> = {};
  #backend = "";
  /** A backend to log in to, once everything is known. */
  #loginTo: string | undefined;

  /** @param configFile the stack's settings, instead of `Pulumi.<stack>.yaml` */
  constructor(folder: string, configFile?: string) {
    this.folder = folder;
    this.#settingsFolder = folder;
    this.#configFile = configFile === undefined ? undefined : path.resolve(configFile);
  }

  /**
   * Starts Pulumi, whose first start downloads its engine.
   *
   * @returns whether there is one: npm installs that of a new project
   * @throws if it can't be started
   */
  async start(): Promise<boolean> {
    try {
      await this.call("start Pulumi", "version");
      return true;
    } catch (error) {
      if (error instanceof MissingPulumiError) return false;
      throw error;
    }
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
        { value: "file://~", name: "On this machine", description: "For a trial. Nobody else sees the stack." },
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
    } catch {
      return undefined;
    }
  }

  /** Names of the project's stacks, and which of them is selected. */
  async stacks(): Promise<{ readonly names: string[]; readonly selected: string | undefined }> {
    const listed = stackList.parse(JSON.parse(await this.call("list the stacks", "stack", "ls", "--json")));
    return { names: listed.map(({ name }) => name), selected: listed.find(({ current }) => current)?.name };
  }

  /** Whether there is such a stack, which has several names: `prod`, `org/prod` and `org/project/prod`. */
  async hasStack(name: string): Promise<boolean> {
    try {
      await this.call("find the stack", "stack", "--show-name", "--stack", name);
      return true;
    } catch (error) {
      if (error instanceof Error && /no stack named /.test(error.message)) return false;
      throw error;
    }
  }

  /**
   * Makes sure that there is a passphrase to encrypt the stack's secrets, unless something else does.
   *
   * @param isNew whether the stack will be created
   * @returns what is missing; undefined if nothing is
   */
  async unlock(stack: string, isNew: boolean, prompter: Prompter | undefined): Promise<string | undefined> {
    const { PULUMI_CONFIG_PASSPHRASE: passphrase, PULUMI_CONFIG_PASSPHRASE_FILE: file } = process.env;
    if (passphrase !== undefined || file !== undefined) return undefined;
    const settings = await readFile(this.settingsFile(stack), "utf8").catch(() => "");
    const provider = secretsProviderOf(settings) ?? (/^https?:/.test(this.#backend) ? "service" : undefined);
    if (provider !== undefined && provider !== "passphrase") return undefined;
    if (prompter === undefined) {
      return "the passphrase of the stack's secrets: the environment variable PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE";
    }
    // The file of a new stack may come from elsewhere, with secrets that a passphrase encrypts.
    const isChosenNow = isNew && provider === undefined;
    const message = isChosenNow ? "A new passphrase for the stack's secrets" : "Passphrase of the stack's secrets";
    const typed = await this.#askForPassphrase(message, prompter);
    if (isChosenNow) {
      const repeat = (text: string) => (text === typed ? undefined : "it differs from the first one");
      await prompter.secret({ message: "The same passphrase again", check: repeat });
    }
    return undefined;
  }

  /**
   * The stack's settings with secrets, or those of its file if it does not exist yet. If the passphrase that the user entered is wrong, this
   * asks for it again.
   */
  async settings(
    { stack, isNew, project }: { stack: string; isNew: boolean; project: string },
    prompter: Prompter | undefined,
  ): Promise<SettingsRead> {
    for (;;) {
      try {
        return isNew ? await this.#readFound(stack, project) : await this.#readStored(stack, project);
      } catch (error) {
        const isWrong = error instanceof Error && error.message.includes("incorrect passphrase");
        if (!isWrong || prompter === undefined || !this.askedForPassphrase) throw error;
        await this.#askForPassphrase("That passphrase is wrong. Passphrase of the stack's secrets", prompter);
      }
    }
  }

  async #readStored(stack: string, project: string): Promise<SettingsRead> {
    const command = ["config", "--json", "--show-secrets", ...this.choose(stack)];
    return settingTexts(await this.call("read the settings", ...command), project);
  }

  #readFound(stack: string, project: string): Promise<SettingsRead> {
    const file = this.settingsFile(stack);
    return readFoundSettings({ file, project }, (more, ...command) => {
      const environment = { ...this.#environment, ...more };
      return callPulumi({ folder: this.folder, environment, purpose: `decrypt the secrets of ${file}`, command });
    });
  }

  async #askForPassphrase(message: string, prompter: Prompter): Promise<string> {
    const check = (text: string) => (text === "" ? "it is empty" : undefined);
    const typed = await prompter.secret({ message, check });
    this.#environment.PULUMI_CONFIG_PASSPHRASE = typed;
    return typed;
  }

  /** Once the project is known. */
  keepSettingsIn(folder: string): void {
    this.#settingsFolder = folder;
  }

  settingsFile(stack: string): string {
    return this.#configFile ?? path.join(this.#settingsFolder, `Pulumi.${stack.split("/").at(-1)}.yaml`);
  }

  /** Whether the user entered the passphrase, so that later commands don't find it in their environment. */
  get askedForPassphrase(): boolean {
    return this.#environment.PULUMI_CONFIG_PASSPHRASE !== undefined;
  }

  /** The flags that name the stack and its settings. */
  choose(stack: string): string[] {
    return stackFlags({ stack, configFile: this.#configFile });
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
