import path from "node:path";
import type { FunctionMetadata } from "../function-host/functions-core.ts";
import type { HostMessage, ParentMessage } from "../function-host/messages.ts";
import { type Child, startChild } from "./child-process.ts";

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
  stop(grace: number): Promise<void>;
  kill(): Promise<void>;
}

/** Starts a host and waits until it serves, if only to say that it is in error. Undefined: it ended before. */
export async function startHost(options: {
  appFolder: string;
  logFile: string;
  environment: Readonly<Record<string, string>>;
}): Promise<HostProcess | undefined> {
  let report: (message: HostMessage) => void = () => undefined;
  const reported = new Promise<HostMessage>((resolve) => {
    report = resolve;
  });
  const child = startChild({
    module: path.join(import.meta.dirname, "function-host.ts"),
    arguments: [options.appFolder],
    environment: options.environment,
    output: { file: options.logFile },
    onMessage: (message) => report(message as HostMessage),
  });
  const message = await Promise.race([reported, child.exited.then(() => undefined)]);
  return message && describe(child, message);
}

function describe(child: Child, message: HostMessage): HostProcess {
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
