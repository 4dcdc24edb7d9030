import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureYamlHost } from "../../../packages/local-cloud/src/engine/engine.ts";
import { configureAccounts } from "../account-settings.ts";
import { failureOf, type LocalProgram, repository, startLocalProgram } from "../local-stack.ts";
import { AzureEffects } from "./azure-effects.ts";
import { tryAll } from "./kills.ts";

// Names in `azureNames` are the same in each attempt, and azure-native refuses to create what exists. In YAML, since the Node.js host that
// can be built from source does not support hooks. The tests run in order.
let folder: string;
let program: LocalProgram;
let azure: AzureEffects;

const minutes = 60_000;
const groupId = /\/subscriptions\/[-\w]+\/resourceGroups\/rg-events/;
const actionGroupId = /\/subscriptions\/\S+\/providers\/Microsoft\.Insights\/actionGroups\/ag-events/;

async function declare(azureNames: Readonly<Record<string, string>>): Promise<void> {
  const template = await readFile(path.join(repository, "templates/yaml/Pulumi.yaml"), "utf8");
  const names = `      dataflowActivationSeconds: 2\n      azureNames: ${JSON.stringify(azureNames)}\n`;
  const text = template.replace("${PROJECT}", "in-yaml").replace("${DESCRIPTION}", "Chosen names");
  await writeFile(path.join(folder, "Pulumi.yaml"), text.replace("      alertEmails: []\n", names));
}

beforeAll(async () => {
  await ensureYamlHost((line) => process.stdout.write(`${line}\n`));
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-names-"));
  await cp(path.join(repository, "templates/yaml/package.json"), path.join(folder, "package.json"));
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
  await declare({ resourceGroup: "rg-events", actionGroup: "ag-events" });
  program = await startLocalProgram(folder, { ownSettings: true, checkpoints: true });
  azure = new AzureEffects(program);
  await configureAccounts(program.pulumi);
}, 10 * minutes);

afterAll(async () => {
  await program?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** An effect in Azure at which a command is killed. */
const effect = (pattern: RegExp) => ({ name: pattern.source, pattern: pattern.source, time: 1 });

const warning = (id: RegExp) => new RegExp(`warning: Azure already has ${id.source}\\. .*If nothing else uses it`);

/** What a preview that is not refused prints, with its warnings. */
async function preview(...flags: string[]): Promise<string> {
  const { length } = await readFile(program.logFile, "utf8");
  await program.pulumi.preview(...flags);
  return (await readFile(program.logFile, "utf8")).slice(length);
}

/** An `up` without a preview is refused, with a command that frees the name. */
async function requireRefusal(id: RegExp, ...flags: string[]): Promise<void> {
  const complaint = await failureOf(program.pulumi.up(...flags));
  expect(complaint).toMatch(new RegExp(`Azure already has ${id.source}, so it can't be created\\. .*: az `));
  expect(complaint).not.toContain("already existing resource");
}

test(
  "what a killed up has created under a chosen name is named by a preview, and refuses an up until another is created",
  async () => {
    const { pulumi } = program;
    await azure.killAt(effect(/^PUT .*\/resourceGroups\/rg-events$/), () => pulumi.up());
    expect(await preview()).toMatch(warning(groupId));
    await requireRefusal(groupId);
    await declare({ actionGroup: "ag-events" });
    expect(await preview()).not.toContain("Azure already has");
  },
  4 * minutes,
);

// It takes a minute.
if (tryAll) {
  test(
    "after an interrupted destroy, the preview of a replacement under the same name is not refused, and its up says what to do",
    async () => {
      const { pulumi } = program;
      await pulumi.up();
      await pulumi.preview("--expect-no-changes");
      const people = (await pulumi.resources()).find((urn) => urn.includes(":ActionGroup::")) ?? "";
      // While it drains. The guards are no longer in the state then.
      await azure.killAt(effect(/^PATCH .*\/queues\/events$/), () => pulumi.destroy());
      const replace = ["--refresh", "--replace", people];
      expect(await preview(...replace)).toMatch(warning(actionGroupId));
      await requireRefusal(actionGroupId, ...replace);
      await pulumi.destroy();
      expect(await pulumi.resources()).toEqual([]);
    },
    4 * minutes,
  );
}
