import { connect } from "node:net";

/** Milliseconds between two looks at the parent and the engine. */
const pause = 1_000;

/** A process that has nobody left to work for ends with this code, as one that Ctrl-C stopped would. */
const code = 130;

/**
 * Ends this process once nobody reads its output any more. Node makes a failed write an uncaught error; a handler that answers that
 * with another write, as Pulumi's SDK does, goes round in circles forever, a core and more and more memory used up.
 */
export function endWithoutOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // EPIPE: the reader of a pipe is gone; EIO: a terminal is gone. A full disk, say, is not a reason to end.
      if (error.code === "EPIPE" || error.code === "EIO") process.exit(code);
    });
  }
}

/**
 * Ends this process once the engine that started it is gone, however that ended: nobody can take its answers any more. A
 * process that an engine started always has that engine, or its language host, as its parent.
 * @param engineAddress where the engine listens (`127.0.0.1:12345`); a program's parent is the language host, which lives on
 *   for minutes after its engine
 */
export function endWithEngine(engineAddress?: string): void {
  endWithoutOutput();
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(code);
    if (engineAddress) void isRefused(engineAddress).then((refused) => refused && process.exit(code));
  }, pause).unref();
}

/** Whether nobody listens at an address of this machine; undecided counts as no. */
function isRefused(address: string): Promise<boolean> {
  const [, host = "", port = ""] = address.match(/^(.*):(\d+)$/) ?? [];
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    const answer = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.unref();
    socket.once("connect", () => answer(false));
    socket.once("error", (error: NodeJS.ErrnoException) => answer(error.code === "ECONNREFUSED"));
  });
}

/**
 * Does the same for a Pulumi program, from whichever module of this package it imports first. Not where the program is a
 * function of a longer-lived process (Automation API, unit tests): that process has a life of its own.
 */
export function endProgramWithEngine(): void {
  const engineAddress = process.env.PULUMI_NODEJS_ENGINE;
  const isProgramOfItsOwn = /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run([\\/]|$)/.test(process.argv[1] ?? "");
  if (isProgramOfItsOwn && engineAddress) endWithEngine(engineAddress);
}
