import { withProgress } from "pulumi-provider-kit/http";
import { terminalText } from "./terminal-text.ts";

/** Milliseconds between two lines, since many calls wait for the same vendor. */
const pace = 10_000;

/**
 * Does work, and shows the waits that a vendor asks for meanwhile, which may take up to an hour: otherwise the command
 * would seem to hang.
 */
export async function showAskedWaits<T>(
  stream: Pick<NodeJS.WriteStream, "write"> & { readonly isTTY?: boolean },
  work: () => Promise<T>,
): Promise<T> {
  let next: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  const write = () => {
    timer = undefined;
    if (next === undefined) return;
    // A terminal may have a progress line.
    stream.write(`${stream.isTTY ? "\r\u001b[K" : ""}${terminalText(next)}\n`);
    next = undefined;
    timer = setTimeout(write, pace);
  };
  try {
    return await withProgress((message) => {
      next = message;
      if (timer === undefined) write();
    }, work);
  } finally {
    clearTimeout(timer);
  }
}
