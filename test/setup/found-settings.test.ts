import { appendFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { writeSettings } from "../../cli/setup/pulumi/write-settings.ts";
import { callPulumi } from "../../cli/stack/pulumi.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { ctrlC, ScriptedPrompter } from "./scripted-prompter.ts";
import { adobe, SetupWorld } from "./setup-world.ts";

// A stack that does not exist yet, but the file of its settings does, such as a copy of another stack's. With the real Pulumi, which
// encrypts and decrypts.
const { platform, customerIo } = localCredentials;
const dataset = "65f1c0ffee0123456789abcd";

const world = new SetupWorld("shop");
/** The file of a stack that has a secret and plain settings, and whose passphrase is "a passphrase". */
let copied: string;
beforeAll(async () => {
  await world.start();
  await beginTest();
  await pulumi("stack", "init", "old");
  const plain = [`aep:clientId=${platform.clientId}`, `aep:orgId=${platform.orgId}`, "aep:sandbox=dev"];
  const options = ["--stack", "old", "--path", ...plain.flatMap((one) => ["--plaintext", one])];
  await pulumi("config", "set-all", ...options, "--plaintext", `dataset.existing=${dataset}`);
  await pulumi("config", "set", "--secret", "aep:clientSecret", platform.clientSecret, "--stack", "old");
  copied = await readFile(path.join(world.folder, "Pulumi.old.yaml"), "utf8");
  await world.endTest();
}, 60_000);
afterAll(() => world.stop());
beforeEach(beginTest);
afterEach(() => world.endTest());

async function beginTest(): Promise<void> {
  await world.beginTest();
  await world.makeProject();
  Object.assign(process.env, { PULUMI_BACKEND_URL: `file://${world.folder}`, PULUMI_SKIP_UPDATE_CHECK: "1" });
}

const pulumi = (...command: string[]) => callPulumi({ folder: world.folder, command, purpose: "prepare the test" });
const file = () => path.join(world.folder, "Pulumi.dev.yaml");
const textOfFile = () => readFile(file(), "utf8");

/** The answers that the file lacks. */
const rest = [
  [/App API key/, customerIo.appApiKey],
  [/Delivery/, "direct"],
  [/Write them/, true],
] as const;

const setUpDev = (prompter: ScriptedPrompter | undefined) => world.run(prompter, { stack: "dev", skipsPreview: true });

test("only what the file lacks is asked, and its own passphrase opens its secrets", async () => {
  await writeFile(file(), copied);
  const prompter = new ScriptedPrompter(rest);
  const { result } = await setUpDev(prompter);
  expect(prompter.asked).toEqual([
    "Customer.io: App API key",
    expect.stringContaining("Delivery"),
    expect.stringContaining("Write them?"),
  ]);
  expect(result?.written).toEqual(["customerio:appApiKey", "customerio:region", "delivery"]);
  const settings = JSON.parse(await pulumi("config", "--json", "--show-secrets", "--stack", "dev"));
  expect(settings).toMatchObject({
    "aep:clientSecret": { value: platform.clientSecret, secret: true },
    "aep:orgId": { value: platform.orgId },
    "customerio:appApiKey": { value: customerIo.appApiKey, secret: true },
    "events:dataset": { objectValue: { existing: dataset } },
  });
}, 60_000);

test("a copy of a stack's file makes a stack in another region", async () => {
  await writeFile(file(), `${copied}  azure-native:location: westeurope\n`);
  process.env.CUSTOMERIO_APP_API_KEY = customerIo.appApiKey;
  const ended = await world.runProgram("init", "--stack", "dev", "--location", "northeurope", "--skip-preview");
  expect(ended).toEqual([0, expect.stringContaining("npx pulumi up --stack dev")]);
  const settings = JSON.parse(await pulumi("config", "--json", "--show-secrets", "--stack", "dev"));
  expect(settings).toMatchObject({
    "azure-native:location": { value: "northeurope" },
    "aep:clientSecret": { value: platform.clientSecret, secret: true },
  });
}, 60_000);

test("without a file, everything is asked", async () => {
  const prompter = new ScriptedPrompter([[/client id/, ctrlC]]);
  await expect(setUpDev(prompter)).rejects.toThrow("Stopped. No setting was written.");
  expect(prompter.asked).toEqual(["Adobe: client id"]);
});

test("a passphrase that does not open the file is asked for again, and Ctrl-C changes nothing", async () => {
  await writeFile(file(), copied);
  const look = async () => [await textOfFile(), (await readdir(world.folder)).filter((name) => name !== ".pulumi")];
  const before = await look();
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  const wrong = /That passphrase is wrong/;
  for (const script of [
    [[/Passphrase/, ctrlC]],
    [
      [wrong, ctrlC],
      [/Passphrase/, "wrong"],
    ],
    [
      [wrong, "a passphrase"],
      [/Passphrase/, "wrong"],
      [/App API key/, ctrlC],
    ],
  ] as const) {
    const prompter = new ScriptedPrompter(script);
    await expect(setUpDev(prompter)).rejects.toThrow("Stopped. No setting was written.");
    expect(prompter.asked).toHaveLength(script.length);
    expect(await look()).toEqual(before);
  }
}, 60_000);

test("a wrong passphrase in the environment is an error with a next step", async () => {
  await writeFile(file(), copied);
  const before = await textOfFile();
  process.env.PULUMI_CONFIG_PASSPHRASE = "wrong";
  const failed = setUpDev(new ScriptedPrompter([]));
  await expect(failed).rejects.toThrow(`Could not decrypt the secrets of ${file()}`);
  await expect(failed).rejects.toThrow(
    /incorrect passphrase[\s\S]*Provide the passphrase or the key that encrypted them, or remove them/,
  );
  expect(await textOfFile()).toBe(before);
}, 60_000);

test("secrets that Pulumi Cloud encrypted for another stack are named, and asked for", async () => {
  const [[, clientId], , [, orgId]] = adobe;
  await writeFile(
    file(),
    `config:\n  aep:clientId: ${clientId}\n  aep:orgId: ${orgId}\n  aep:clientSecret:\n    secure: AAABADQXFlU0mxbTgNyl\n` +
      "  aep:sandbox: dev\n  events:signingKeys:\n    secure: AAABADQXFlU0mxbTgNym\n",
  );
  const prompter = new ScriptedPrompter([[/client secret/, platform.clientSecret], ...rest]);
  const { printed } = await setUpDev(prompter);
  expect(printed).toMatch(/can't decrypt: aep:clientSecret, signingKeys\..*npx pulumi config rm <setting>/);
  expect(prompter.asked[0]).toBe("Adobe: client secret");
  expect(prompter.asked).toHaveLength(4);
  expect(await pulumi("config", "get", "aep:clientSecret", "--stack", "dev")).toBe(`${platform.clientSecret}\n`);
}, 60_000);

test("a provider of secrets stays that of the file", async () => {
  // It can't be reached here, which shows that it is used. That is not a reason to replace it.
  const text = "secretsprovider: hashivault://key\nencryptedkey: c2VjcmV0\nconfig:\n  aep:sandbox: dev\n";
  await writeFile(file(), text);
  delete process.env.PULUMI_CONFIG_PASSPHRASE;
  delete process.env.VAULT_SERVER_URL;
  await expect(setUpDev(new ScriptedPrompter([]))).rejects.toThrow(
    /Could not decrypt the secrets of .*hashivault:\/\/key/s,
  );
  expect(await textOfFile()).toBe(text);
}, 60_000);

test("the stack is made with the file's provider of secrets, since Pulumi would replace it", async () => {
  await writeFile(file(), "secretsprovider: hashivault://key\nencryptedkey: c2VjcmV0\n");
  const calls: string[][] = [];
  const call = async (_purpose: string, ...command: string[]) => void calls.push(command);
  await writeSettings({ settingsFile: file, call } as never, { stack: "dev", isNew: true, changes: [] });
  expect(calls).toEqual([["stack", "init", "dev", "--secrets-provider", "hashivault://key"]]);
});

test("the project's stackConfigDir is where settings are found and written, as by Pulumi", async () => {
  const settings = path.join(world.folder, "settings");
  await appendFile(path.join(world.folder, "Pulumi.yaml"), "stackConfigDir: settings # each stack's\n");
  await mkdir(settings);
  await writeFile(path.join(settings, "Pulumi.dev.yaml"), copied);
  const prompter = new ScriptedPrompter(rest);
  await setUpDev(prompter);
  expect(prompter.asked).toHaveLength(rest.length);
  expect(await readdir(settings)).toEqual(["Pulumi.dev.yaml"]);
  const read = (key: string) => pulumi("config", "get", key, "--stack", "dev").then((text) => text.trim());
  expect([await read("aep:orgId"), await read("delivery")]).toEqual([platform.orgId, "direct"]);
}, 60_000);
