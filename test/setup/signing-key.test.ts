import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { UsageError } from "../../cli/command/usage-error.ts";
import {
  type Arrivals,
  awaitCall,
  complaintOfKey,
  runUp,
  storeKeys,
  wantedKeys,
} from "../../cli/signing-key/signing-key.ts";
import { StackSource } from "../../cli/stack/source.ts";
import { stackResource } from "../cli/stack-resource.ts";
import { FakePulumi } from "./fake-pulumi.ts";

function source(folder: string, keys?: string, settings: Readonly<Record<string, string>> = {}): StackSource {
  const secret = { name: "customerio-signing-keys", value: keys };
  const members = [
    stackResource("customerio:index:ReportingWebhook"),
    ...(keys === undefined ? [] : [stackResource("customerio-aep:index:VaultSecret", { inputs: secret })]),
  ];
  return new StackSource({
    name: "events",
    target: { stack: "dev", folder },
    members,
    component: undefined,
    providers: new Map(),
    settings: { "customerio:appApiKey": "the-app-api-key-of-the-workspace", ...settings },
  });
}

let folder: string;
let pulumi: FakePulumi;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "signing-key-"));
  pulumi = await FakePulumi.install(folder, { stacks: ["dev"] });
});
afterEach(() => rm(folder, { recursive: true }));

const key = "0123456789abcdef0123456789abcdef";
const never = new AbortController().signal;

test.each([
  ["", "it is empty"],
  ["the-app-api-key-of-the-workspace", "the key is the value of customerio:appApiKey, another credential"],
  ["••••••", "the key is masked or cut short (dots or asterisks)"],
  [key, undefined],
])("%j: %s", (text, complaint) => {
  expect(complaintOfKey(text, source(folder))).toBe(complaint);
});

test.each([
  [
    "the relay has it, and the setting another one that the next up would deploy",
    key,
    { "shop:signingKeys": "other" },
    false,
    [key],
    true,
  ],
  ["both have it", key, { "shop:signingKeys": `${key}\n` }, false, [key], false],
  ["the relay has it from another setting", key, {}, false, [key], false],
  [
    "the setting has one that no up has deployed, and this one is added",
    "a",
    { "shop:signingKeys": "a\nb" },
    true,
    ["a", "b", key],
    true,
  ],
  ["it is added to what the relay has from another setting", "a", {}, true, ["a", key], true],
  ["the setting has a namespace", "a", { "north:keys": "b" }, true, ["b", key], true],
])("the setting is written unless it has the key: %s", (_case, deployed, settings, isAdded, keys, isNew) => {
  const setting = Object.keys(settings)[0]?.replace("shop:", "") ?? "signingKeys";
  expect(wantedKeys(source(folder, deployed, settings), { setting, key, isAdded })).toEqual({ keys, isNew });
});

test("the keys are stored as a secret, which is in no argument", async () => {
  await storeKeys(source(folder), "signingKeys", ["former-signing-key", key]);
  expect(await pulumi.settings("dev")).toEqual({ signingKeys: `[secret] former-signing-key\n${key}` });
  const [call] = await pulumi.calls();
  expect(call?.args.join(" ")).toBe("config set --secret signingKeys --stack dev");
});

test("up runs, and the relay has the key afterwards", async () => {
  const made = source(folder, key);
  const ports = { arrivals: jest.fn(), reread: async () => made, pause: jest.fn() };
  expect(await runUp(source(folder), { setting: "signingKeys", key, isQuiet: true }, ports)).toBe(made);
  expect((await pulumi.calls()).map(({ args }) => args.join(" "))).toEqual(["up --yes --skip-preview --stack dev"]);
});

test("a program that reads another setting is reported", async () => {
  const ports = { arrivals: jest.fn(), reread: async () => source(folder, "another-signing-key"), pause: jest.fn() };
  const done = runUp(source(folder), { setting: "signingKeys", key, isQuiet: true }, ports);
  await expect(done).rejects.toThrow(
    /^The key is stored in the setting signingKeys, .* name that setting with --setting\.$/,
  );
  // Something was done, so the command line was not refused.
  await expect(done).rejects.not.toBeInstanceOf(UsageError);
});

test("an up that fails keeps the key", async () => {
  await writeFile(path.join(folder, "node_modules/.bin/pulumi"), "#!/bin/sh\nexit 255\n", { mode: 0o755 });
  const ports = { arrivals: jest.fn(), reread: jest.fn(), pause: jest.fn() };
  const done = runUp(source(folder), { setting: "signingKeys", key, isQuiet: true }, ports);
  await expect(done).rejects.toThrow("The key is stored, but npx pulumi up failed");
});

const since = new Date("2026-11-20T10:00:00Z");
const [early, late] = ["2026-11-20T09:59:50Z", "2026-11-20T10:00:03Z"].map((time) => new Date(time));
const nothing: Arrivals = { takenAt: undefined, refusedAt: undefined };

test.each([
  ["accepted", nothing, { ...nothing, takenAt: late }],
  ["accepted", { ...nothing, takenAt: early }, { ...nothing, takenAt: late }],
  ["refused", { ...nothing, takenAt: early }, { takenAt: early, refusedAt: late }],
  ["waiting", { takenAt: early, refusedAt: early }, { takenAt: early, refusedAt: early }],
  // Accepted while `up` ran, so with the former key, and counted some seconds later.
  ["waiting", nothing, { ...nothing, takenAt: early }],
] as const)("a call is %s", async (proof, before, after) => {
  const looks = [before, before, after];
  const arrivals = async () => looks.shift() ?? after;
  const pause = jest.fn(async () => undefined);
  expect(await awaitCall(source(folder), { since, minutes: 1, signal: never }, { arrivals, pause })).toBe(proof);
  // For a minute it looks every three seconds.
  expect(pause).toHaveBeenCalledTimes(proof === "waiting" ? 20 : 2);
});
