import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text as textOf } from "node:stream/consumers";
import { Progress } from "../../cli/output/progress.ts";
import { initCommand } from "../../cli/setup/init-command.ts";
import { isInterruption } from "../../cli/setup/prompter.ts";
import { type SetupWishes, setUp } from "../../cli/setup/set-up.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import {
  type PlatformStandIn,
  type PlatformSwitches,
  startPlatform,
} from "../../packages/local-cloud/src/platform/platform.ts";
import { startTestAzure, type TestAzure } from "../../packages/local-cloud/test/azure/support.ts";
import { FakePulumi } from "./fake-pulumi.ts";
import { ctrlC, ScriptedPrompter } from "./scripted-prompter.ts";

const { tenantId, ...credentials } = localCredentials.platform;
const { appApiKey, signingKey } = localCredentials.customerIo;
const program = 'import { CustomerIoSource, StackSettings } from "customerio-aep";\n';

let platform: PlatformStandIn | undefined;
let customerIo: CustomerIoStandIn;
let azure: TestAzure;
let folder: string;
const before = { ...process.env };

beforeAll(async () => {
  azure = await startTestAzure();
  customerIo = await startCustomerIo({ workspaces: [{ name: "shop", appApiKey, signingKey }] });
});
afterAll(async () => {
  await customerIo.close();
  await azure.stop();
});

async function usePlatform(switches: Partial<PlatformSwitches> = {}): Promise<void> {
  await platform?.close();
  platform = await startPlatform({ credentials, tenantId, sandboxes: ["prod", "dev"], switches });
  Object.assign(process.env, { AEP_PLATFORM_URL: platform.url, AEP_IMS_URL: platform.url });
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "setup-"));
  Object.assign(process.env, {
    PULUMI_CONFIG_PASSPHRASE: "a passphrase",
    CUSTOMERIO_APP_API_URL: customerIo.url,
    AZURE_RESOURCE_MANAGER_URL: azure.azure.armUrl,
    ...{
      ARM_USE_MSI: "true",
      IDENTITY_ENDPOINT: azure.azure.identityEndpoint,
      IDENTITY_HEADER: azure.azure.identityHeader,
    },
  });
  await usePlatform();
});
afterEach(async () => {
  await platform?.close();
  platform = undefined;
  process.env = { ...before };
  await rm(folder, { recursive: true });
});

/** A project like this repository's, and a fake `pulumi`. */
async function project(world: Parameters<typeof FakePulumi.install>[1] = {}): Promise<FakePulumi> {
  await writeFile(path.join(folder, "Pulumi.yaml"), "name: events\nruntime: nodejs\n");
  await writeFile(path.join(folder, "index.ts"), program);
  return FakePulumi.install(folder, world);
}

const wishes = (changes: Partial<SetupWishes> = {}): SetupWishes => ({
  ...{ folder, stack: undefined, configFile: undefined, template: undefined, backend: undefined },
  ...{ skipsPreview: false, options: {}, isQuiet: true },
  ...changes,
});

/** Runs a setup, with what it prints. */
async function run(prompter: ScriptedPrompter | undefined, changes: Partial<SetupWishes> = {}) {
  const lines: string[] = [];
  const print = (...more: string[]) => void lines.push(...more);
  const ports = { prompter, environment: process.env, print, progress: new Progress(undefined) };
  const result = await setUp(wishes(changes), ports);
  return { result, printed: lines.join("\n") };
}

const adobe = [
  [/client id/, credentials.clientId],
  [/client secret/, credentials.clientSecret],
  [/organization id/, credentials.orgId],
] as const;
const everything = [
  [/^Stack/, "dev"],
  ...adobe,
  [/sandbox/, "dev"],
  [/dataset$/, "Create one (recommended)"],
  [/schema/, "Create one (recommended)"],
  [/App API key/, appApiKey],
  [/Delivery/, "relay"],
  [/Azure: region/, "westeurope"],
  [/purpose/, "dev"],
  [/E-mail/, "oncall@example.org"],
  [/Write them/, true],
] as const;
const written = {
  "aep:clientId": credentials.clientId,
  "aep:clientSecret": `[secret] ${credentials.clientSecret}`,
  "aep:orgId": credentials.orgId,
  "aep:sandbox": "dev",
  "customerio:appApiKey": `[secret] ${appApiKey}`,
  "customerio:region": "us",
  delivery: "relay",
  "azure-native:subscriptionId": localCredentials.azure.subscriptionId,
  "azure-native:location": "westeurope",
  environment: "dev",
  "alertEmails[0]": "oncall@example.org",
};

test("it asks for everything, tests each credential, writes the settings with secrets encrypted, and previews", async () => {
  const pulumi = await project();
  const prompter = new ScriptedPrompter(everything);
  const { result, printed } = await run(prompter);
  expect(result).toMatchObject({ project: "events", stack: "dev", madeStack: true, preview: "passed", problems: [] });
  expect(await pulumi.settings("dev")).toEqual(written);
  expect(printed).toContain("Adobe accepts the credential, which may use 2 sandboxes.");
  expect(printed).toContain("Customer.io accepts the key for the workspace shop, in the region us.");
  expect(printed).toContain("npx customerio-aep signing-key --stack dev");
  // No secret in an argument or on the screen, and no file is left over.
  for (const secret of [credentials.clientSecret, appApiKey]) {
    for (const { args } of await pulumi.calls()) expect(args.join(" ")).not.toContain(secret);
    expect(printed).not.toContain(secret);
  }
  expect((await readdir(folder)).sort()).toEqual(["Pulumi.dev.yaml", "Pulumi.yaml", "index.ts", "node_modules"]);
});

test("run again, it asks nothing and writes nothing", async () => {
  const pulumi = await project();
  await run(new ScriptedPrompter(everything));
  const prompter = new ScriptedPrompter([]);
  const { result, printed } = await run(prompter);
  expect(prompter.asked).toEqual([]);
  expect(result?.written).toEqual([]);
  expect(printed).toContain("The stack has all settings already.");
  expect(await pulumi.settings("dev")).toEqual(written);
  expect((await readdir(folder)).filter((name) => name.startsWith("Pulumi."))).toEqual([
    "Pulumi.dev.yaml",
    "Pulumi.yaml",
  ]);
});

test("a refused credential is explained and asked for again; a key of the other region is found there", async () => {
  const pulumi = await project();
  const [, ...others] = everything.filter(([pattern]) => !/client|organization/.test(String(pattern)));
  const prompter = new ScriptedPrompter([
    [/^Stack/, "dev"],
    [/client id/, credentials.clientId, credentials.clientId],
    [/client secret/, "p8e-wrong", credentials.clientSecret],
    [/organization id/, "not an id", credentials.orgId, credentials.orgId],
    [/Re-enter what Adobe refused/, true],
    ...others,
  ]);
  const { printed } = await run(prompter);
  expect(printed).toMatch(/client secret/);
  expect(prompter.asked).toContainEqual(expect.stringContaining("it must end in @AdobeOrg"));
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("without a terminal, it lists everything that is missing, and writes nothing", async () => {
  const pulumi = await project({ backend: "" });
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  const failed = run(undefined);
  await expect(failed).rejects.toThrow(/^Nothing was written, since this is missing:/);
  await expect(failed).rejects.toThrow("Pulumi's backend: --backend <url>");
  await expect(failed).rejects.toThrow("the environment variable PULUMI_CONFIG_PASSPHRASE");
  await expect(failed).rejects.toThrow(
    "aep:clientSecret: the environment variable AEP_CLIENT_SECRET, or npx pulumi config set --secret aep:clientSecret",
  );
  await expect(failed).rejects.toThrow("aep:orgId: --org-id <value>, or the environment variable AEP_ORG_ID");
  await expect(failed).rejects.toThrow("azure-native:location: --location <value>");
  expect(await pulumi.stacks()).toEqual([]);
});

const automatic = () =>
  Object.assign(process.env, {
    ...{ AEP_CLIENT_ID: credentials.clientId, AEP_CLIENT_SECRET: credentials.clientSecret },
    ...{ AEP_ORG_ID: credentials.orgId, CUSTOMERIO_APP_API_KEY: appApiKey },
  });

test("options and variables are enough for a script", async () => {
  const pulumi = await project({ backend: "" });
  automatic();
  const options = { sandbox: "dev", location: "northeurope", environment: "prod", "alert-email": "oncall@example.org" };
  const { result } = await run(undefined, { options, stack: "prod", backend: "file:///state", skipsPreview: true });
  expect(result).toMatchObject({ stack: "prod", madeStack: true, preview: "skipped", problems: [] });
  const { delivery: _, ...settings } = written;
  expect(await pulumi.settings("prod")).toEqual({
    ...settings,
    ...{ "azure-native:location": "northeurope", environment: "prod" },
  });
  expect((await pulumi.calls()).map(({ args }) => args.slice(0, 2).join(" "))).toContain("login file:///state");
});

test("a script with a wrong key fails in words, and writes nothing", async () => {
  const pulumi = await project();
  automatic();
  process.env.CUSTOMERIO_APP_API_KEY = "another-key";
  const failed = run(undefined, { options: { sandbox: "dev", delivery: "direct" } });
  await expect(failed).rejects.toThrow(
    /Nothing was written, since a service refuses its credential:\n.*customerio:appApiKey/s,
  );
  expect(await pulumi.stacks()).toEqual([]);
});

test("missing permissions, with their screen, and a preview that fails make it end as broken", async () => {
  const pulumi = await project({ previewFails: true });
  automatic();
  await usePlatform({ permissionsLacking: "manage-sources" });
  const { result, printed } = await run(undefined, { options: { sandbox: "dev", delivery: "direct" } });
  expect(result).toMatchObject({ preview: "failed", problems: [expect.stringContaining("Permissions > Roles")] });
  expect(printed).toMatch(/Still missing:\n {2}- The credential lacks the permissions Manage Sources/);
  expect(await pulumi.settings("dev")).toMatchObject({ "aep:sandbox": "dev" });
});

test("a new passphrase is typed twice, and Pulumi gets it by the environment alone", async () => {
  const pulumi = await project();
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  const script = [
    [/new passphrase/, "open sesame"],
    [/same passphrase/, "open sesamy", "open sesame"],
    ...everything,
  ] as const;
  const prompter = new ScriptedPrompter(script);
  const { printed } = await run(prompter);
  expect(prompter.asked).toContain("it differs from the first one");
  expect(printed).toContain("read -rs PULUMI_CONFIG_PASSPHRASE");
  const calls = await pulumi.calls();
  expect(calls.filter(({ args }) => args.join(" ").includes("sesame"))).toEqual([]);
  expect(calls.find(({ args }) => args[1] === "init")?.passphrase).toBe("open sesame");
});

test("a list that Platform refuses does not end the setup", async () => {
  const pulumi = await project();
  await usePlatform({ permissionsLacking: "manage-datasets" });
  const refused = "/data/foundation/catalog/dataSets";
  await fetch(`${platform?.url}/__local/faults`, {
    ...{ method: "POST", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ target: "gateway", path: refused, effect: { kind: "status", status: 403 }, rate: 1 }),
  });
  const { result, printed } = await run(new ScriptedPrompter(everything));
  expect(printed).toMatch(/Not checked: Could not list the datasets: .*403/);
  expect(result?.problems).toEqual([expect.stringContaining("lacks the permissions Manage Datasets")]);
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("without the beta source, the HTTP API source is offered", async () => {
  const pulumi = await project();
  await usePlatform({ customerIoSource: "not-entitled" });
  await run(new ScriptedPrompter([[/HTTP API source instead/, true], ...everything]));
  expect(await pulumi.settings("dev")).toEqual({ ...written, source: "http" });
});

test.each([
  ["in a question", [[/purpose/, ctrlC], ...everything]],
  ["in the last one", [[/Write them/, ctrlC], ...everything]],
] as const)("Ctrl-C %s leaves nothing behind", async (_, script) => {
  const pulumi = await project();
  await expect(run(new ScriptedPrompter(script))).rejects.toThrow("force closed");
  expect(await pulumi.stacks()).toEqual([]);
  expect(await readdir(folder)).not.toContain("Pulumi.dev.yaml");
});

test("Ctrl-C while the settings are written undoes what was done", async () => {
  const pulumi = await project({ pressCtrlC: "unfinished.yaml aep:sandbox" });
  automatic();
  const args = [
    "init",
    "--cwd",
    folder,
    "--stack",
    "dev",
    "--sandbox",
    "dev",
    "--delivery",
    "direct",
    "--yes",
    "--skip-preview",
  ];
  const program = path.join(__dirname, "../../bin/customerio-aep.js");
  const child = spawn(process.execPath, [program, ...args], { env: process.env, stdio: ["ignore", "pipe", "inherit"] });
  const [printed, code] = await Promise.all([
    textOf(child.stdout),
    new Promise<number | null>((resolve) => child.on("close", resolve)),
  ]);
  expect([code, printed]).toEqual([130, expect.stringMatching(/Stopped\. No setting was written\.\n$/)]);
  expect(await pulumi.stacks()).toEqual([]);
  expect((await readdir(folder)).filter((name) => name.includes("dev"))).toEqual([]);
});

test.each([false, true])("if a setting can't be written, none is (existing stack: %s)", async (isThere) => {
  const pulumi = await project();
  if (isThere) {
    await run(new ScriptedPrompter(everything), { options: { environment: "dev" } });
    await pulumi.change({ fail: "unfinished.yaml environment" });
    const file = path.join(folder, "Pulumi.dev.yaml");
    const text = await readFile(file, "utf8");
    const changed = new ScriptedPrompter([[/Write them/, true]]);
    await expect(run(changed, { options: { environment: "prod" } })).rejects.toThrow(
      "Could not write the setting environment",
    );
    expect(await readFile(file, "utf8")).toBe(text);
  } else {
    await pulumi.change({ fail: "environment" });
    await expect(run(new ScriptedPrompter(everything))).rejects.toThrow("told to fail");
    expect(await pulumi.stacks()).toEqual([]);
  }
  const left = (await readdir(folder)).filter((name) => name.includes("dev"));
  expect(left).toEqual(isThere ? ["Pulumi.dev.yaml"] : []);
});

test("a new stack that can't be set up leaves the file of its settings as it was", async () => {
  const pulumi = await project({ fail: "unfinished.yaml environment" });
  const file = path.join(folder, "Pulumi.dev.yaml");
  const text = JSON.stringify({ config: { "events:fullResolution": { value: "true", secret: false } } });
  await writeFile(file, text);
  await expect(run(new ScriptedPrompter(everything))).rejects.toThrow("told to fail");
  expect([await pulumi.stacks(), await readFile(file, "utf8")]).toEqual([[], text]);
});

test("an empty folder becomes a project", async () => {
  await FakePulumi.install(folder);
  await writeFile(path.join(folder, "node_modules/.bin/npm"), "#!/bin/sh\nexit 0\n", { mode: 0o755 });
  process.env.PATH = `${path.join(folder, "node_modules/.bin")}:${process.env.PATH}`;
  const { result } = await run(new ScriptedPrompter([[/has no Pulumi project/, "typescript"], ...everything]));
  expect(result).toMatchObject({ madeProject: true, madeStack: true, project: path.basename(folder) });
  const [settings, manifest] = await Promise.all(
    ["Pulumi.yaml", "package.json"].map((name) => readFile(path.join(folder, name), "utf8")),
  );
  expect(settings).toMatch(new RegExp(`^name: ${path.basename(folder)}\n`));
  expect(`${settings}${manifest}`).not.toMatch(/\$\{|^template:/m);
  for (const name of [".npmrc", ".gitignore"]) {
    const template = path.join(__dirname, "../../templates/typescript", name);
    expect(await readFile(path.join(folder, name), "utf8")).toBe(await readFile(template, "utf8"));
  }
});

test.each([false, true])("if npm fails, the folder is as empty as before (Ctrl-C: %s)", async (isInterrupted) => {
  await FakePulumi.install(folder);
  const npm = "#!/bin/sh\necho {} > package-lock.json\nexit 1\n";
  await writeFile(path.join(folder, "node_modules/.bin/npm"), npm, { mode: 0o755 });
  process.env.PATH = `${path.join(folder, "node_modules/.bin")}:${process.env.PATH}`;
  const print = () => {
    if (isInterrupted) setImmediate(() => process.emit("SIGINT"));
  };
  const ports = { prompter: undefined, environment: process.env, print, progress: new Progress(undefined) };
  const failure: unknown = await setUp(wishes(), ports).catch((error: unknown) => error);
  expect(isInterruption(failure)).toBe(isInterrupted);
  if (!isInterrupted) expect(String(failure)).toContain("so the project was removed again");
  expect(await readdir(folder)).toEqual(["node_modules"]);
});

test("a folder with other files is left alone", async () => {
  await FakePulumi.install(folder);
  await writeFile(path.join(folder, "package.json"), "{}");
  await expect(run(undefined)).rejects.toThrow("which would be overwritten");
  expect((await readdir(folder)).sort()).toEqual(["node_modules", "package.json"]);
});

test("settings that the program does not read are refused", async () => {
  await project();
  await writeFile(path.join(folder, "index.ts"), "");
  await expect(run(undefined, { options: { delivery: "direct" } })).rejects.toThrow(
    /^--delivery: the program of this folder/,
  );
});

test("the command's JSON is as documented", async () => {
  await project();
  automatic();
  const values = {
    ...{ cwd: folder, stack: "dev", json: true, debug: false, yes: true, "skip-preview": true },
    sandbox: "dev",
  };
  const given = { ...values, delivery: "direct", template: undefined, backend: undefined, "config-file": undefined };
  const { ending, json } = await initCommand.runInProject(given as never, {
    print: () => undefined,
    progress: new Progress(undefined),
  });
  expect([ending, initCommand.json.strict().parse(json).stack]).toEqual(["well", "dev"]);
});
