import { connect } from "node:net";

/** Milliseconds between two checks of the parent and the engine. */
const pause = 1_000;

/** Exit code of a process whose engine or reader is gone: the same as after Ctrl-C. */
const code = 130;

/**
 * Ends this process once nobody reads its output. In Node a failed write becomes an uncaught error. A handler that responds with another
 * write, as Pulumi's SDK does, loops forever and uses a whole core and more and more memory.
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
 * Ends this process once the engine that started it is gone, for whatever reason: nobody can receive its answers. The parent of such a
 * process is always the engine or its language host.
 * @param engineAddress where the engine listens (`127.0.0.1:12345`); a program's parent is the language host, which outlives its engine by
 *   minutes
 */
export function endWithEngine(engineAddress?: string): void {
  endWithoutOutput();
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(code);
    if (engineAddress) void isRefused(engineAddress).then((refused) => refused && process.exit(code));
  }, pause).unref();
}

/** Whether nothing listens at an address of this machine; if in doubt, false. */
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
 * Does the same for a Pulumi program, from the first module of this package that it imports. Not if the program is a
 * function in a longer-lived process (Automation API, unit tests), which must not end with it.
 */
export function endProgramWithEngine(): void {
  const engineAddress = process.env.PULUMI_NODEJS_ENGINE;
  const isProgramOfItsOwn = /[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run([\\/]|$)/.test(process.argv[1] ?? "");
  if (isProgramOfItsOwn && engineAddress) endWithEngine(engineAddress);
}
