import { randomBytes } from "node:crypto";
import { AzureEffects, type Census, type Effect } from "./azure-effects.ts";
import { type LocalStack, startLocalStack } from "./local-stack.ts";

/**
 * The real engine, killed with all that it has started between an effect in Azure and the note of it in the state. `npm run kills`
 * (`AZURE_KILLS=all`) tries every effect; else some are tried at which a command once did not go on. All kills stand on one stack, one
 * after the other: what a kill needs is what has been checked after the kill before it.
 */
const tryAll = process.env.AZURE_KILLS === "all";
const minutes = 60_000;

const theApp = /^PUT .*\/sites\/[^/]+$/;
const thePlan = /^PUT .*\/serverFarms\/[^/]+$/i;

let stack: LocalStack;
let azure: AzureEffects;
/** Whether the stack is there, whole. */
let isUp = false;
/** What a straight `up` leaves in Azure under names that are not drawn again for each attempt. */
let expected: Census;
/** Resource groups that were made when the engine was killed. */
let emptyGroups = 0;
/** Of each operation: the effects of a straight run. */
const effectsOf: Partial<Record<Operation, readonly Effect[]>> = {};
const kills: Partial<Record<Operation, number>> = {};

type Operation = "up" | "change" | "replacement in place" | "replacement by a new relay" | "destroy";

const command: Record<Operation, () => Promise<unknown>> = {
  up: () => stack.pulumi.up(),
  change: () => stack.pulumi.up(),
  // Of the vault another one is made; the app stays under its id and is rewritten.
  "replacement in place": () => replace(/keyvault:Vault::|customerio-aep:index:FunctionApp::/),
  "replacement by a new relay": () => replace(/storage:StorageAccount::/),
  destroy: () => stack.pulumi.destroy(),
};

beforeAll(async () => {
  await start();
}, minutes);

afterAll(async () => {
  const counts = Object.entries(kills).map(([operation, count]) => `${count} of ${operation}`);
  process.stdout.write(`kills at effects in Azure: ${counts.join(", ")}\n`);
  await stack.stop();
}, minutes);

test(
  "what an up that is killed at an effect in Azure has made goes with a destroy straight away",
  async () => {
    await learnUp();
    // Azure deletes no plan that has an app, and the state does not know this one.
    await eachKill("up", [theApp], async (kill) => {
      await kill();
      await beDown();
    });
  },
  (tryAll ? 120 : 10) * minutes,
);

test(
  "an up that is killed at an effect in Azure is finished by the next one",
  async () => {
    await learnUp();
    await eachKill("up", [thePlan], async (kill) => {
      await kill();
      await beUp();
      await beDown();
    });
  },
  (tryAll ? 120 : 10) * minutes,
);

test(
  "a change that is killed at an effect in Azure is finished by the next up",
  async () => {
    await beUp();
    await changeSettings();
    effectsOf.change = await azure.of(command.change);
    await eachKill("change", [theApp], async (kill) => {
      await beUp();
      await changeSettings();
      await kill();
      isUp = false;
      await beUp();
    });
  },
  (tryAll ? 60 : 10) * minutes,
);

const replacements = ["replacement by a new relay", "replacement in place"] as const;
test.each(tryAll ? replacements : replacements.slice(0, 1))(
  "a %s that is killed at an effect in Azure is finished by the next up",
  async (operation) => {
    await beUp();
    effectsOf[operation] = await azure.of(command[operation]);
    // Until the new plan is there, the former app is the stack's, and still has dead letters to be counted.
    await eachKill(operation, [thePlan], async (kill) => {
      await beUp();
      await kill();
      isUp = false;
      await beUp();
    });
  },
  (tryAll ? 120 : 10) * minutes,
);

test(
  "a destroy that is killed at an effect in Azure is finished by the next one, or undone by the command that the preview of an up names",
  async () => {
    await beUp();
    effectsOf.destroy = await azure.of(command.destroy);
    isUp = false;
    // Of an alert nobody else would say that it is missing.
    await eachKill("destroy", [/^DELETE .*\/scheduledQueryRules\/[^/]+$/], async (kill) => {
      await beUp();
      const before = await azure.census();
      await kill();
      isUp = false;
      // The state still has what is gone.
      const refusal = await stack.pulumi.preview().catch((error: Error) => error.message);
      expect(refusal).toContain("Azure does not have what the stack's state has");
      expect(refusal).toContain("To make it again, run: npx pulumi up --refresh.");
      await stack.pulumi.up("--refresh");
      await expectWhole();
      expect(await azure.census()).toEqual(before);
      await kill();
      isUp = false;
      await beDown();
    });
  },
  (tryAll ? 120 : 10) * minutes,
);

async function learnUp(): Promise<void> {
  if (effectsOf.up) return;
  effectsOf.up = await azure.of(beUp);
  await beDown();
}

/** Tries a kill at each effect of an operation, or at the first of each kind; what goes wrong after one does not keep the others from their turn. */
async function eachKill(
  operation: Operation,
  sample: readonly RegExp[],
  attempt: (kill: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const faults: Error[] = [];
  for (const effect of chosen(operation, sample)) {
    const kill = async () => {
      await azure.killAt(effect, command[operation]);
      kills[operation] = (kills[operation] ?? 0) + 1;
      if (/^PUT \/resourceGroups\/[^/]+$/.test(effect.name)) emptyGroups++;
    };
    const from = Date.now();
    try {
      await attempt(kill);
    } catch (cause) {
      faults.push(new Error(`after a kill of ${operation} at ${effect.name}`, { cause }));
      await stack.stop();
      await start();
    }
    if (tryAll) process.stdout.write(`${operation}: ${effect.name}, ${Math.round((Date.now() - from) / 1000)} s\n`);
  }
  if (faults.length > 0) throw new AggregateError(faults, faults.map(({ message }) => message).join("\n"));
}

function chosen(operation: Operation, sample: readonly RegExp[]): readonly Effect[] {
  const all = effectsOf[operation] ?? [];
  expect(all.length).toBeGreaterThan(0);
  if (tryAll) return all;
  return sample.map((kind) => {
    const effect = all.find(({ name }) => kind.test(name));
    if (effect === undefined) throw new Error(`There is no ${kind} among ${all.map(({ name }) => name).join("\n")}`);
    return effect;
  });
}

async function start(): Promise<void> {
  stack = await startLocalStack();
  azure = new AzureEffects(stack);
  isUp = false;
  emptyGroups = 0;
}

/** A plain up leaves nothing there twice and nothing missing, and the program then finds nothing to do. */
async function beUp(): Promise<void> {
  if (isUp) return;
  await stack.pulumi.up();
  expected ??= await azure.fixed();
  await expectWhole();
}

async function expectWhole(): Promise<void> {
  expect(await azure.fixed()).toEqual(expected);
  await stack.pulumi.preview("--expect-no-changes");
  isUp = true;
}

async function beDown(): Promise<void> {
  isUp = false;
  await stack.pulumi.destroy();
  expect(await stack.pulumi.resources()).toEqual([]);
  const { Azure, ...others } = await stack.vendors.leftovers();
  expect(others).toEqual({ Platform: [], "Customer.io": [] });
  // The one thing that lies in nothing of the stack's: a group of which the state knows nothing stays, empty.
  expect(Azure).toEqual(emptyGroups > 0 ? [`${emptyGroups} azure-native:resources:ResourceGroup`] : []);
}

async function replace(part: RegExp): Promise<unknown> {
  const urns = new Set((await stack.pulumi.resources()).filter((urn) => part.test(urn)));
  return stack.pulumi.up(...[...urns].flatMap((urn) => ["--replace", urn]));
}

let changes = 0;

/** Settings that change what the app runs with, a secret, the recipients of alerts, and the app itself. */
async function changeSettings(): Promise<void> {
  changes++;
  await stack.pulumi.configure("maximumRequestsPerSecond", String(500 + changes));
  await stack.pulumi.configure("alertEmails[0]", `on-call-${changes}@example.com`, "--path");
  await stack.pulumi.configure("instanceMemory", changes % 2 ? "4096" : "2048");
  await stack.pulumi.configureSecret("signingKeys", randomBytes(32).toString("hex"));
}
