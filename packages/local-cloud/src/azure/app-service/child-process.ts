import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { runMark } from "../../run-mark.ts";

/** A Node process that ends with this one. */
export interface Child {
  readonly pid: number;
  /** Resolves once the process is gone, with its exit code or the signal that ended it. */
  readonly exited: Promise<number | string>;
  send(message: object): void;
  /** Sends SIGTERM, and SIGKILL if the process still runs after `grace` milliseconds; waits for its end. */
  stop(grace: number): Promise<void>;
  /** Sends SIGKILL and waits for the end. */
  kill(): Promise<void>;
}

export interface ChildOptions {
  /** The main module. */
  readonly module: string;
  readonly arguments?: readonly string[];
  /** Modules to load before the main one. */
  readonly preload?: readonly string[];
  /** The whole environment. From this process it inherits only what Node needs to start, and the mark of a test run. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where the output goes: to a file, or line by line to a listener. */
  readonly output: { readonly file: string } | { readonly onLine: (line: string) => void };
  readonly onMessage?: (message: object) => void;
}

/** Starts a child process on the Node that runs this one. */
export function startChild(options: ChildOptions): Child {
  const preload = [path.join(import.meta.dirname, "child-preload.ts"), ...(options.preload ?? [])];
  const { output } = options;
  // Straight to the file, so that a busy child costs this process nothing.
  const file = "file" in output ? openSync(output.file, "a") : undefined;
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const child = spawn(
    process.execPath,
    [...preload.flatMap((module) => ["--import", module]), options.module, ...(options.arguments ?? [])],
    {
      env: { PATH, NODE_COMPILE_CACHE, [runMark]: process.env[runMark], ...options.environment },
      stdio: ["ignore", file ?? "pipe", file ?? "pipe", "ipc"],
    },
  );
  if (file !== undefined) closeSync(file);
  for (const stream of [child.stdout, child.stderr]) {
    if (stream && "onLine" in output) createInterface({ input: stream }).on("line", output.onLine);
  }
  child.on("message", (message) => options.onMessage?.(message as object));
  // A message to a process that is ending may be lost.
  child.on("error", () => undefined);
  return new RunningChild(child);
}

class RunningChild implements Child {
  readonly pid: number;
  readonly exited: Promise<number | string>;
  readonly #process: ChildProcess;

  constructor(process: ChildProcess) {
    this.#process = process;
    this.pid = process.pid ?? 0;
    this.exited = new Promise((resolve) => {
      process.once("exit", (code, signal) => resolve(code ?? signal ?? 0));
      process.once("error", (error) => {
        if (process.pid === undefined) resolve(error.message);
      });
    });
  }

  send(message: object): void {
    if (this.#process.connected) this.#process.send(message);
  }

  async stop(grace: number): Promise<void> {
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), grace);
    await this.exited;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.exited;
  }
}
