import { readFile } from "node:fs/promises";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";

// Profile from the first preview to after destroy: each test continues from the previous one. In `prod`, so that the real engine creates and deletes
// what only that environment has: a storage account for the host, roles on containers, locks, diagnostic settings.
let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
}, 60_000);

afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

let schemaId: unknown;

let read = 0;
/** The log lines since the last call: a command's output does not contain warnings. */
async function newLogs(): Promise<string> {
  const logs = await readFile(stack.configFile.replace("Pulumi.local.yaml", "pulumi.log"), "utf8");
  const fresh = logs.slice(read);
  read = logs.length;
  return fresh;
}

test(
  "turning it on warns that there is no way back",
  async () => {
    await stack.pulumi.run("config", "set", "environment", "prod", ...stackFlags());
    // It would refuse the destroy.
    await stack.pulumi.run("config", "set", "--path", "azure.protect", "false", ...stackFlags());
    await stack.pulumi.run("config", "set", "--path", "profile.enabled", "true", ...stackFlags());
    await stack.pulumi.preview();
    expect(await newLogs()).toContain("profile.enabled: there is no way back.");
    await stack.pulumi.up();
    schemaId = (await stack.pulumi.outputs()).schemaId;
    await newLogs();
    await stack.pulumi.preview();
    expect(await newLogs()).not.toContain("there is no way back");
  },
  4 * minutes,
);

test(
  "turning it off again is refused at preview",
  async () => {
    await stack.pulumi.run("config", "set", "--path", "profile.enabled", "false", ...stackFlags());
    const said = await failureOf(stack.pulumi.preview());
    expect(said).toContain(`(${schemaId}) is enabled for Profile, and Platform never takes that back.`);
    expect(said).not.toContain("    at ");
    await stack.pulumi.run("config", "set", "--path", "profile.enabled", "true", ...stackFlags());
  },
  2 * minutes,
);

test(
  "a new name of everything replaces nothing",
  async () => {
    const names = [
      "schema.title",
      "fieldGroup.title",
      "dataset.name",
      "sourceConnection.name",
      "targetConnection.name",
    ];
    for (const path of [...names, "dataflow.name", "webhook.name"]) {
      await stack.pulumi.run("config", "set", "--path", path, `Renamed ${path}`, ...stackFlags());
    }
    const preview = await stack.pulumi.preview();
    // The webhook's ownership has its name too. With the dataflow's time of change, the relay learns again from when on to
    // send: its settings and its code follow.
    expect(preview).toMatch(/~ 10 to update/);
    expect(preview).not.toMatch(/to (create|delete|replace)/);
  },
  2 * minutes,
);

test(
  "destroy leaves what Platform would not delete, and says so; the next preview says how to use it again",
  async () => {
    await newLogs();
    await stack.pulumi.destroy();
    expect(await newLogs()).toContain(
      `(${schemaId}) stays in Platform, and so do its field groups and its primary identity`,
    );
    expect(await stack.pulumi.resources()).toEqual([]);
    const { Platform, ...others } = await stack.vendors.leftovers();
    expect(Platform).toEqual(["1 fieldGroups", "1 schemas"]);
    expect(others).toEqual({ "Customer.io": [], Azure: [] });
    for (const group of ["schema", "fieldGroup"]) await stack.pulumi.unconfigure(group);
    await stack.pulumi.preview();
    expect(await newLogs()).toContain(`use it as it is: npx pulumi config set --path schema.existing ${schemaId}`);
  },
  4 * minutes,
);

test(
  "what is not there is one message at preview, with its setting",
  async () => {
    await stack.pulumi.run("config", "set", "--path", "dataset.existing", "No such dataset", ...stackFlags());
    await stack.pulumi.run("config", "rm", "--path", "dataset.name", ...stackFlags());
    const said = await failureOf(stack.pulumi.preview());
    expect(said).toContain('customerio-aep:dataset.existing: There is no dataset "No such dataset"');
    expect(said).not.toContain("unhandled exception");
  },
  2 * minutes,
);

test(
  "a stack can go on with that schema, as it is",
  async () => {
    await stack.pulumi.unconfigure("dataset");
    await stack.pulumi.run("config", "set", "--path", "schema.existing", String(schemaId), ...stackFlags());
    const preview = await stack.pulumi.preview();
    expect(preview).not.toContain("aep:index:Schema:");
    expect(preview).toContain("aep:index:Dataset");
  },
  2 * minutes,
);

function stackFlags(): string[] {
  return ["--stack", "local", "--config-file", stack.configFile];
}
