import path from "node:path";
import type { Answer } from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { relayGuard } from "../../../relay/deploy/resources/relay-guard.ts";
import { type AzureServer, failure, gone, operationOn, queueId, type TestOperation, useAzure } from "./azure-server.ts";

const health = "GET /health";
const queue = `GET ${queueId}`;
const queues = `GET ${path.posix.dirname(queueId)}`;
const there: Answer = { body: { properties: { approximateMessageCount: 4 } } };
const dead = (count: number, ageSeconds = 0): Answer => {
  return { body: { status: "ok", deadLetters: { count, more: false }, ageSeconds } };
};

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

type Guarded = Parameters<typeof relayGuard.delete>[2];

const guardState = () =>
  ({ delivery: "relay", queueId, healthUrl: `https://${azure.host}/health` }) as unknown as Guarded;
const direct = { delivery: "direct" } as unknown as Guarded;
const remove = (state = guardState()) => relayGuard.delete(operation, "guard", state);
const permit = (olds: Guarded, news: object) =>
  relayGuard.permit?.(operation, "guard", { olds, news, replaces: false, unknown: [] }) as Promise<void>;

describe("a destroy", () => {
  test("is refused while there are dead letters, with the remedies, and the intake stays open", async () => {
    azure.script = { [queue]: [there], [health]: [dead(5)] };
    const { message } = await failure(remove());
    expect(message).toMatch(/^The relay is not taken down, since there are 5 dead letters: /);
    expect(message).toContain("the relay still works, and Customer.io's webhook still posts to it.");
    for (const way of ["npx customerio-aep replay --stack dev", "export --folder", "RELAY_ABANDON_DEAD_LETTERS=true"]) {
      expect(message).toContain(way);
    }
    expect(azure.requests.map(({ method }) => method)).toEqual(["GET", "GET"]);
  });

  test("does not accept a count from before its request, since a dead letter may have been added meanwhile", async () => {
    azure.script = { [queue]: [there], [health]: [dead(0, 3), dead(1)] };
    const { message } = await failure(remove());
    expect(message).toContain("there is 1 dead letter");
    expect(operation.clock.sleeps).toEqual([2_000]);
  });

  test("nor if the wall clock is set meanwhile", async () => {
    azure.script = { [queue]: [there], [health]: [dead(0, 3), dead(0, 4), dead(1)] };
    const { sleep } = operation.clock;
    operation.clock.sleep = async (...args) => {
      operation.clock.set += 3_600_000;
      await sleep.apply(operation.clock, args);
    };
    expect((await failure(remove())).message).toContain("there is 1 dead letter");
  });

  test("accepts a count that others have requested meanwhile", async () => {
    azure.script = { [queue]: [there], [health]: [dead(0, 4), dead(0, 5), dead(0, 1), dead(1)] };
    await remove();
    expect(operation.clock.sleeps).toEqual([1_000, 1_000]);
  });

  test("asks a relay that does not say when it counted a second time, five seconds later", async () => {
    const silent = (count: number): Answer => ({ body: { status: "ok", deadLetters: { count, more: false } } });
    azure.script = { [queue]: [there], [health]: [silent(0), silent(1)] };
    expect((await failure(remove())).message).toContain("there is 1 dead letter");
    expect(operation.clock.sleeps).toEqual([5_000]);
  });

  test("continues without any, whatever still waits: the drain delivers it", async () => {
    azure.script = { [queue]: [there], [health]: [dead(0)] };
    await remove();
    expect(operation.shown).toEqual([]);
  });

  test.each<[string, Answer, string]>([
    ["does not answer well", { status: 503, body: "no storage" }, "/health answers 503: no storage"],
    ["is of an earlier version", { body: { status: "ok" } }, "does not say how many there are"],
  ])("is refused after a minute, as by the drain, if the relay %s", async (_, answer, why) => {
    azure.script = { [queue]: [there], [health]: [answer] };
    const { message } = await failure(remove());
    expect(message).toContain("could not be counted after 62 s: ");
    expect(message).toContain(why);
  });

  test("waits for a relay that starts", async () => {
    azure.script = { [queue]: [there], [health]: [{ status: 503, body: "starting" }, dead(0)] };
    await remove();
    expect(operation.clock.sleeps).toEqual([2_000]);
  });

  test("allows a destroy if the relay was deleted by hand with its account, or never existed", async () => {
    azure.script = { [queue]: [gone], [queues]: [gone] };
    await remove();
    await remove(direct);
    expect(azure.requests).toHaveLength(2);
  });

  test("is refused if only the queue was deleted by hand, since its account may hold dead letters", async () => {
    azure.script = { [queue]: [gone], [queues]: [{ body: { value: [] } }] };
    const { message } = await failure(remove());
    expect(message).toMatch(/^The relay is not taken down, since its dead letters can't be counted/);
    expect(message).toContain("npx pulumi up --refresh --stack dev");
    expect(message).toContain("RELAY_ABANDON_DEAD_LETTERS=true");
  });

  test("does not ask if dead letters are given up", async () => {
    process.env.RELAY_ABANDON_DEAD_LETTERS = "true";
    operation = operationOn(azure);
    await remove();
    expect(azure.requests).toEqual([]);
  });
});

describe("a change to direct delivery", () => {
  test("is refused while there are dead letters", async () => {
    azure.script = { [health]: [dead(1)] };
    expect((await failure(permit(guardState(), { delivery: "direct" }))).message).toContain(
      "since there is 1 dead letter: ",
    );
  });

  test("continues without any, or with a warning if the relay can't be asked", async () => {
    azure.script = { [health]: [dead(0)] };
    await permit(guardState(), { delivery: "direct" });
    expect(operation.shown).toEqual([]);
    azure.restart();
    azure.script = { [health]: [{ status: 500 }] };
    await permit(guardState(), { delivery: "direct" });
    expect(operation.shown.at(-1)).toContain("If there are any, the change won't delete the relay at its end.");
  });

  test("is not checked in other changes", async () => {
    await permit(guardState(), { delivery: "relay" });
    await permit(direct, { delivery: "relay" });
    expect(azure.requests).toEqual([]);
  });

  test("that is undone is refused if it was killed and Azure lacks what the state has", async () => {
    const alert = queueId.replace(/Microsoft\.Storage.*$/, "Microsoft.Insights/scheduledQueryRules/late");
    azure.script = { [`GET ${alert}`]: [gone] };
    const parts = { 'alert "late"': { id: alert, apiVersion: "2025-01-01-preview" } };
    const { message } = await failure(permit(direct, { delivery: "relay", parts }));
    expect(message).toContain('Azure lacks what the stack\'s state has: alert "late" (scheduledQueryRules/late).');
    expect(message).toContain("npx pulumi up --refresh");
  });
});

test("it creates nothing in Azure, and can't be imported", async () => {
  const made = await relayGuard.create(operation, guardState());
  expect(made).toEqual({ id: "code", outputs: {} });
  expect(await relayGuard.read(operation, "code", guardState(), {})).toEqual({ inputs: guardState(), outputs: {} });
  expect(() => relayGuard.read(operation, "code", undefined, undefined)).toThrow("can't be imported");
  expect(azure.requests).toEqual([]);
});

describe("recreated after an interrupted destroy", () => {
  const alert = queueId.replace(/Microsoft\.Storage.*$/, "Microsoft.Insights/scheduledQueryRules/late");
  const parts = { 'alert "late"': { id: alert, apiVersion: "2025-01-01-preview" } };
  const permitCreation = () =>
    relayGuard.permitCreation?.(operation, { delivery: "relay", queueId, parts }, []) as Promise<void>;

  test("it names the missing parts and the command that recreates them", async () => {
    azure.script = { [`GET ${alert}`]: [gone] };
    const { message } = await failure(permitCreation());
    expect(message).toContain('alert "late" (scheduledQueryRules/late)');
    expect(message).toContain("npx pulumi up --refresh");
  });

  test("it is created if Azure has every part", async () => {
    azure.script = { [`GET ${alert}`]: [{ body: {} }] };
    await permitCreation();
  });
});
