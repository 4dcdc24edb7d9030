import { runInThisContext } from "node:vm";

/** The files of Pulumi's SDK that take a stack trace of each promise and resource, which nothing here reads. */
const takers = ["debuggablePromise", "callsites"];

/** Outside the context in which jest runs a test: jest has its own `prepareStackTrace` there, by which it maps traces to the sources. */
const outer = runInThisContext("Error") as ErrorConstructor;

// For the traces that the SDK takes, that mapping was half of the time of a test that declares resources.
Error.prepareStackTrace = (error, frames) => {
  const [top] = frames;
  const isUnread = takers.includes(top?.getFunctionName() ?? "") && top?.getFileName()?.includes("/@pulumi/pulumi/");
  if (isUnread) return String(error);
  return outer.prepareStackTrace?.(error, frames) ?? [error, ...frames].join("\n    at ");
};

// jest raises it to 100, and the SDK takes a trace of each promise.
Error.stackTraceLimit = 10;
