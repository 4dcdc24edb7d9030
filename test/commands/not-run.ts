/**
 * The commands of the pages that test/commands/run.test.ts does not run: a pattern of what `normalize` writes, and either the test that
 * runs the same, with words that occur in it, or why no test can.
 */
type NotRun =
  | { readonly pattern: RegExp; readonly runBy: string; readonly words: string }
  | { readonly pattern: RegExp; readonly why: string };

const several = "test/e2e/several.test.ts";

export const notRun: readonly NotRun[] = [
  // Of the stack's settings, test/commands/documented.test.ts runs all.
  { pattern: /^pulumi config (set|rm) /, runBy: "test/commands/documented.test.ts", words: "pulumi config" },
  { pattern: /^pulumi stack init <stack>$/, runBy: "test/commands/documented.test.ts", words: "stack init" },
  {
    pattern: /init --environment prod --location northeurope( --yes)?$/,
    runBy: "test/setup/init.test.ts",
    words: 'location: "northeurope", environment: "prod"',
  },
  {
    pattern: /^customerio-aep signing-key --add$/,
    runBy: "test/setup/signing-key.test.ts",
    words: '["former-signing-key", key]',
  },
  { pattern: /^pulumi preview --diff$/, runBy: "test/e2e/by-hand.test.ts", words: "stack.pulumi.preview()" },
  { pattern: /^pulumi login --local$/, why: "It changes where Pulumi keeps the states of everything on this machine." },

  {
    pattern: /^customerio-aep failover --stack \w+ --to /,
    runBy: several,
    words: '"failover", "--source", "north", "--to"',
  },
  {
    pattern: /^customerio-aep evacuate --stack \w+ --to /,
    runBy: several,
    words: '"evacuate", "--source", "north", "--to"',
  },
  { pattern: /--source north/, runBy: several, words: '"--source", "north"' },
  {
    pattern: /^customerio-aep signing-key --setting /,
    runBy: "test/setup/signing-key.test.ts",
    words: "does not take its signing keys from the setting",
  },
  { pattern: /^pulumi up --replace /, runBy: "test/cli/stack.test.ts", words: "redeployCommand(" },
  { pattern: /^pulumi destroy$/, runBy: "test/e2e/demo.test.ts", words: "demo.ts" },
  {
    pattern: /^RELAY_ABANDON_QUEUE=true pulumi destroy$/,
    runBy: "test/cli/stack.test.ts",
    words: "RELAY_ABANDON_QUEUE",
  },
  {
    pattern: /^RELAY_ABANDON_DEAD_LETTERS=true pulumi destroy$/,
    runBy: several,
    words: 'RELAY_ABANDON_DEAD_LETTERS: "true"',
  },
  { pattern: /^pulumi import /, runBy: "test/e2e/import.test.ts", words: '"import"' },
  { pattern: /^pulumi package gen-sdk /, runBy: "test/providers/generated-sdks.test.ts", words: "generators" },

  { pattern: /^npm run demo$/, runBy: "test/e2e/demo.test.ts", words: "demo.ts" },
  {
    pattern: /^npm run demo -- --(keep|down)$/,
    why: "It leaves a local cloud running in the checkout, where only one has room.",
  },
  {
    pattern: /^\. \.local\/environment\.sh$/,
    why: "The environment of the kept demo; this test has such a one of its own.",
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
  { pattern: /--policy-pack /, why: "Only the official build of the engine runs policy packs." },

  { pattern: /^az /, why: "It is the Azure CLI's, and asks Azure itself." },
  { pattern: /^pulumi login "azblob:|--secrets-provider "azurekeyvault:/, why: "It asks Azure itself." },
  { pattern: /^git push /, why: "It publishes." },
  { pattern: /^(read -rs|export) /, why: "It asks a person, or has the person's own values." },
  {
    pattern: /completion (zsh|fish|powershell)/,
    why: "It needs that shell. test/cli/usage.test.ts reads the scripts.",
  },
];
