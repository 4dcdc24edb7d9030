import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { strFromU8, unzipSync } from "fflate";
import { Progress } from "../../cli/output/progress.ts";
import { StackSource } from "../../cli/stack/source.ts";
import { collectBundle, writeBundle } from "../../cli/support/bundle.ts";
import { secretTextsIn } from "../../cli/support/hidden-settings.ts";
import { Scrubber } from "../../cli/support/scrub.ts";
import { supportBundleCommand } from "../../cli/support/support-bundle-command.ts";
import { recordingServer } from "../../packages/pulumi-customerio/test/recording-server.ts";
import { settingsTable } from "../../settings/table.ts";
import { type Canary, freshSecret, Search } from "../taint/canary.ts";
import { stackResource } from "./stack-resource.ts";

const canaries: Canary[] = [];
function plant(name: string, secret: string): string {
  canaries.push({ name, secret });
  return secret;
}

const secrets = {
  clientSecret: plant("client secret", freshSecret("p8e-")),
  keys: [plant("first signing key", freshSecret()), plant("second signing key", freshSecret())].join("\n"),
  url: `https://dcs.adobedc.net/collection/${plant("inlet", freshSecret())}?x=1`,
};
/** Secrets that Pulumi keeps in plain text: of plain settings, or set without `--secret`. */
const inPlainText = {
  appApiKey: plant("App API key", freshSecret()),
  alertWebhook: `https://events.example.org/${plant("alert webhook", freshSecret())}`,
  sharedWebhook: `https://events.example.org/${plant("webhook in a structured setting", freshSecret())}`,
  passedKey: plant("key that the program passes to a provider", freshSecret()),
};
const personal = { email: plant("e-mail", "jane.doe+news@example.org"), phone: plant("phone", "+49 151 2345 6789") };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "bundle-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("secrets in any form, tokens, addresses and phone numbers are removed; ids, times and counts stay", () => {
  const scrubber = new Scrubber(Object.values(secrets));
  const search = new Search(canaries);
  const [first = ""] = secrets.keys.split("\n");
  const texts = [
    `refused with ${secrets.clientSecret}, key ${first}, to ${secrets.url}`,
    Buffer.from(first).toString("base64"),
    encodeURIComponent(secrets.keys),
    JSON.stringify({ keys: secrets.keys, reason: `${personal.email} and ${personal.phone}` }),
    encodeURIComponent(personal.email),
  ];
  for (const text of texts) expect(search.in(scrubber.text(text))).toEqual([]);
  const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.signature";
  expect(scrubber.text(`Bearer ${token} ?sig=abc&x=1`)).toBe("Bearer [secret] ?sig=[secret]&x=1");
  const plain =
    "2026-11-20T10:00:00.000Z 01J9ZK3M5X8QW2R7T4V6B1N0CA 5c8c3c555033b814b69f947f 1763632800 delivered 12345678";
  expect(scrubber.text(plain)).toBe(plain);
});

test("a part that fails has its reason, without the secret in it", async () => {
  const part = {
    name: "status.json",
    about: "findings",
    collect: async () => Promise.reject(new Error(`no: ${secrets.clientSecret}`)),
  };
  const files = await collectBundle([part], new Scrubber(Object.values(secrets)));
  expect(JSON.parse(files.get("status.json") ?? "")).toEqual({ error: "no: [secret]" });
  expect(files.get("README.txt")).toContain("status.json");
});

test("it is written whole, and only its owner can read it", async () => {
  const file = path.join(folder, "bundle.zip");
  await writeBundle(file, new Map([["a.json", "{}"]]));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(writeBundle(path.join(folder, "not/there.zip"), new Map())).rejects.toThrow("ENOENT");
});

const sealed = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };

/** A fake `pulumi` for a stack whose state and settings hold the canaries. */
async function stackWithSecrets(): Promise<void> {
  const urn = (type: string) => `urn:pulumi:dev::events::${type}::events`;
  const state = (show: boolean) => {
    const secret = (text: string) => ({
      ...sealed,
      ...(show ? { plaintext: JSON.stringify(text) } : { ciphertext: "v1:x" }),
    });
    const resources = [
      {
        type: "customerio:index:ReportingWebhook",
        urn: urn("customerio:index:ReportingWebhook"),
        id: "7",
        inputs: { endpoint: secret(secrets.url) },
      },
      {
        type: "aep:index:Dataflow",
        urn: urn("aep:index:Dataflow"),
        id: "flow",
        inputs: { name: "Events", owner: personal.email },
      },
      // The ids, which are in the bundle, repeat secrets.
      {
        type: "azure-native:monitor:ActionGroup",
        urn: urn("azure-native:monitor:ActionGroup"),
        id: inPlainText.alertWebhook,
        inputs: { serviceUri: secret(inPlainText.alertWebhook) },
      },
      {
        type: "pulumi:providers:customerio",
        urn: urn("pulumi:providers:customerio"),
        id: inPlainText.passedKey,
        inputs: { appApiKey: inPlainText.passedKey },
      },
    ];
    return { deployment: { resources } };
  };
  const settings = (show: boolean) => ({
    "aep:clientSecret": { secret: true, ...(show && { value: secrets.clientSecret }) },
    "events:signingKeys": { secret: true, ...(show && { value: secrets.keys }) },
    "events:alertEmails": { value: JSON.stringify([personal.email]), secret: false },
    "events:environment": { value: "prod", secret: false },
    "events:alertWebhooks": { value: JSON.stringify([inPlainText.alertWebhook]), secret: false },
    "events:settings": { value: JSON.stringify({ alertWebhooks: [inPlainText.sharedWebhook] }), secret: false },
    "customerio:appApiKey": { value: inPlainText.appApiKey, secret: false },
  });
  await writeFile(
    path.join(folder, "world.json"),
    JSON.stringify([false, true].map((show) => ({ state: state(show), settings: settings(show) }))),
  );
  const bin = path.join(folder, "node_modules/.bin");
  await mkdir(bin, { recursive: true });
  const program = `#!/usr/bin/env node
const [plain, whole] = JSON.parse(require("node:fs").readFileSync("world.json", "utf8"));
const { state, settings } = process.argv.includes("--show-secrets") ? whole : plain;
console.log(process.argv[2] === "version" ? "v3.259.0" : JSON.stringify(process.argv[2] === "stack" ? state : settings));
`;
  await writeFile(path.join(bin, "package.json"), '{"type":"commonjs"}');
  await writeFile(path.join(bin, "pulumi"), program, { mode: 0o755 });
}

test("a secret is found by the name of its setting, in the program's own configuration too; all others are shown", () => {
  const hidden = (key: string, value = "a value") => secretTextsIn(key, value).length > 0;
  for (const key of [
    "aep:clientSecret",
    "events:relayClientSecret",
    "events:northSigningKeys",
    "events:northAppApiKey",
  ]) {
    expect([key, hidden(key)]).toEqual([key, true]);
  }
  expect(hidden("events:azure", JSON.stringify({ disableFormerSecrets: true, secretLifetimeDays: 365 }))).toBe(false);
  const names = Object.keys(settingsTable).filter((name) => hidden(`events:${name}`));
  expect(names.sort()).toEqual(["alertWebhooks", "relayClientSecret", "signingKeys"]);
});

test("the command's file has everything that it needs, and no canary", async () => {
  await stackWithSecrets();
  const server = await recordingServer(() => ({ status: 403, body: {} }));
  const url = `http://127.0.0.1:${server.port}`;
  const source = new StackSource({
    name: "events",
    target: { stack: "dev", folder },
    component: undefined,
    providers: new Map(),
    members: [stackResource("customerio:index:ReportingWebhook"), stackResource("aep:index:Dataflow")],
    // The services refuse, which the findings report.
    settings: {
      "customerio:appApiKey": "key",
      "customerio:appApiUrl": url,
      "aep:platformUrl": url,
      "aep:imsUrl": url,
    },
  });
  const printed: string[] = [];
  const context = {
    print: (...lines: string[]) => void printed.push(...lines),
    progress: new Progress(undefined),
    isJson: false,
    isOneOfSeveral: false,
    signal: new AbortController().signal,
    printJson: () => undefined,
  };
  const { json } = await supportBundleCommand.run(source, { folder }, context);
  await server.close();
  const files = Object.entries(unzipSync(await readFile(json.file))).map(
    ([name, bytes]) => [name, strFromU8(bytes)] as const,
  );
  const search = new Search(canaries);
  for (const [name, text] of files) expect([name, search.in(text)]).toEqual([name, []]);
  expect(search.in(printed.join("\n"))).toEqual([]);
  const {
    "settings.json": settings = "",
    "resources.json": resources = "",
    "status.json": status = "",
  } = Object.fromEntries(files);
  expect(JSON.parse(settings)).toMatchObject({
    "events:environment": "prod",
    "aep:clientSecret": "[secret]",
    "events:alertEmails": '["[e-mail]"]',
    "events:alertWebhooks": "[secret]",
    "events:settings": "[secret]",
    "customerio:appApiKey": "[secret]",
  });
  expect(JSON.parse(resources)[0]).toMatchObject({ id: "7", inputs: { endpoint: "[secret]" } });
  expect(JSON.parse(status).map(({ part }: { part: string }) => part)).toContain("webhook");
  expect(printed[0]).toMatch(/^The bundle has, without secrets or personal data:/);
  expect(printed.at(-1)).toBe(`  unzip -p ${json.file} status.json`);
}, 60_000);
