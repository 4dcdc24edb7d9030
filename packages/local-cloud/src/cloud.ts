/** Starts and stops the local cloud, which runs in a separate process (cloud-process.ts). */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, open } from "node:fs/promises";
import path from "node:path";

/** Environment with which plain `pulumi` commands use the local cloud. It contains only fake credentials. */
export type CloudEnvironment = Record<string, string>;

/** Sent by the process once everything is ready, or if it can't start. */
export type CloudMessage = { environment: CloudEnvironment } | { failed: string };

export interface Cloud {
  readonly environment: CloudEnvironment;
  readonly pid: number;
  /** Log file of the process and the function hosts. */
  readonly logFile: string;
  /** Ends the process and everything that it started. */
  stop(): Promise<void>;
  /** Lets the process outlive this one. */
  release(): void;
}

/**
 * Starts the local cloud on free ports of 127.0.0.1 with its files in `folder`, and waits until everything is ready. It
 * ends when this process ends, for whatever reason, unless it is released.
 */
export async function startCloud(folder: string): Promise<Cloud> {
  await mkdir(folder, { recursive: true });
  const logFile = path.join(folder, "cloud.log");
  const log = await open(logFile, "a");
  const child = fork(path.join(import.meta.dirname, "cloud-process.ts"), [folder], {
    // A separate process group: Ctrl-C in the terminal must reach only the starter, which then stops the cloud gracefully.
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
