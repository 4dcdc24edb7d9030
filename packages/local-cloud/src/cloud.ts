/** Starts and stops the local cloud, which runs as a process of its own (cloud-process.ts). */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";

/** What a shell needs so that plain `pulumi` commands use the local cloud; it holds fake credentials only. */
export type CloudEnvironment = Record<string, string>;

/** Sent by the process once everything answers, or when it can't start. */
export type CloudMessage = { environment: CloudEnvironment } | { failed: string };

export interface Cloud {
  readonly environment: CloudEnvironment;
  readonly pid: number;
  /** Where the process and the function hosts write what they have to say. */
  readonly logFile: string;
  /** Ends the process and all that it has started. */
  stop(): Promise<void>;
  /** Lets the process outlive this one. */
  release(): void;
}

/**
 * Starts the local cloud on free ports of 127.0.0.1 with its files in `folder`, and waits until all of it answers. It
 * ends when this process ends, however that happens, unless it is released.
 */
export async function startCloud(folder: string): Promise<Cloud> {
  await mkdir(folder, { recursive: true });
  const logFile = path.join(folder, "cloud.log");
  const log = await open(logFile, "a");
  const child = fork(path.join(import.meta.dirname, "cloud-process.ts"), [folder], {
    // A process group of its own: Ctrl-C in the terminal must reach the starter alone, which then stops it in order.
    detached: true,
    stdio: ["ignore", log.fd, log.fd, "ipc"],
  });
  await log.close();
  const message = await Promise.race([
    once(child, "message").then(([received]) => received as CloudMessage),
    once(child, "exit").then(([code]): CloudMessage => ({ failed: `it ended with code ${code}` })),
  ]);
  if ("failed" in message) throw new Error(`The local cloud did not start: ${message.failed}. Its log: ${logFile}`);
  return {
    environment: message.environment,
    pid: child.pid as number,
    logFile,
    stop: () => stopChild(child),
    release() {
      child.send("release");
      child.disconnect();
      child.unref();
    },
  };
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
