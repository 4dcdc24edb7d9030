// Loaded into each Node process of a test's Pulumi commands (`node --require`). Pulumi's SDK loads all of npm and a debugger as it starts,
// by which it can serialize functions, and rewrites stack traces by source maps. Nothing here needs that, and it is a quarter of the
// processor time of a program. The test of the tarballs runs a program with all of it.
const { Module, createRequire } = require("node:module");

const main = process.argv[1] ?? "";
if (main.replaceAll("\\", "/").endsWith("/@pulumi/pulumi/cmd/run/index.js")) {
  const sdk = createRequire(main);
  const replacements = {
    "@npmcli/arborist": require("./no-arborist.cjs"),
    "../../runtime/closure/v8Hooks": { isInitializedAsync: async () => undefined },
    "source-map-support": { install: () => undefined },
  };
  for (const [name, exports] of Object.entries(replacements)) {
    const file = sdk.resolve(name);
    const replacement = new Module(file);
    Object.assign(replacement, { loaded: true, exports });
    sdk.cache[file] = replacement;
  }
}
