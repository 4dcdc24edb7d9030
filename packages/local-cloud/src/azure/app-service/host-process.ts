import path from "node:path";
import type { FunctionMetadata } from "../function-host/functions-core.ts";
import type { HeldMessage, HostMessage, ParentMessage } from "../function-host/messages.ts";
import { type Child, startChild } from "./child-process.ts";

/** The bundle of function-host.ts, which starts in half the time. */
export const functionHost = path.join(import.meta.dirname, "../../../dist/function-host.mjs");

/** A function host as a child process. */
export interface HostProcess {
  readonly pid: number;
  readonly port: number;
  readonly functions: readonly FunctionMetadata[];
  /** Why no function can run; undefined if all is well. */
  readonly error: string | undefined;
  readonly exited: Promise<number | string>;
  /** Lets the triggers of these functions fire. */
  listenFor(functionNames: readonly string[]): void;
  /**
   * Stops taking messages off the queues until `release`; resolves once no message is being processed, or the host is
   * gone.
   */
  hold(): Promise<void>;
  release(): void;
  stop(grace: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts a host and waits until it serves, even if it is in error. Undefined: it ended before. */
export async function startHost(options: {
  appFolder: string;
  logFile: string;
  environment: Readonly<Record<string, string>>;
}): Promise<HostProcess | undefined> {
  const started = Promise.withResolvers<HostMessage>();
  let held = Promise.withResolvers<void>();
  const listen = (message: HostMessage | HeldMessage) => {
    if (message.state === "held") held.resolve();
    else started.resolve(message);
  };
  const child = startChild({
    module: functionHost,
    arguments: [options.appFolder],
    environment: options.environment,
    output: { file: options.logFile },
    onMessage: (message) => listen(message as HostMessage | HeldMessage),
  });
  const message = await Promise.race([started.promise, child.exited.then(() => undefined)]);
  const tell = (order: ParentMessage) => child.send(order);
  const hold = async () => {
    held = Promise.withResolvers();
    tell({ hold: true });
    await Promise.race([held.promise, child.exited]);
  };
  return message && { ...describe(child, message), hold, release: () => tell({ hold: false }) };
}

function describe(child: Child, message: HostMessage): Omit<HostProcess, "hold" | "release"> {
  return {
    pid: child.pid,
    port: message.port,
    functions: message.state === "running" ? message.functions : [],
    error: message.state === "error" ? message.message : undefined,
    exited: child.exited,
    listenFor: (listenFor) => child.send({ listenFor } satisfies ParentMessage),
    stop: (grace) => child.stop(grace),
    kill: () => child.kill(),
  };
}
