import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type LocalStack, startLocalStack } from "./local-stack.ts";

/**
 * The real engine, killed with all that it has started between an effect in Azure and the note of it in the state, whichever
 * effect that is. `AZURE_KILLS=all` tries every one, which takes most of an hour; else a few are drawn, the same ones again by `AZURE_KILLS_SEED`.
 */
const tryAll = process.env.AZURE_KILLS === "all";
const seed = Number(process.env.AZURE_KILLS_SEED ?? randomInt(2 ** 31));
const minutes = 60_000;

let stack: LocalStack;
/** Of each operation: the effects of a straight run. */
const effectsOf: Record<string, readonly string[]> = {};
/** What a straight run leaves in Azure under names that are not drawn anew for each attempt. */
let expected: Record<string, number>;
let kills = 0;
/** Resource groups that were made when the engine was killed. */
let emptyGroups = 0;

const command = {
  up: () => stack.pulumi.up(),
  update: () => stack.pulumi.up(),
  replace: () => stack.pulumi.run(...replaceParts),
  destroy: () => stack.pulumi.destroy(),
};
type Operation = keyof typeof command;
let replaceParts: string[] = [];

beforeAll(async () => {
  process.stdout.write(`killed at effects in Azure: AZURE_KILLS_SEED=${seed}\n`);
  stack = await startLocalStack();
  effectsOf.up = await straight("up");
  expected = await fixedResources();
  // Of the vault another one is made; the app stays under its id and is written anew.
  const parts = (await stack.pulumi.resources()).filter((urn) =>
    /keyvault:Vault::|customerio-aep:index:FunctionApp::/.test(urn),
  );
  const flags = ["--yes", "--skip-preview", "--stack", "local", "--config-file", stack.configFile];
  replaceParts = ["up", ...parts.flatMap((urn) => ["--replace", urn]), ...flags];
  effectsOf.replace = await straight("replace");
  await changeSettings();
  effectsOf.update = await straight("update");
  effectsOf.destroy = await straight("destroy");
}, 5 * minutes);

afterAll(async () => {
  process.stdout.write(`kills at effects in Azure: ${kills}, all finished by the next plain command\n`);
  await stack.stop();
}, minutes);

test(
  "an up that is killed at an effect in Azure is finished by the next one",
  () =>
    eachKill("up", 2, async (effect) => {
      await stack.pulumi.up();
      await expectStraight();
      await takeDown(effect);
    }),
  (tryAll ? 60 : 5) * minutes,
);

test(
  "what an up that is killed at an effect in Azure has made goes with a destroy straight away",
  () => eachKill("up", 1, takeDown),
  (tryAll ? 60 : 3) * minutes,
);

test(
  "a change that is killed at an effect in Azure is finished by the next up",
  async () => {
    await stack.pulumi.up();
    await eachKill(
      "update",
      1,
      async () => {
        await stack.pulumi.up();
        await expectStraight();
      },
      changeSettings,
    );
  },
  (tryAll ? 30 : 4) * minutes,
);

test(
  "a replacement that is killed at an effect in Azure is finished by the next up",
  () =>
    eachKill(
      "replace",
      1,
      async () => {
        await stack.pulumi.up();
        await expectStraight();
      },
      () => stack.pulumi.up(),
    ),
  (tryAll ? 30 : 4) * minutes,
);

test(
  "a destroy that is killed at an effect in Azure is finished by the next one, and undone by an up that refreshes",
  () =>
    eachKill(
      "destroy",
      2,
      async (effect, index) => {
        // The state still has what is gone. A plain up takes its word for it.
        if (index % 2 === 0) {
          await stack.pulumi.up("--refresh");
          await expectStraight();
        }
        await takeDown(effect);
      },
      () => stack.pulumi.up(),
    ),
  (tryAll ? 60 : 5) * minutes,
);

/** Kills an operation once at each effect, or at as many as are drawn, and goes on. */
async function eachKill(
  operation: Operation,
  sample: number,
  goOn: (effect: string, index: number) => Promise<void>,
  prepare: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const points = pointsOf(operation, sample);
  for (const [index, point] of points.entries()) {
    await prepare();
    const effect = await killAt(operation, point);
    try {
      await goOn(effect, index);
    } catch (error) {
      throw new Error(`after a kill at effect ${point} of ${operation}, ${effect}`, { cause: error });
    }
  }
}

/** Numbers of effects, from 1. */
function pointsOf(operation: Operation, sample: number): number[] {
  const count = effectsOf[operation]?.length ?? 0;
  expect(count).toBeGreaterThan(0);
  const every = Array.from({ length: count }, (_, index) => index + 1);
  if (tryAll) return every;
  // One from each part of the operation, so that a sample never has its beginning alone.
  return Array.from({ length: sample }, (_, part) => {
    const [from, to] = [part, part + 1].map((edge) => Math.floor((edge * count) / sample)) as [number, number];
    return from + 1 + ((seed + 7919 * part) % Math.max(1, to - from));
  });
}

/** Runs an operation until the effect has come about, then kills all of it; answers the effect. */
async function killAt(operation: Operation, point: number): Promise<string> {
  await hold(point);
  const failed = command[operation]().then(
    () => "ended",
    () => "killed",
  );
  let held: string | undefined;
  for (const deadline = Date.now() + 2 * minutes; held === undefined && Date.now() < deadline; await wait(20)) {
    held = (await effects()).held;
  }
  await stack.pulumi.kill();
  expect([await failed, held]).toEqual(["killed", expect.any(String)]);
  await hold(0);
  await stack.pulumi.run("cancel", "local", "--yes");
  kills++;
  return held ?? "";
}

async function straight(operation: Operation): Promise<readonly string[]> {
  await hold(0);
  await command[operation]();
  return (await effects()).effects;
}

/** Nothing is there twice, nothing is missing, and the program finds nothing to do. */
async function expectStraight(): Promise<void> {
  expect(await fixedResources()).toEqual(expected);
  await stack.pulumi.preview("--expect-no-changes");
}

async function takeDown(effect: string): Promise<void> {
  await stack.pulumi.destroy();
  expect(await stack.pulumi.resources()).toEqual([]);
  const { Azure, ...others } = await stack.vendors.leftovers();
  expect(others).toEqual({ Platform: [], "Customer.io": [] });
  // The one thing that lies in nothing of the stack's: a group of which the state knows nothing stays, empty.
  if (/^PUT \/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/.test(effect)) emptyGroups++;
  expect(Azure).toEqual(emptyGroups > 0 ? [`${emptyGroups} azure-native:resources:ResourceGroup`] : []);
}

let changes = 0;

/** Settings that change what the app runs with, a secret, who is told, and the app itself. */
async function changeSettings(): Promise<void> {
  changes++;
  await stack.pulumi.configure("maximumRequestsPerSecond", String(500 + changes));
  await stack.pulumi.configure("alertEmails[0]", `on-call-${changes}@example.com`, "--path");
  await stack.pulumi.configure("instanceMemory", changes % 2 ? "4096" : "2048");
  await stack.pulumi.configureSecret("signingKeys", randomBytes(32).toString("hex"));
}

/** How many there are of what has a fixed name, or takes its name from what holds it. */
async function fixedResources(): Promise<Record<string, number>> {
  const { resources } = await azure<{ resources: Record<string, number> }>("census");
  const fixed = /:(Queue|BlobContainer|ManagementPolicy|Secret|RoleAssignment|Workbook|WebApp\w*)$/;
  return Object.fromEntries(Object.entries(resources).filter(([type]) => fixed.test(type)));
}

function effects(): Promise<{ effects: string[]; held?: string }> {
  return azure("effects");
}

function hold(holdAt: number): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  return azure("effects", { method: "POST", headers, body: JSON.stringify({ holdAt }) });
}

async function azure<T>(what: string, init?: RequestInit): Promise<T> {
  const answer = await fetch(`${stack.cloud.environment.AZURE_RESOURCE_MANAGER_URL}/__local/${what}`, init);
  return (await answer.json()) as T;
}
