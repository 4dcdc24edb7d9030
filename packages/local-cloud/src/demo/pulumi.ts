import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import type { CloudEnvironment } from "../cloud.ts";
import { engineFolder } from "../engine/engine.ts";

const repository = path.resolve(import.meta.dirname, "../../../..");

/**
 * The environment of a user's commands against the local cloud.
 *
 * @param bin folders that come first on the `PATH`; default: the repository's, like with npx. npm's `pulumi` looks for the engine's folder, and
 *   puts it before that
 */
export function commandEnvironment(
  environment: CloudEnvironment,
  bin = `${engineFolder()}${path.delimiter}${path.join(repository, "node_modules", ".bin")}`,
): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}`, ...environment };
}

/** Runs plain `pulumi` commands on a program of this repository, like a user in a shell with this environment. */
export class Pulumi {
  readonly stack: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logFile: string;
  readonly #configFile: string[];
  readonly #program: string;
  #running: ChildProcess | undefined;

  /**
   * @param options.configFile used instead of the stack's `Pulumi.<stack>.yaml`
   * @param options.program folder of the program; default: the repository's
   * @param options.bin see `commandEnvironment`
   */
  constructor(options: {
    environment: CloudEnvironment;
    stack: string;
    logFile: string;
    configFile?: string;
    program?: string;
    bin?: string;
  }) {
    this.#environment = commandEnvironment(options.environment, options.bin);
    this.stack = options.stack;
    this.#logFile = options.logFile;
    this.#configFile = options.configFile ? ["--config-file", options.configFile] : [];
    this.#program = options.program ?? repository;
  }

  initialize(): Promise<string> {
    return this.run("stack", "init", this.stack, "--no-select");
  }

  up(...flags: string[]): Promise<string> {
    return this.#operation("up", "--yes", "--skip-preview", ...flags);
  }

  /** `--diff` shows each property that changes. */
  preview(...flags: string[]): Promise<string> {
    return this.#operation("preview", "--diff", ...flags);
  }

  refresh(...flags: string[]): Promise<string> {
    return this.#operation("refresh", "--yes", "--skip-preview", ...flags);
  }

  destroy(...flags: string[]): Promise<string> {
    return this.#operation("destroy", "--yes", "--skip-preview", ...flags);
  }

  /** With `--path`, the key is a path into a setting: `mapping.set[0].source`. */
  configure(key: string, value: string, ...flags: "--path"[]): Promise<string> {
    return this.#operation("config", "set", ...flags, key, value);
  }

  /** Passes the value on standard input, since every process on the machine can see arguments. */
  configureSecret(key: string, value: string): Promise<string> {
    return this.#run(["config", "set", "--secret", key, "--stack", this.stack, ...this.#configFile], value);
  }

  unconfigure(key: string): Promise<string> {
    return this.#operation("config", "rm", key);
  }

  #operation(...command: string[]): Promise<string> {
    return this.run(...command, "--stack", this.stack, ...this.#configFile);
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.run("stack", "output", "--json", "--show-secrets", "--stack", this.stack));
  }

  /** The state, with its secrets encrypted. */
  exportState(): Promise<string> {
    return this.run("stack", "export", "--stack", this.stack);
  }

  /** Resources in the state, except the stack itself and its providers. */
  async resources(): Promise<string[]> {
    const state = JSON.parse(await this.exportState()) as {
      deployment: { resources?: { urn: string; type: string }[] };
    };
    return (state.deployment.resources ?? [])
      .filter(({ type }) => type !== "pulumi:pulumi:Stack" && !type.startsWith("pulumi:providers:"))
      .map(({ urn }) => urn);
  }

  /** Runs one command and returns its output; an error contains the end of the output. */
  run(...command: string[]): Promise<string> {
    return this.#run(command, "");
  }

  /** Stops the running command, if any, like Ctrl-C: the engine cancels its plugins' operations and ends them. */
  interrupt(): Promise<void> {
    return this.#signal("SIGINT");
  }

  /** Kills the running command, if any, and everything that it started. */
  async kill(): Promise<void> {
    // The engine starts each plugin in its own process group, and its language host would look for the engine for minutes.
    const plugins = this.#running?.pid === undefined ? [] : await descendants(this.#running.pid);
    await this.#signal("SIGKILL");
    for (const pid of plugins) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  }

  async #signal(signal: NodeJS.Signals): Promise<void> {
    const child = this.#running;
    if (child?.pid === undefined) return;
    const ended = once(child, "close");
    process.kill(-child.pid, signal);
    await ended;
  }

  async #run(command: string[], input: string): Promise<string> {
    const child = spawn("pulumi", [...command, "--non-interactive", "--color", "never"], {
      cwd: this.#program,
      env: this.#environment,
      stdio: "pipe",
      // Its own process group: on Ctrl-C the demo stops it gracefully.
      detached: true,
    });
    this.#running = child;
    child.stdin.end(input);
    let printed = "";
    let complaints = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaints += text;
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    this.#running = undefined;
    const secret = command.includes("--show-secrets");
    await appendFile(this.#logFile, `$ pulumi ${command.join(" ")}\n${secret ? "" : printed}${complaints}\n`);
    if (code === 0) return printed;
    const tail = `${printed}\n${complaints}`.trimEnd().split("\n").slice(-40).join("\n");
    throw new Error(`pulumi ${command.join(" ")} failed:\n${tail}\nAll of its output: ${this.#logFile}`);
  }
}

/** All descendants of a process. */
async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
  const parents = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    parents.flatMap(([child = 0, of]) => (of === parent ? [child, ...below(child)] : []));
  return below(pid);
}

/** The CLI's own summary of an operation, such as `45 created`. */
export function summaryOf(output: string): string {
  const counts = output.match(/^\s+[+~-]*\s*\d+ (created|updated|deleted|unchanged|replaced)$/gm) ?? [];
  return counts.map((line) => line.replace(/^[\s+~-]+/, "")).join(", ");
}
