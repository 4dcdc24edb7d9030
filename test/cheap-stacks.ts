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

// It also keeps and traces each promise, several for each output, to report at the end which were never settled. Nothing here reads that. The
// traces alone were a fifth of the time of the components' tests.
jest.mock("@pulumi/pulumi/runtime/debuggable", () => ({
  ...jest.requireActual<object>("@pulumi/pulumi/runtime/debuggable"),
  debuggablePromise: <Value>(promise: Promise<Value>) => promise,
}));

// And it loads TypeScript and its Automation API, by which it can serialize functions and start programs. Nothing here needs them.
jest.mock("@pulumi/pulumi/typescript-shim", () => ({}));
jest.mock("@pulumi/pulumi/automation", () => ({}));
