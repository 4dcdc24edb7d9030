import { randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { Progress } from "../../cli/output/progress.ts";
import { initCommand } from "../../cli/setup/init-command.ts";
import { type Question, questions } from "../../cli/setup/questions.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { AzureClient } from "../../relay/deploy/client/client.ts";
import { ScriptedPrompter } from "./scripted-prompter.ts";
import { everything, giveCredentials, SetupWorld, written } from "./setup-world.ts";

const credentials = localCredentials.platform;
const { appApiKey } = localCredentials.customerIo;

const world = new SetupWorld("shop");
beforeAll(() => world.start());
afterAll(() => world.stop());
beforeEach(() => world.beginTest());
afterEach(() => world.endTest());

test("it asks for everything, tests each credential, writes the settings with secrets encrypted, and previews", async () => {
  const pulumi = await world.project();
  const prompter = new ScriptedPrompter(everything);
  const { result, printed } = await world.run(prompter);
  expect(result).toMatchObject({ project: "events", stack: "dev", madeStack: true, preview: "passed", problems: [] });
  expect(await pulumi.settings("dev")).toEqual(written);
  expect(printed).toContain("Adobe accepts the credential, which may use 2 sandboxes.");
  expect(printed).toContain("Customer.io accepts the key for the workspace shop, in the region us.");
  expect(printed).toMatch(
    /2\. Give your Azure login the roles of operators.*\n {2}3\. npx customerio-aep signing-key --stack dev/,
  );
  // No secret in an argument or on the screen, and no file is left over.
  for (const secret of [credentials.clientSecret, appApiKey]) {
    for (const { args } of await pulumi.calls()) expect(args.join(" ")).not.toContain(secret);
    expect(printed).not.toContain(secret);
  }
  expect((await readdir(world.folder)).sort()).toEqual(["Pulumi.dev.yaml", "Pulumi.yaml", "index.ts", "node_modules"]);
});

test("run again, it asks nothing and writes nothing", async () => {
  const pulumi = await world.project();
  await world.run(new ScriptedPrompter(everything));
  const prompter = new ScriptedPrompter([]);
  const { result, printed } = await world.run(prompter);
  expect(prompter.asked).toEqual([]);
  expect(result?.written).toEqual([]);
  expect(printed).toContain("The stack already has all settings.");
  expect(await pulumi.settings("dev")).toEqual(written);
  expect((await readdir(world.folder)).filter((name) => name.startsWith("Pulumi."))).toEqual([
    "Pulumi.dev.yaml",
    "Pulumi.yaml",
  ]);
});

test("run again with the stack's full name, it finds the same stack", async () => {
  const pulumi = await world.project();
  await world.run(new ScriptedPrompter(everything));
  const { result } = await world.run(new ScriptedPrompter([]), { stack: "organization/events/dev" });
  expect(result).toMatchObject({ madeStack: false, written: [], preview: "passed" });
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("a refused credential is explained and asked for again; a key of the other region is found there", async () => {
  const pulumi = await world.project();
  const [, ...others] = everything.filter(([pattern]) => !/client|organization/.test(String(pattern)));
  const prompter = new ScriptedPrompter([
    [/^Stack/, "dev"],
    [/client id/, credentials.clientId, credentials.clientId],
    [/client secret/, "p8e-wrong", credentials.clientSecret],
    [/organization id/, "not an id", credentials.orgId, credentials.orgId],
    [/Re-enter what Adobe refused/, true],
    ...others,
  ]);
  const { printed } = await world.run(prompter);
  expect(printed).toMatch(/client secret/);
  expect(prompter.asked).toContainEqual(expect.stringContaining("it must end in @AdobeOrg"));
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("without a terminal, it lists everything that is missing, and writes nothing", async () => {
  const pulumi = await world.project({ backend: "" });
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  const failed = world.run(undefined);
  await expect(failed).rejects.toThrow(/^No setting was written, since this is missing:/);
  await expect(failed).rejects.toThrow("Pulumi's backend: --backend <url>");
  await expect(failed).rejects.toThrow("the environment variable PULUMI_CONFIG_PASSPHRASE");
  await expect(failed).rejects.toThrow(
    "aep:clientSecret: the environment variable AEP_CLIENT_SECRET, or npx pulumi config set --secret aep:clientSecret",
  );
  await expect(failed).rejects.toThrow("aep:orgId: --org-id <value>, or the environment variable AEP_ORG_ID");
  await expect(failed).rejects.toThrow("azure-native:location: --location <value>");
  expect(await pulumi.stacks()).toEqual([]);
});

test("without a terminal, a value that can't be used is not called missing", async () => {
  await world.project();
  giveCredentials();
  Object.assign(process.env, { AEP_ORG_ID: "0123456789ABCDEF01234567", AEP_SANDBOX: "Dev Sandbox" });
  const failed = world.run(undefined, { options: { delivery: "direct" } });
  await expect(failed).rejects.toThrow(
    "aep:orgId: the environment variable AEP_ORG_ID can't be used, since it must end in @AdobeOrg, such as " +
      "0123456789ABCDEF01234567@AdobeOrg. Give another value by --org-id <value>, or the environment variable AEP_ORG_ID, or npx",
  );
});

test("a person learns why a given value is asked for again, and without a terminal a wrong subscription is not left out", async () => {
  await world.project();
  giveCredentials();
  Object.assign(process.env, { AEP_ORG_ID: "0123456789ABCDEF01234567", ARM_SUBSCRIPTION_ID: "Pay-As-You-Go" });
  const { printed } = await world.run(new ScriptedPrompter(everything));
  expect(printed.split("\n").filter((line) => line.includes("can't be used"))).toEqual([
    "  aep:orgId: the environment variable AEP_ORG_ID can't be used, since it must end in @AdobeOrg, such as 0123456789ABCDEF01234567@AdobeOrg.",
    expect.stringMatching(
      /^ {2}azure-native:subscriptionId: the environment variable ARM_SUBSCRIPTION_ID can't be used, since .*UUID/,
    ),
  ]);
  delete process.env.AEP_ORG_ID;
  await expect(world.run(undefined, { stack: "prod", options: { location: "westeurope" } })).rejects.toThrow(
    /\n.*azure-native:subscriptionId: the environment variable ARM_SUBSCRIPTION_ID can't be used, since [^\n]*\. Give another value by --subscription <value>/,
  );
});

test("a sandbox that the credential may not use is named with those that it may use, and a person chooses another", async () => {
  const pulumi = await world.project();
  giveCredentials();
  process.env.AEP_SANDBOX = "nosuch";
  const { printed } = await world.run(undefined, { stack: "prod", options: { delivery: "direct" } });
  expect(printed).toContain("The credential may not use the sandbox nosuch, only: prod, dev\n");
  const given = everything.filter(([pattern]) => !/client|organization|key/.test(String(pattern)));
  await world.run(new ScriptedPrompter(given), { stack: "dev" });
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("without the passphrase of a stack's settings, it does not call them missing", async () => {
  await world.project();
  await world.run(new ScriptedPrompter(everything));
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  await expect(world.run(undefined)).rejects.toThrow(
    /^No setting was written, since this is missing:\n[^\n]*PULUMI_CONFIG_PASSPHRASE_FILE$/,
  );
});

test("a variable that differs from the stack's setting is not used without a word", async () => {
  const pulumi = await world.project();
  await world.run(new ScriptedPrompter(everything));
  giveCredentials();
  Object.assign(process.env, { AEP_SANDBOX: "prod", AEP_CLIENT_SECRET: "p8e-other" });
  const { printed } = await world.run(undefined);
  expect(printed.split("\n").filter((line) => line.includes("was not used"))).toEqual([
    "  AEP_CLIENT_SECRET was not used, since the stack has another value of aep:clientSecret. To change that: npx pulumi config set --secret aep:clientSecret",
    "  AEP_SANDBOX was not used, since the stack has another value of aep:sandbox. To change that: npx pulumi config set aep:sandbox <value>",
  ]);
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("a new stack for a dataset that another stack of the same workspace may fill says that events would arrive twice", async () => {
  await world.project();
  giveCredentials();
  process.env.AEP_SANDBOX = "dev";
  const options = { dataset: "5c8c3c555033b814b69f947f", delivery: "direct" };
  const { printed } = await world.run(undefined, { stack: "prod", options });
  expect(printed).toMatch(
    /fill the existing dataset 5c8c.* \("Warehouse", "Score leads"\), each event will arrive twice\. .*--path webhook\.disabled true$/m,
  );
  const { printed: again } = await world.run(undefined, { stack: "prod", options });
  expect(again).not.toContain("twice");
});

test("options and variables are enough for a script", async () => {
  const pulumi = await world.project({ backend: "" });
  giveCredentials();
  const options = { sandbox: "dev", location: "northeurope", environment: "prod", "alert-email": "oncall@example.org" };
  const { result } = await world.run(undefined, {
    options,
    stack: "prod",
    backend: "file:///state",
    skipsPreview: true,
  });
  expect(result).toMatchObject({ stack: "prod", madeStack: true, preview: "skipped", problems: [] });
  const { delivery: _, ...settings } = written;
  expect(await pulumi.settings("prod")).toEqual({
    ...settings,
    "azure-native:location": "northeurope",
    environment: "prod",
  });
  expect((await pulumi.calls()).map(({ args }) => args.slice(0, 2).join(" "))).toContain("login file:///state");
});

test("a subscription that the login's own list lacks may be of another tenant", async () => {
  await world.project();
  giveCredentials();
  const query = AzureClient.prototype.query;
  const spy = jest.spyOn(AzureClient.prototype, "query").mockImplementation(function (this: AzureClient, ...args) {
    const other = { subscriptionId: randomUUID(), displayName: "Other" };
    return args[0].path === "/subscriptions" ? Promise.resolve({ value: [other] }) : query.apply(this, args);
  } as typeof query);
  const runWith = async (subscription: string) => {
    const options = { sandbox: "dev", location: "northeurope", subscription };
    return (await world.run(undefined, { options, skipsPreview: true })).result.problems;
  };
  const unknown = randomUUID();
  try {
    expect(await runWith(localCredentials.azure.subscriptionId)).toEqual([]);
    expect(await runWith(unknown)).toEqual([
      expect.stringContaining(`Your Azure login does not see the subscription ${unknown}.`),
    ]);
  } finally {
    spy.mockRestore();
  }
});

test("the program itself, in a script", async () => {
  const pulumi = await world.project();
  giveCredentials();
  process.env.AEP_SANDBOX = "dev";
  const [code, printed] = await world.runProgram(
    "init",
    "--stack",
    "prod",
    "--environment",
    "prod",
    "--location",
    "northeurope",
    "--yes",
  );
  expect([code, printed]).toEqual([0, expect.stringContaining("npx pulumi up --stack prod")]);
  expect(await pulumi.settings("prod")).toMatchObject({ environment: "prod", "azure-native:location": "northeurope" });
});

test("a script with a wrong key fails in words, and writes nothing", async () => {
  const pulumi = await world.project();
  giveCredentials();
  process.env.CUSTOMERIO_APP_API_KEY = "another-key";
  const failed = world.run(undefined, { options: { sandbox: "dev", delivery: "direct" } });
  await expect(failed).rejects.toThrow(
    /No setting was written, since a service refuses the credential:\n.*customerio:appApiKey/s,
  );
  expect(await pulumi.stacks()).toEqual([]);
});

test("without a relay, the next steps have no signing key, which nothing would check", async () => {
  await world.project();
  giveCredentials();
  const { printed } = await world.run(undefined, { options: { sandbox: "dev", delivery: "direct" } });
  expect(printed).toMatch(
    /Next:\n {2}1\. npx pulumi up --stack dev.*\n {2}2\. npx customerio-aep status --stack dev.*$/,
  );
});

test("every option of a setting has its own line of help, which says more than the setting's name", () => {
  for (const { option, about = "" } of Object.values<Question>(questions)) {
    if (option !== undefined) expect([option, about]).toEqual([option, expect.stringMatching(/^\S.{20,}[^.:]$/)]);
  }
});

test("missing permissions, with their screen, and a preview that fails make it end as broken", async () => {
  const pulumi = await world.project({ previewFails: true });
  giveCredentials();
  await world.usePlatform({ permissionsLacking: "manage-sources" });
  const { result, printed } = await world.run(undefined, { options: { sandbox: "dev", delivery: "direct" } });
  expect(result).toMatchObject({ preview: "failed", problems: [expect.stringContaining("Permissions > Roles")] });
  expect(printed).toMatch(/Still missing:\n {2}- The credential lacks the permissions Manage Sources/);
  expect(await pulumi.settings("dev")).toMatchObject({ "aep:sandbox": "dev" });
});

test("a new passphrase is typed twice, and Pulumi gets it by the environment alone", async () => {
  const pulumi = await world.project();
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  const script = [
    [/new passphrase/, "open sesame"],
    [/same passphrase/, "open sesamy", "open sesame"],
    ...everything,
  ] as const;
  const prompter = new ScriptedPrompter(script);
  const { printed } = await world.run(prompter);
  expect(prompter.asked).toContain("it differs from the first one");
  expect(printed).toContain("read -rs PULUMI_CONFIG_PASSPHRASE");
  const calls = await pulumi.calls();
  expect(calls.filter(({ args }) => args.join(" ").includes("sesame"))).toEqual([]);
  expect(calls.find(({ args }) => args[1] === "init")?.passphrase).toBe("open sesame");
});

test("a list that Platform refuses does not end the setup", async () => {
  const pulumi = await world.project();
  await world.usePlatform({ permissionsLacking: "manage-datasets" });
  const refused = "/data/foundation/catalog/dataSets";
  await fetch(`${world.platformUrl}/__local/faults`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ target: "gateway", path: refused, effect: { kind: "status", status: 403 }, rate: 1 }),
  });
  const { result, printed } = await world.run(new ScriptedPrompter(everything));
  expect(printed).toMatch(/Not checked: Could not list the datasets: .*403/);
  expect(result?.problems).toEqual([expect.stringContaining("lacks the permissions Manage Datasets")]);
  expect(await pulumi.settings("dev")).toEqual(written);
});

test("without the beta source, the HTTP API source is offered", async () => {
  const pulumi = await world.project();
  await world.usePlatform({ customerIoSource: "not-entitled" });
  await world.run(new ScriptedPrompter([[/HTTP API source instead/, true], ...everything]));
  expect(await pulumi.settings("dev")).toEqual({ ...written, source: "http" });
});

test.each([false, true])("if a setting can't be written, none is (existing stack: %s)", async (isThere) => {
  const pulumi = await world.project();
  if (isThere) {
    await world.run(new ScriptedPrompter(everything), { options: { environment: "dev" } });
    await pulumi.change({ fail: "unfinished.yaml environment" });
    const file = path.join(world.folder, "Pulumi.dev.yaml");
    const text = await readFile(file, "utf8");
    const changed = new ScriptedPrompter([[/Write them/, true]]);
    await expect(world.run(changed, { options: { environment: "prod" } })).rejects.toThrow(
      "Could not write the setting environment",
    );
    expect(await readFile(file, "utf8")).toBe(text);
  } else {
    await pulumi.change({ fail: "environment" });
    await expect(world.run(new ScriptedPrompter(everything))).rejects.toThrow("told to fail");
    expect(await pulumi.stacks()).toEqual([]);
  }
  const left = (await readdir(world.folder)).filter((name) => name.includes("dev"));
  expect(left).toEqual(isThere ? ["Pulumi.dev.yaml"] : []);
});

test("the command's JSON is as documented", async () => {
  await world.project();
  giveCredentials();
  const values = {
    cwd: world.folder,
    stack: "dev",
    json: true,
    debug: false,
    yes: true,
    "skip-preview": true,
    sandbox: "dev",
  };
  const given = { ...values, delivery: "direct", template: undefined, backend: undefined, "config-file": undefined };
  const { ending, json } = await initCommand.runInProject(given as never, {
    print: () => undefined,
    progress: new Progress(undefined),
  });
  expect([ending, initCommand.json.strict().parse(json).stack]).toEqual(["well", "dev"]);
});
