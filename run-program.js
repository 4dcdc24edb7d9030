// Plain JavaScript, so that every Node can say what is wrong.
// Nothing large is imported here: it would be compiled before the cache is on.
import module from "node:module";

const [major, minor] = process.versions.node.split(".").map(Number);

export async function runProgram(load) {
  // Node 23.0 to 23.5 read TypeScript only with a flag.
  if (major < 22 || (major === 22 && minor < 18) || (major === 23 && minor < 6)) {
    // The SDK formats what is thrown, and Node 20 takes a minute and gigabytes for a stack trace that goes through node_modules.
    const { RunError } = await import("@pulumi/pulumi");
    Error.stackTraceLimit = 0;
    throw new RunError(
      `This program needs Node.js 22.18, 23.6 or newer; this is ${process.version}. Install a newer one: https://nodejs.org. If npm has installed one with the program, run: npx pulumi up`,
    );
  }
  // What Node has compiled once, it need not compile again: above all the SDK, which loads TypeScript's compiler.
  module.enableCompileCache();
  // The SDK has every stack trace rewritten by source maps, a tenth of a preview's time. Node strips types in place, so that the
  // positions in its own stack traces are those of the source.
  Error.prepareStackTrace = undefined;
  return { ...(await load()) };
}
