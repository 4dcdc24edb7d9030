import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { failureOf, type LocalStack, repository, startLocalStack } from "./local-stack.ts";

let stack: LocalStack;
let folder: string;
let pack: string;

beforeAll(async () => {
  stack = await startLocalStack();
  folder = path.dirname(stack.configFile);
  pack = await startedPack();
}, 60_000);

afterAll(() => stack.stop(), 60_000);

/**
 * The pack as an executable, which an engine starts itself. For the pack's folder it asks the language host, and the one of a locally built
 * engine is too old to start packs; a newer one starts this same file of Pulumi's SDK.
 */
async function startedPack(): Promise<string> {
  const file = path.join(folder, "policy-pack");
  const runner = createRequire(import.meta.filename).resolve("@pulumi/pulumi/cmd/run-policy-pack");
  const packFolder = path.join(repository, "packages/customerio-aep-policies");
  await writeFile(file, `#!/bin/sh\nexec node '${runner}' "$1" '${packFolder}'\n`, { mode: 0o755 });
  return file;
}

function runWithPack(...command: string[]): Promise<string> {
  const { pulumi, configFile } = stack;
  return pulumi.run(...command, "--policy-pack", pack, "--stack", pulumi.stack, "--config-file", configFile);
}

/** The rules that the engine reports, each once. */
function rulesIn(output: string, level: "mandatory" | "advisory"): string[] {
  const rules = Array.from(output.matchAll(/\[(\w+)\] +(\S+)/g), ([, found, rule]) => (found === level ? [rule] : []));
  return [...new Set(rules.flat())].filter((rule) => rule !== undefined).toSorted();
}

test("the engine finds nothing against the program in a preview, and can check all but what is not known yet", async () => {
  const output = await runWithPack("preview");
  expect(output).toContain("customerio-aep@v");
  expect(rulesIn(output, "mandatory")).toEqual([]);
  // The webhook's address, and the properties of role assignments.
  expect(rulesIn(output, "advisory")).toEqual(["https-webhook", "public-blobs"]);
}, 60_000);

test("a configured rule that the program breaks fails the preview, with the command that fixes it, and a disabled one does not", async () => {
  const config = path.join(folder, "policies.json");
  const inProduction = { productionStacks: [stack.pulumi.stack] };
  await writeFile(config, JSON.stringify({ "storage-redundancy": inProduction, profile: "disabled" }));
  await stack.pulumi.configure("profile.enabled", "true", "--path");
  const said = await failureOf(runWithPack("preview", "--policy-pack-config", config));
  expect(rulesIn(said, "mandatory")).toEqual(["storage-redundancy"]);
  expect(said).toContain("npx pulumi config set --path azure.storageRedundancy ZRS");
}, 60_000);

test("an up whose preview breaks a rule creates nothing in Azure", async () => {
  expect(rulesIn(await failureOf(runWithPack("up", "--yes")), "mandatory")).toEqual(["profile"]);
  expect((await stack.vendors.leftovers()).Azure).toEqual([]);
}, 60_000);
