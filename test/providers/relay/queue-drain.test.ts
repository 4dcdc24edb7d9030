import { queueDrain } from "../../../providers/relay/queue-drain.ts";
import type { Answer } from "../customerio/recording-server.ts";
import { type AzureServer, azureServer, failure, operationOn, queueId, type TestOperation } from "./azure-server.ts";

const count = `GET ${queueId}`;
const state = { queueId, timeoutSeconds: 60 };
const gone: Answer = { status: 404, body: { error: { code: "ResourceNotFound", message: "not found" } } };

let azure: AzureServer;
let operation: TestOperation;

beforeAll(async () => {
  azure = await azureServer();
});
afterAll(() => azure.close());
beforeEach(() => {
  azure.restart();
  operation = operationOn(azure);
});
afterEach(() => {
  delete process.env.RELAY_ABANDON_QUEUE;
});

function holds(...counts: number[]): void {
  azure.script = { [count]: counts.map((left) => ({ body: { properties: { approximateMessageCount: left } } })) };
}

// The type of no outputs at all admits no inputs beside it.
const drain = () => queueDrain.delete(operation, queueId, state as Parameters<typeof queueDrain.delete>[2]);

test("create and update call nothing", async () => {
  expect(await queueDrain.create(operation, state)).toEqual({ id: queueId, outputs: {} });
  expect(await queueDrain.update?.(operation, queueId, { news: state, olds: state, outputs: {} })).toEqual({});
  expect(azure.calls()).toEqual([]);
});

describe("read", () => {
  test("answers the state, or the defaults on an import, while the queue is there", async () => {
    holds(3);
    expect(await queueDrain.read(operation, queueId, state, {})).toEqual({ inputs: state, outputs: {} });
    expect(await queueDrain.read(operation, queueId, undefined, undefined)).toEqual({
      inputs: { queueId, timeoutSeconds: 1800 },
      outputs: {},
    });
    expect(azure.calls()[0]).toBe(`${count}?api-version=2024-01-01`);
    expect(azure.requests[0]?.headers.authorization).toBe("Bearer azure-token");
  });

  test("a queue that Azure does not find is gone", async () => {
    azure.script = { [count]: [gone] };
    expect(await queueDrain.read(operation, queueId, state, {})).toBeUndefined();
  });
});

describe("delete", () => {
  test("waits until the queue is seen empty twice in a row", async () => {
    holds(40, 2, 0, 1, 0, 0);
    await drain();
    expect(azure.requests).toHaveLength(6);
    expect(operation.clock.sleeps).toEqual(Array(5).fill(5_000));
    expect(operation.shown).toEqual([
      'queue "events": 40 messages left',
      'queue "events": 2 messages left',
      'queue "events": it looks empty and is counted again',
      'queue "events": 1 message left',
      'queue "events": it looks empty and is counted again',
      'queue "events": nothing is left',
    ]);
  });

  test("has nothing to wait for when the queue is gone", async () => {
    azure.script = { [count]: [gone] };
    await drain();
    expect(azure.requests).toHaveLength(1);
  });

  test("fails with the number of messages left and the two ways on", async () => {
    holds(40, 7);
    const error = await failure(drain());
    expect(operation.clock.time).toBe(60_000);
    expect(error.message).toBe(
      'The relay is not taken down, since the queue "events" has not run empty after 60 s: 7 messages left. Each message ' +
        "holds one or more Customer.io events that Adobe Experience Platform has not got yet: it may be down or refuse " +
        "them, or the wait after a new dataflow may not be over. To go on, run `npx pulumi destroy` again later; or, to lose " +
        "these events for good: RELAY_ABANDON_QUEUE=true npx pulumi destroy",
    );
  });

  test("stops on Ctrl-C with the number left", async () => {
    holds(7);
    operation.clock.sleep = async () => operation.stop.abort(new Error("stopped by the user"));
    expect((await failure(drain())).message).toContain("has not run empty (stopped by the user): 7 messages left.");
  });

  test("a count that is cut off by the stop ends with the last number", async () => {
    holds(7);
    operation.clock.sleep = async () => {
      setImmediate(() => operation.stop.abort(new Error("no end after 1800 s")));
    };
    const error = await failure(drain());
    expect(error.message).toContain("has not run empty (no end after 1800 s): 7 messages left.");
  });

  test("a count that Azure refuses is an error, not an empty queue", async () => {
    azure.script = { [count]: [{ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }] };
    expect((await failure(drain())).message).toContain(
      'Could not count the messages of the queue "events": Azure answered 403: no, code AuthorizationFailed.',
    );
  });

  test("an answer without a count is an error, not an empty queue", async () => {
    azure.script = { [count]: [{ body: { properties: {} } }] };
    await expect(drain()).rejects.toThrow();
  });

  test("gives up the messages when told so, and says how many", async () => {
    process.env.RELAY_ABANDON_QUEUE = "true";
    operation = operationOn(azure);
    holds(7);
    await drain();
    expect(azure.requests).toHaveLength(1);
    expect(operation.shown).toEqual(['gives up 7 messages in the queue "events", as RELAY_ABANDON_QUEUE asks']);
  });

  test("gives up messages that it can't count", async () => {
    process.env.RELAY_ABANDON_QUEUE = "true";
    operation = operationOn(azure);
    azure.script = { [count]: [{ status: 403 }] };
    await drain();
    expect(operation.shown).toEqual([expect.stringContaining("its messages could not be counted. Could not count")]);
  });

  test("nothing but `true` gives up messages", async () => {
    process.env.RELAY_ABANDON_QUEUE = "false";
    operation = operationOn(azure);
    holds(7);
    await expect(drain()).rejects.toThrow("7 messages left");
  });
});

test("an id of another kind of resource is refused", () => {
  const parsed = queueDrain.inputs.safeParse({ queueId: "/subscriptions/s/resourceGroups/g" });
  expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([
    expect.stringContaining("it must be the id of a storage queue"),
  ]);
});
