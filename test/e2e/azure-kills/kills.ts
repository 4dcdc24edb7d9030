import { randomBytes } from "node:crypto";
import type { Pulumi } from "../../../packages/local-cloud/src/demo/pulumi.ts";
import { checkpointsOf, type LocalStack, startLocalStack } from "../local-stack.ts";
import { AzureEffects, type Census, type Effect } from "./azure-effects.ts";

/**
 * The real engine, killed with its child processes between an effect in Azure and its record in the state. `npm run kills`
 * (`AZURE_KILLS=all`) tries every effect; otherwise some at which a command once failed. All kills of a test file use
 * one stack, one after the other: each starts from what was checked after the previous one.
 */
export const tryAll = process.env.AZURE_KILLS === "all";
const minutes = 60_000;

/** The time limit of a test that kills a command once, or at each of its effects. */
export const killLimit = (tryAll ? 120 : 10) * minutes;

export const theApp = /^PUT .*\/sites\/[^/]+$/;
export const thePlan = /^PUT .*\/server[fF]arms\/[^/]+$/;

export let stack: LocalStack;
/** The same stack for commands that are killed. */
let killed: Pulumi;
export let azure: AzureEffects;
/** The verified part of the stack. */
let present: "all" | "nothing" | "unknown";
/** The resources with fixed names that an undisturbed `up` leaves in Azure. */
let expected: Census;
/** Resource groups that were created when the engine was killed. */
let emptyGroups = 0;
const kills: Partial<Record<Operation, number>> = {};

type Operation =
  | "up"
  | "change"
  | "change to direct delivery"
  | "replacement in place"
  | "replacement by a new relay"
  | "destroy";

const command: Record<Operation, () => Promise<unknown>> = {
  up: () => killed.up(),
  change: () => killed.up(),
  "change to direct delivery": () => killed.up(),
  // Another vault is created; the app keeps its id and is rewritten.
  "replacement in place": () => replace(/keyvault:Vault::|customerio-aep:index:FunctionApp::/),
  "replacement by a new relay": () => replace(/storage:StorageAccount::/),
  destroy: () => killed.destroy(),
};

/** What has to exist before a command. */
const prepare: Record<Operation, () => Promise<void>> = {
  up: () => beDown(),
  change: async () => {
    await beUp();
    await changeSettings();
  },
  "change to direct delivery": async () => {
    await stack.pulumi.configure("delivery", "relay");
    await beUp();
    await stack.pulumi.configure("delivery", "direct");
  },
  "replacement in place": () => beUp(),
  "replacement by a new relay": () => beUp(),
  destroy: () => beUp(),
};

/**
 * Kills an operation at each of its effects, or at the first of each kind in the sample; a failure after one does not prevent the
 * others.
 * @param recover continues from there, and may kill again or run the operation again
 * @param before checks what the operation will find
 */
export async function eachKill(
  operation: Operation,
  sample: readonly RegExp[],
  recover: (kill: () => Promise<void>, effect: Effect, again: () => Promise<unknown>) => Promise<void>,
  before: () => Promise<void> = async () => undefined,
): Promise<void> {
  const faults: Error[] = [];
  for (const effect of tryAll ? await effectsOf(operation) : sample.map(firstOf)) {
    const kill = async () => {
      present = "unknown";
      await azure.killAt(effect, command[operation]);
      kills[operation] = (kills[operation] ?? 0) + 1;
      if (/^PUT \/resourceGroups\/[^/]+$/.test(effect.name)) emptyGroups++;
    };
    const from = Date.now();
    try {
      await prepare[operation]();
      await before();
      await kill();
      await recover(kill, effect, command[operation]);
    } catch (cause) {
      faults.push(new Error(`after a kill of ${operation} at ${effect.name}`, { cause }));
      await stack.stop();
      await start();
    }
    if (tryAll) process.stdout.write(`${operation}: ${effect.name}, ${Math.round((Date.now() - from) / 1000)} s\n`);
  }
  if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join("\n"));
}

/** The effects of an undisturbed run. */
async function effectsOf(operation: Operation): Promise<readonly Effect[]> {
  await prepare[operation]();
  present = "unknown";
  const effects = await azure.of(command[operation]);
  expect(effects.length).toBeGreaterThan(0);
  return effects;
}

const firstOf = ({ source }: RegExp): Effect => ({ name: source, pattern: source, time: 1 });

export async function start(): Promise<void> {
  stack = await startLocalStack();
  killed = stack.pulumiWith(checkpointsOf(true));
  azure = new AzureEffects({ cloud: stack.cloud, pulumi: killed });
  present = "nothing";
  emptyGroups = 0;
}

/** Reports the number of kills, and ends the stack without a destroy. */
export async function end(): Promise<void> {
  const counts = Object.entries(kills).map(([operation, count]) => `${count} of ${operation}`);
  process.stdout.write(`kills at effects in Azure: ${counts.join(", ")}\n`);
  await stack.stop();
}

/** An `up` leaves no duplicates and nothing missing, and a preview then shows no changes. */
export async function beUp(): Promise<void> {
  if (present === "all") return;
  await stack.pulumi.up();
  // The first one is undisturbed.
  expected ??= await azure.countFixed();
  await expectWhole();
}

export async function expectWhole(): Promise<void> {
  expect(await azure.countFixed()).toEqual(expected);
  await stack.pulumi.preview("--expect-no-changes");
  present = "all";
}

/** A preview of an `up` refuses to trust the state, and names the command that restores the stack. */
export async function requireRefusedPreview(): Promise<void> {
  const refusal = await stack.pulumi.preview().then(
    () => "it is not refused",
    (error: Error) => error.message,
  );
  expect(refusal).toContain("Azure lacks what the stack's state has");
  expect(refusal).toContain("To recreate it, run: npx pulumi up --refresh.");
}

export async function beDown(): Promise<void> {
  if (present === "nothing") return;
  await stack.pulumi.destroy();
  expect(await stack.pulumi.resources()).toEqual([]);
  const { Azure, ...others } = await stack.vendors.leftovers();
  expect(others).toEqual({ Platform: [], "Customer.io": [] });
  // The only resource without a parent in the stack: a group that is not in the state stays, empty.
  expect(Azure).toEqual(emptyGroups > 0 ? [`${emptyGroups} azure-native:resources:ResourceGroup`] : []);
  present = "nothing";
}

async function replace(part: RegExp): Promise<unknown> {
  const urns = new Set((await killed.resources()).filter((urn) => part.test(urn)));
  return killed.up(...[...urns].flatMap((urn) => ["--replace", urn]));
}

let changes = 0;

/** Settings that change the app's settings, a secret, the recipients of alerts, and the app itself. */
async function changeSettings(): Promise<void> {
  changes++;
  await stack.pulumi.configure("maximumRequestsPerSecond", String(500 + changes));
  await stack.pulumi.configure("alertEmails[0]", `on-call-${changes}@example.com`, "--path");
  await stack.pulumi.configure("instanceMemory", changes % 2 ? "4096" : "2048");
  await stack.pulumi.configureSecret("signingKeys", randomBytes(32).toString("hex"));
}
