import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { Interruption } from "../../cli/interrupt.ts";
import { Progress } from "../../cli/output/progress.ts";
import { setUp } from "../../cli/setup/set-up.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { timeSeries } from "../../packages/pulumi-aep/src/client/xdm.ts";
import { AzureClient } from "../../relay/deploy/client/client.ts";
import { ctrlC, ScriptedPrompter } from "./scripted-prompter.ts";
import { everything, giveCredentials, SetupWorld } from "./setup-world.ts";

// What a setup leaves behind that is stopped or fails, and what it says then.
const { appApiKey } = localCredentials.customerIo;
const inScript = ["init", "--stack", "dev", "--sandbox", "dev", "--delivery", "direct", "--yes"];
const setupFolder = path.join(__dirname, "../../cli/setup");

const world = new SetupWorld("shop", "another shop");
beforeAll(() => world.start());
afterAll(() => world.stop());
beforeEach(() => world.beginTest());
afterEach(async () => {
  jest.restoreAllMocks();
  await world.endTest();
});

/** The texts of all files of the project, by their names. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => name !== "node_modules");
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), "utf8")));
  return Object.fromEntries(names.map((name, index) => [name, texts[index] ?? ""]));
}

/** Platform with a schema that can be chosen. */
function spyOnPlatform(): void {
  const results = [{ $id: "https://ns.adobe.com/tenant/schemas/1", title: "Old", "meta:extends": [timeSeries] }];
  const call = AepClient.prototype.call;
  jest.spyOn(AepClient.prototype, "call").mockImplementation(async function (this: AepClient, asked, answer) {
    return asked.purpose === "list the schemas" ? ({ results } as never) : call.call(this, asked, answer);
  } as typeof call);
}

/** Azure with two subscriptions, which fails at first. */
function spyOnAzure(): void {
  const { subscriptionId } = localCredentials.azure;
  const value = [subscriptionId, "6c0ffee0-d9cb-469f-a165-70867728950e"].map((id) => ({
    subscriptionId: id,
    displayName: id,
  }));
  const query = AzureClient.prototype.query;
  let fails = true;
  jest.spyOn(AzureClient.prototype, "query").mockImplementation(async function (this: AzureClient, ...args) {
    if (args[0].path !== "/subscriptions") return query.apply(this, args);
    if (fails) {
      fails = false;
      throw new Error("Azure is down.");
    }
    return { value };
  });
}

/** A first run in an empty folder, in which every question is asked but those of `others`. */
const firstRun = [
  [/has no Pulumi project\. Create one in/, "typescript"],
  [/Where should Pulumi keep its state\?/, "file://~"],
  [/Stack \(one for each environment\)/, "dev"],
  [/A new passphrase for the stack's secrets/, "open sesame"],
  [/The same passphrase again/, "open sesame"],
  [/Adobe: client id/, "wrong", localCredentials.platform.clientId],
  [/Adobe: client secret/, localCredentials.platform.clientSecret, localCredentials.platform.clientSecret],
  [/Adobe: organization id/, localCredentials.platform.orgId, localCredentials.platform.orgId],
  [/Re-enter what Adobe refused\?/, true],
  [/Platform: sandbox/, "dev"],
  [/Use the HTTP API source instead\?/, true],
  [/Platform: dataset$/, "Create one (recommended)"],
  [/Platform: schema of the dataset/, "Create one (recommended)"],
  [/Customer\.io: App API key/, appApiKey],
  [/Is that the workspace whose events you want\?/, true],
  [/Delivery/, "relay"],
  [/Try Azure again\?/, true],
  [/Azure: subscription/, localCredentials.azure.subscriptionId],
  [/Azure: region/, "westeurope"],
  [/Azure: purpose of the relay/, "dev"],
  [/E-mail address for alerts/, "oncall@example.org"],
  [/Write them\?/, true],
] as const;
/** Questions of other runs. */
const others = [
  // An existing project with a wrong key; see below.
  "A service refuses the credential. Write the settings anyway?",
  // A file with encrypted secrets; see found-settings.test.ts.
  "Passphrase of the stack's secrets",
  "That passphrase is wrong. Passphrase of the stack's secrets",
  // Its question has the same words.
  "${alertEmail.message} (empty: none)",
  // Only options and the file give these.
  "Platform: source in its catalog",
  "Platform: schema",
  "Customer.io: region",
];

test("every question of the setup is among those in which Ctrl-C is pressed", async () => {
  const names = (await readdir(setupFolder, { recursive: true })).filter((name) => name.endsWith(".ts"));
  const texts = await Promise.all(names.map((name) => readFile(path.join(setupFolder, name), "utf8")));
  const messages = texts.flatMap((text) =>
    [...text.matchAll(/\bmessage(?: =|:)\s*(?:\w+(?: [=?&|]+| \?)\s*)*((?:["`][^"`]+["`][ :\n]*)+)/g)].flatMap(
      ([, found = ""]) => [...found.matchAll(/["`]([^"`]+)["`]/g)].map(([, message = ""]) => message),
    ),
  );
  expect(messages.length).toBeGreaterThan(25);
  const isTried = (message: string) =>
    others.includes(message) ||
    ["Adobe", "Azure"].some((vendor) =>
      firstRun.some(([pattern]) => pattern.test(message.replace("${vendor}", vendor))),
    );
  expect(messages.filter((message) => !isTried(message))).toEqual([]);
});

test.each(firstRun.map(([pattern]) => ({ pattern })))(
  "Ctrl-C at $pattern leaves a complete project or none, and nothing else",
  async ({ pattern }) => {
    const pulumi = await world.emptyFolder("exit 0", { backend: "" });
    delete process.env.PULUMI_CONFIG_PASSPHRASE;
    await world.usePlatform({ customerIoSource: "not-entitled" });
    spyOnAzure();
    spyOnPlatform();
    const script = firstRun.map((entry) => (entry[0] === pattern ? ([pattern, ctrlC] as const) : entry));
    const prompter = new ScriptedPrompter(script);
    const failure = await world.run(prompter).catch((error: unknown) => error);
    expect(prompter.asked.at(-1)).toMatch(pattern);
    expect(failure).toBeInstanceOf(Interruption);
    expect((failure as Error).message).toMatch(/^Stopped\. No setting was written\. /);
    const isFirst = pattern === firstRun[0][0];
    const files = await filesOf(world.folder);
    if (isFirst) {
      expect(files).toEqual({});
      expect((failure as Error).message).toContain("To start again: npx customerio-aep init");
    } else {
      expect(Object.keys(files).sort()).toEqual(
        [".gitignore", ".npmrc", "Pulumi.yaml", "index.ts", "package.json", "program.js", "tsconfig.json"].sort(),
      );
      expect((failure as Error).message).toContain(`The new project in ${world.folder} is complete and stays.`);
      expect((failure as Error).message).toContain(`To set it up: npx customerio-aep init --cwd ${world.folder}`);
    }
    // Pulumi was only asked.
    const commands = (await pulumi.calls()).map(({ args }) => args.slice(0, 2).join(" "));
    expect(commands.filter((command) => !/^(version|whoami|stack (ls|--show-name))/.test(command))).toEqual([]);
    expect(await pulumi.stacks()).toEqual([]);
  },
);

test.each([/Write them\?/, /Write the settings anyway\?/])(
  "in a project, Ctrl-C or No at %s changes nothing",
  async (pattern) => {
    for (const answer of [ctrlC, false] as const) {
      const pulumi = await world.project();
      const before = await filesOf(world.folder);
      const isRefused = pattern.test("Write the settings anyway?");
      const key = isRefused ? "another-key-of-customer-io" : appApiKey;
      const script = everything.map((entry) => (/App API/.test(String(entry[0])) ? ([entry[0], key] as const) : entry));
      const more = [
        [/Re-enter what Customer\.io/, false],
        [/Is that the workspace/, true],
        [pattern, answer],
      ] as const;
      const failed = world.run(new ScriptedPrompter([...more, ...script]), { stack: "dev" });
      await expect(failed).rejects.toThrow(
        `Stopped. No setting was written. To start again: npx customerio-aep init --stack dev --cwd ${world.folder}`,
      );
      expect([await filesOf(world.folder), await pulumi.stacks()]).toEqual([before, []]);
    }
  },
);

test("Ctrl-C while a service is asked stops the call", async () => {
  const pulumi = await world.project();
  giveCredentials();
  // It answers when nobody waits any more.
  jest.spyOn(AzureClient.prototype, "query").mockImplementation(
    (asked, _schema, signal) =>
      new Promise((_, reject) => {
        signal?.addEventListener("abort", () => reject(new Error(`Could not ${asked.purpose}: aborted`)));
        process.emit("SIGINT");
      }),
  );
  const failed = world.run(undefined, { options: { sandbox: "dev", location: "westeurope" } });
  await expect(failed).rejects.toThrow(/^Stopped\. No setting was written\./);
  expect(await pulumi.stacks()).toEqual([]);
});

test("Ctrl-C while the settings are written undoes what was done", async () => {
  const pulumi = await world.project({ pressCtrlC: "unfinished.yaml aep:sandbox" });
  giveCredentials();
  const before = await filesOf(world.folder);
  expect(await world.runProgram(...inScript)).toEqual([
    130,
    expect.stringMatching(/Stopped\. No setting was written\. To start again: .*\n$/),
  ]);
  expect([await filesOf(world.folder), await pulumi.stacks()]).toEqual([before, []]);
});

test("Ctrl-C in the preview says that the settings are written", async () => {
  const pulumi = await world.project({ pressCtrlC: "preview" });
  giveCredentials();
  const next = `Stopped. The settings of the stack dev are written. Next: npx pulumi preview --stack dev\n`;
  expect(await world.runProgram(...inScript)).toEqual([130, expect.stringMatching(new RegExp(`${next}$`))]);
  expect(await pulumi.settings("dev")).toMatchObject({ "aep:sandbox": "dev" });
});

test.each([false, true])("if npm fails, the folder is as empty as before (Ctrl-C: %s)", async (isInterrupted) => {
  await world.emptyFolder("echo {} > package-lock.json\nexit 1");
  const print = () => {
    if (isInterrupted) setImmediate(() => process.emit("SIGINT"));
  };
  const ports = { prompter: undefined, environment: process.env, print, progress: new Progress(undefined) };
  const failure = (await setUp(world.wishes(), ports).catch((error: unknown) => error)) as Error;
  expect(failure instanceof Interruption).toBe(isInterrupted);
  expect(failure.message).toContain(
    isInterrupted ? "Stopped. No setting was written. To start again" : "so the project was removed again",
  );
  expect(await readdir(world.folder)).toEqual(["node_modules"]);
});

test("without a terminal, a new project stays when settings are missing, and the error says so", async () => {
  await world.emptyFolder("exit 0");
  const failed = world.run(undefined);
  await expect(failed).rejects.toThrow(/^No setting was written, since this is missing:/);
  await expect(failed).rejects.toThrow(`The new project in ${world.folder} is complete and stays.`);
  expect(Object.keys(await filesOf(world.folder))).toContain("Pulumi.yaml");
});

test.each([true, false])("if Pulumi can't be started, nobody is asked anything (project: %s)", async (isProject) => {
  const fails = { fail: "version", backend: "" };
  await (isProject ? world.project(fails) : world.emptyFolder("exit 0", fails));
  const before = await filesOf(world.folder);
  const prompter = new ScriptedPrompter([]);
  const failed = world.run(prompter);
  await expect(failed).rejects.toThrow("Could not start Pulumi: told to fail");
  expect([prompter.asked, await filesOf(world.folder)]).toEqual([[], before]);
});

test("if the Pulumi that npm installs for a new project can't be started, the error says so", async () => {
  await world.emptyFolder("printf '#!/bin/sh\\necho no engine >&2\\nexit 1\\n' > node_modules/.bin/pulumi");
  await expect(world.run(undefined)).rejects.toThrow("Could not start Pulumi: no engine");
});

test("a new stack that can't be set up leaves the file of its settings as it was", async () => {
  const pulumi = await world.project({ fail: "unfinished.yaml environment" });
  const file = path.join(world.folder, "Pulumi.dev.yaml");
  const text = JSON.stringify({ config: { "events:fullResolution": { value: "true", secret: false } } });
  await writeFile(file, text);
  const script = [[/Is that the workspace/, true], ...everything] as const;
  await expect(world.run(new ScriptedPrompter(script))).rejects.toThrow("told to fail");
  expect([await pulumi.stacks(), await readFile(file, "utf8")]).toEqual([[], text]);
});
