import { runInThisContext } from "node:vm";

/** Outside the context in which jest runs a test: jest has its own `prepareStackTrace` there, by which it maps traces to the sources. */
const outer = runInThisContext("Error") as ErrorConstructor;

// Pulumi's SDK takes a stack trace of each resource, which nothing here reads, so it need not be mapped.
Error.prepareStackTrace = (error, frames) => {
  const [top] = frames;
  const isUnread = top?.getFunctionName() === "callsites" && top.getFileName()?.includes("/@pulumi/pulumi/");
  if (isUnread) return String(error);
  return outer.prepareStackTrace?.(error, frames) ?? [error, ...frames].join("\n    at ");
};

// jest raises it to 100, which makes each error dearer.
Error.stackTraceLimit = 10;

interface Debuggable {
  debuggablePromise<Value>(promise: Promise<Value>, context?: unknown): Promise<Value>;
}

// Pulumi's SDK also takes a stack trace of each promise, and makes several promises for each output. That was a fifth of the time of the
// components' tests.
jest.mock("@pulumi/pulumi/runtime/debuggable", () => {
  const actual = jest.requireActual<Debuggable>("@pulumi/pulumi/runtime/debuggable");
  const debuggablePromise: Debuggable["debuggablePromise"] = (promise, context) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return actual.debuggablePromise(promise, context);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
  return { ...actual, debuggablePromise };
});

// And it loads TypeScript and its Automation API, by which it can serialize functions and start programs. Nothing here needs them.
jest.mock("@pulumi/pulumi/typescript-shim", () => ({}));
jest.mock("@pulumi/pulumi/automation", () => ({}));
