import diagnostics from "node:diagnostics_channel";
import type { ClientRequest, IncomingMessage } from "node:http";
import path from "node:path";
import { terminalText } from "../output/terminal-text.ts";

/** An error's message for people. */
export function reportOf(error: unknown): string {
  if (isFullDisk(error)) return explainFullDisk(error);
  return error instanceof Error ? error.message : String(error);
}

function isFullDisk(error: unknown): error is NodeJS.ErrnoException {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Node's own message names the file at most, and no remedy. */
function explainFullDisk({ path: file, message }: NodeJS.ErrnoException): string {
  const [where, look] =
    file === undefined
      ? ["a disk of this machine", "df -h"]
      : [`the disk of ${file}`, `du -sh ${path.dirname(file)}/*`];
  return `Nothing more can be written to ${where}: it is full. Free some room, and run the same command again. What uses the space: ${look} (${message})`;
}

/**
 * Writes an error for people; with `--debug`, also its stack trace and its causes.
 *
 * @param source name of the source that failed, unless lines before say so
 */
export function reportError(error: unknown, isDebug: boolean, source?: string): void {
  write(`${source === undefined ? "" : `${source}  `}${reportOf(error)}`);
  if (isDebug) reportTraces(error);
}

/** Writes the stack traces of an error and of its causes. */
export function reportTraces(error: unknown): void {
  for (let cause = error; cause instanceof Error; cause = cause.cause) write(`debug: ${cause.stack}`);
}

/** A line of `--debug`. */
function debug(words: string): void {
  write(`debug: ${new Date().toISOString()} ${words}`);
}

function write(line: string): void {
  process.stderr.write(`${terminalText(line)}\n`);
}

let isLogging = false;

/** Writes each Pulumi command, if `--debug` asked for it. */
export function logCommand(command: string, folder: string): void {
  if (isLogging) debug(`${command} (in ${folder})`);
}

/**
 * Writes a line for each HTTP call from now on: method, address and status. Headers, bodies and queries may hold secrets, so they are
 * left out, and so is the path of Platform's inlets: anyone who knows it can write into a dataset.
 *
 * @returns a function that ends it
 */
export function logCalls(): () => void {
  isLogging = true;
  const listeners: Readonly<Record<string, diagnostics.ChannelListener>> = {
    "http.client.request.start": (message) => {
      const { request } = message as { request: ClientRequest };
      debug(`→ ${callOf(request)}`);
    },
    "http.client.response.finish": (message) => {
      const { request, response } = message as { request: ClientRequest; response: IncomingMessage };
      debug(`← ${response.statusCode} ${callOf(request)}`);
    },
    "http.client.request.error": (message) => {
      const { request, error } = message as { request: ClientRequest; error: Error };
      debug(`← ${error.message} ${callOf(request)}`);
    },
  };
  for (const [channel, listener] of Object.entries(listeners)) diagnostics.subscribe(channel, listener);
  return () => {
    isLogging = false;
    for (const [channel, listener] of Object.entries(listeners)) diagnostics.unsubscribe(channel, listener);
  };
}

/** What is asked, and of whom: of a proxy, a request asks for a whole address, or for a tunnel to a host (RFC 9112, section 3.2). */
function callOf({ method, protocol, host, path: asked }: ClientRequest): string {
  const server = `${protocol}//${host}`;
  const isForProxy = method === "CONNECT" || /^https?:/i.test(asked);
  return isForProxy
    ? `${method} ${shortenPath(asked)} (by the proxy ${server})`
    : `${method} ${server}${shortenPath(asked)}`;
}

/** A path without the parts that may be secret. */
export function shortenPath(asked: string): string {
  return asked.replace(/\?.*$/s, "?…").replace(/\/collection\/[^?]+/, "/collection/…");
}
