import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

const repository = path.join(__dirname, "../..");
const oxlint = path.join(repository, "node_modules/oxlint/bin/oxlint");

interface Finding {
  readonly code: string;
  readonly help?: string;
  readonly message: string;
}

let house: string;

beforeEach(async () => {
  house = await mkdtemp(path.join(os.tmpdir(), "house-rules-"));
  await cp(path.join(repository, ".oxlintrc.json"), path.join(house, ".oxlintrc.json"));
});

afterEach(() => rm(house, { recursive: true, force: true }));

/** The findings of this repository's checks in other files, without types of missing modules. */
async function findingsIn(files: Readonly<Record<string, string>>): Promise<string[]> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.join(house, path.dirname(name)), { recursive: true });
    await writeFile(path.join(house, name), text);
  }
  const printed = await new Promise<string>((resolve) => {
    // Its exit code is 1 if it finds anything.
    execFile(process.execPath, [oxlint, "--format", "json"], { cwd: house }, (_, stdout) => resolve(stdout));
  });
  const { diagnostics } = JSON.parse(printed) as { diagnostics: Finding[] };
  return diagnostics.filter(({ code }) => !code.includes("(TS")).map(({ help, message }) => help ?? message);
}

const restricted: readonly [from: string, imported: string, rule: string][] = [
  ["components/part.ts", "pulumi-aep/client", "calls on a vendor belong to a provider"],
  ["components/part.ts", "../relay/deploy/client/client.ts", "calls on a vendor belong to a provider"],
  ["components/part.ts", "@pulumi/azure-native/storage/index.js", "import the file of the resource"],
  ["components/part.ts", "node:https", "calls on a vendor belong to a provider"],
  ["components/part.ts", "../packages/local-cloud/src/credentials.ts", "What ships never uses the local cloud"],
  ["relay/azure/part.ts", "../../test/relay/support/stream.ts", "What ships never uses the local cloud"],
  ["packages/pulumi-aep/src/part.ts", "local-cloud", "What ships never uses the local cloud"],
  ["cli/part.ts", "../bench/statistics.ts", "What ships never uses the local cloud"],
  ["relay/core/part.ts", "node:fs/promises", "This room is pure"],
  ["relay/core/part.ts", "axios", "This room is pure"],
  ["relay/core/part.ts", "../azure/part.ts", "This room is pure"],
  ["events/part.ts", "../cli/part.ts", "This room is pure"],
  ["packages/local-cloud/src/part.ts", "../../pulumi-aep/src/index.ts", "A stand-in never uses"],
  ["packages/local-cloud/src/platform/part.ts", "adobe-data-prep", "A stand-in never uses"],
  ["packages/local-cloud/src/azure/part.ts", "../../../../relay/core/names.ts", "A stand-in never uses"],
];

test.each(restricted)("a file %s that imports %s is found", async (from, imported, rule) => {
  expect(await findingsIn({ [from]: `import "${imported}";\n` })).toEqual([expect.stringContaining(rule)]);
});

test("allowed imports are accepted", async () => {
  const files = {
    "components/part.ts":
      'import "pulumi-aep";\nimport "@pulumi/azure-native/storage/storageAccount.js";\nimport "../relay/core/part.ts";\n',
    "relay/core/part.ts": 'import "zod";\nimport "node:crypto";\nimport "../../events/part.ts";\n',
    "events/part.ts": 'import "pulumi-customerio/events";\n',
    "packages/local-cloud/src/azure/part.ts": 'import "pulumi-customerio/events";\n',
    "test/part.test.ts": 'import "../packages/local-cloud/src/azure/part.ts";\n',
  };
  expect(await findingsIn(files)).toEqual([]);
});

test("a pure room has neither clock, randomness nor network of its own", async () => {
  const text = "export const taken = [Date.now(), Math.random(), fetch, process, setTimeout];\n";
  expect(await findingsIn({ "relay/core/part.ts": text })).toHaveLength(5);
});

test("a cycle of types only is found", async () => {
  const files = {
    "relay/azure/hen.ts": 'import type { Egg } from "./egg.ts";\nexport interface Hen {\n  egg: Egg;\n}\n',
    "relay/azure/egg.ts": 'import type { Hen } from "./hen.ts";\nexport interface Egg {\n  hen: Hen;\n}\n',
  };
  expect(await findingsIn(files)).toHaveLength(2);
});

test("a promise that nobody waits for is found", async () => {
  const text = "async function send(): Promise<void> {}\nsend();\n";
  expect(await findingsIn({ "cli/part.ts": text })).toEqual([expect.stringContaining(".catch")]);
});

test("a spread of a list or object that is written out is found", async () => {
  const text = 'export const options = { ...{ level: "info" }, names: [...["a", "b"], "c"] };\n';
  expect(await findingsIn({ "cli/part.ts": text })).toHaveLength(2);
});

test("a statement below its condition without braces is found", async () => {
  const text =
    "export function end(code: number): void {\n  if (code > 0)\n    throw new Error(\n      String(code),\n    );\n}\n";
  expect(await findingsIn({ "cli/part.ts": text })).toHaveLength(1);
});

test("a switch that forgets a case is found", async () => {
  const text = `type Fate = "delivered" | "dead" | "held";
export function isDone(fate: Fate): boolean {
  switch (fate) {
    case "delivered":
    case "dead":
      return true;
  }
  return false;
}
`;
  expect(await findingsIn({ "relay/core/part.ts": text })).toEqual([expect.stringContaining('"held"')]);
  const whole = text.replace('    case "dead":', '    case "dead":\n    case "held":');
  expect(await findingsIn({ "relay/core/part.ts": whole })).toEqual([]);
});
