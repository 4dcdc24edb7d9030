/**
 * The commands of the pages that neither test/commands/run.test.ts nor documented.test.ts runs: a pattern of what `normalize` writes, and
 * either the test that runs the same, by its title, or why no test can.
 */
type NotRun =
  | { readonly pattern: RegExp; readonly runBy: string; readonly title: string }
  | { readonly pattern: RegExp; readonly why: string };

const several = { runBy: "test/e2e/several.test.ts" } as const;
const everyCommand = "every command handles both sources, or only the named one";
const takesOver =
  "a stack in another region takes over from a relay that can't deliver: every event is a row or a dead letter";
const stack = { runBy: "test/cli/stack.test.ts" } as const;
const stopsDestroy =
  "Ctrl-C stops a destroy that waits for the queue, with the number left and the flag that gives them up";

export const notRun: readonly NotRun[] = [
  {
    pattern: /init --environment prod --location northeurope( --yes)?$/,
    runBy: "test/setup/init.test.ts",
    title: "the program itself, in a script",
  },
  {
    pattern: /^customerio-aep init --location westus3 --skip-preview$/,
    runBy: "test/setup/found-settings.test.ts",
    title: "a copy of a stack's file makes a stack in another region",
  },
  { pattern: /^customerio-aep signing-key --(add|setting \w+)$/, ...several, title: "a key that is added is accepted" },
  {
    pattern: /^pulumi preview --diff$/,
    runBy: "test/e2e/by-hand.test.ts",
    title: "a mistake in the mapping is reported at preview in one line, and the command in it fixes it",
  },
  { pattern: /^pulumi login --local$/, why: "It changes where Pulumi keeps the states of everything on this machine." },

  {
    pattern:
      /^customerio-aep (failover --stack prod --to prod(-west)?|evacuate --stack prod --to prod-west( --once)?)$/,
    ...several,
    title: takesOver,
  },
  { pattern: /--source north/, ...several, title: everyCommand },
  {
    pattern: /^pulumi up --replace /,
    ...stack,
    title: "the command that status gives for a relay that does not start deploys its code again",
  },
  { pattern: /^pulumi destroy$/, ...stack, title: stopsDestroy },
  {
    pattern: /^RELAY_ABANDON_QUEUE=true pulumi destroy$/,
    runBy: "test/e2e/by-hand.test.ts",
    title: "with a flag, a destroy gives up what waits in the queue, and leaves nothing in the state or at any vendor",
  },
  { pattern: /^RELAY_ABANDON_DEAD_LETTERS=true pulumi destroy$/, ...several, title: takesOver },
  {
    pattern: /^pulumi import /,
    runBy: "test/e2e/import.test.ts",
    title: "after an import by the ids that the screens show, in bulk and one by one, the next preview has no change",
  },
  {
    pattern: /^pulumi package gen-sdk /,
    why: "Only the official build of the engine generates SDKs. test/providers/generated-sdks.test.ts runs the same generators.",
  },
  {
    pattern: /^pulumi package add /,
    why: "Only the official build of the engine has the host of Java. test/providers/generated-sdks.test.ts runs the same generator.",
  },
  {
    pattern: /^(pip install \.\/sdk|go mod (edit|tidy))/,
    why: "They install a generated SDK with what its language needs, which takes a minute. test/providers/generated-sdks.test.ts checks its files.",
  },

  {
    pattern: /^npm run demo$/,
    runBy: "test/e2e/demo.test.ts",
    title: "the demo runs all its steps and leaves nothing behind",
  },
  {
    pattern: /^npm run demo -- --(keep|down)$/,
    why: "It leaves a local cloud running in the checkout, where only one has room.",
  },
  {
    pattern: /^\. \.local\/environment\.sh$/,
    why: "The environment of the kept demo; this test has such a one of its own.",
  },
  {
    pattern: /^pulumi new "?\$PWD\/templates\/typescript"? --generate-only --dir <folder>$/,
    why: "test/packages/consumer.ts starts the project of test/packages/tarballs.test.ts so.",
  },
  {
    pattern: /^(npm run pack|mkdir vendor && cp <clone>\/build\/\*\.tgz vendor)$/,
    why: "test/packages packs the same tarballs, and installs them into a project outside the repository.",
  },
  {
    pattern: /^npm (ci|install )/,
    why: "It would install into the folder in which the tests run. test/packages installs the tarballs.",
  },
  {
    pattern: /^npm (run (check|conservation|bench|api|docs|release)\b|test\b)/,
    why: "It is for the package's developers, and takes minutes.",
  },
  { pattern: /^(\w+=\S+ )*(jest|node) /, why: "It starts tests, or writes what a test compares." },
  { pattern: /^cd examples\//, why: "test/e2e runs the examples in their folders." },
  {
    pattern: /--policy-pack /,
    why: "Only the official build of the engine starts a pack from its folder. test/e2e/policy-pack.test.ts starts the pack itself.",
  },

  { pattern: /^az /, why: "It is the Azure CLI's, and asks Azure itself." },
  { pattern: /^pulumi login "azblob:|--secrets-provider "azurekeyvault:/, why: "It asks Azure itself." },
  { pattern: /^git push /, why: "It publishes." },
  { pattern: /^(read -rs|export) /, why: "It asks a person, or has the person's own values." },
  {
    pattern: /completion (zsh|fish|powershell)/,
    why: "It needs that shell. test/cli/usage.test.ts reads the scripts.",
  },
];
