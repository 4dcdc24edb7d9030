// Loaded into each Node process of a test's Pulumi commands (`node --require`). As it starts, Pulumi's SDK loads TypeScript and a debugger,
// by which it can serialize functions, its Automation API and OpenTelemetry; then it takes a stack trace of each promise and rewrites
// traces by source maps. Nothing here needs that, and it costs processor time in each program. The test of the tarballs runs a
// program with all of it.
const { Module, createRequire } = require("node:module");
const { setFlagsFromString } = require("node:v8");

// Programs and plugins live for a second or two: optimized machine code costs them more than it saves.
setFlagsFromString("--no-opt");
setFlagsFromString("--no-maglev");

const main = process.argv[1] ?? "";
if (main.replaceAll("\\", "/").endsWith("/@pulumi/pulumi/cmd/run/index.js")) {
  const sdk = createRequire(main);
  const { trace } = sdk("@opentelemetry/api");
  const replacements = {
    "../../runtime/closure/v8Hooks": { isInitializedAsync: async () => undefined },
    "../../typescript-shim": {},
    "../../automation": {},
    "./tracing": { newSpan: (name) => trace.getTracer("none").startSpan(name) },
    "source-map-support": { install: () => undefined },
  };
  for (const [name, exports] of Object.entries(replacements)) {
    const file = sdk.resolve(name);
    const replacement = new Module(file);
    Object.assign(replacement, { loaded: true, exports });
    sdk.cache[file] = replacement;
  }
  // It still looks for promises that are never settled.
  const debuggable = sdk("../../runtime/debuggable");
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...promise) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...promise);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}
