import type { Answer } from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { queueDrain } from "../../../relay/deploy/resources/queue-drain.ts";
import { type AzureServer, failure, gone, operationOn, queueId, type TestOperation, useAzure } from "./azure-server.ts";

const count = `GET ${queueId}`;
const poison = `GET ${queueId}-poison`;
const mark = `PATCH ${queueId}`;
const health = "GET /health";
/** The date of Azure's answers, on which every mark is based. */
const date = "Fri, 20 Nov 2026 10:00:00 GMT";

let azure: AzureServer;
let operation: TestOperation;

useAzure((server) => {
  azure = server;
  operation = operationOn(azure);
});

const queue = (length: number, metadata?: Record<string, string>): Answer => ({
  headers: { date },
  body: { properties: { approximateMessageCount: length, ...(metadata && { metadata }) } },
});

/**
 * The queues return these counts of messages, one after another, and there are dead letters. The intake is closed from the first read on.
 */
function holds({
  events = [0],
  waiting = [0],
  dead = 0,
}: {
  events?: number[];
  waiting?: number[];
  dead?: number;
}): void {
  const closed = { intake: "closed until 2026-11-20T10:10:00.000Z" };
  azure.script = {
    // The first read is the one before the mark.
    [count]: [queue(0), ...events.map((left) => queue(left, closed))],
    [poison]: waiting.map((left) => queue(left)),
    [mark]: [{ body: {} }],
    [health]: [{ body: { status: "ok", intake: "closed", deadLetters: { count: dead, more: false } } }],
  };
}

const state = () => ({ queueId, healthUrl: `https://${azure.host}/health`, timeoutSeconds: 60 });
// The type for no outputs allows no inputs beside it.
const drain = () =>
  queueDrain.delete(operation, queueId, state() as unknown as Parameters<typeof queueDrain.delete>[2]);

/** The marks that were set, in order. */
const marks = () =>
  azure.requests
    .filter(({ method }) => method === "PATCH")
    .map(({ bytes }) => JSON.parse(String(bytes)).properties.metadata.intake);

describe("create", () => {
  test("only reads the queue, since an intake that nobody closed is open", async () => {
    azure.script = { [count]: [queue(3, { owner: "team" })] };
    expect(await queueDrain.create(operation, state())).toEqual({ id: queueId, outputs: {} });
    expect(azure.calls()).toEqual([`${count}?api-version=2024-01-01`]);
  });

  test("opens an intake that a destroy has closed, and keeps other metadata", async () => {
    azure.script = {
      [count]: [queue(0, { intake: "closed until 2026-11-21T10:00:00.000Z", owner: "team" })],
      [mark]: [{ body: {} }],
    };
    await queueDrain.create(operation, state());
    const [, , { bytes } = { bytes: "" }] = azure.requests;
    expect(JSON.parse(String(bytes))).toEqual({ properties: { metadata: { intake: "open", owner: "team" } } });
  });
});

test.each([[[gone]], [[queue(0, { intake: "closed" }), gone]]])(
  "create says that the queue is gone, and how it comes back",
  async (looks) => {
    azure.script = { [count]: looks };
    expect((await failure(queueDrain.create(operation, state()))).message).toBe(
      'Azure has no queue "events" any more. To recreate it, run: npx pulumi up --refresh',
    );
  },
);

test("update opens a closed intake too", async () => {
  azure.script = { [count]: [queue(0, { intake: "closed until 2026-11-21T10:00:00.000Z" })], [mark]: [{ body: {} }] };
  expect(await queueDrain.update?.(operation, queueId, { news: state(), olds: state(), outputs: {} })).toEqual({});
  expect(marks()).toEqual(["open"]);
});

describe("in a replacement", () => {
  test("the predecessor's deletion, later in the same run, leaves the intake open", async () => {
    holds({});
    await queueDrain.create(operation, state());
    const calls = azure.requests.length;
    await drain();
    expect(azure.requests).toHaveLength(calls);
    // Only that one: a real deletion drains.
    await drain();
    expect(marks()).toHaveLength(2);
  });

  test("that was killed, the next run's deletion of the predecessor does so too", async () => {
    operation = { ...operation, isCurrent: true };
    await drain();
    expect(azure.requests).toEqual([]);
  });
});

describe("a change that replaces it, which comes before the webhook is redirected", () => {
  const other = queueId.replace("/storageAccounts/a/", "/storageAccounts/b/");
  const permit = (news: object, replaces = true) =>
    queueDrain.permit?.(operation, queueId, { olds: state(), news, replaces, unknown: [] }) as Promise<void>;
  const dead = (count: number): Answer => ({
    body: { status: "ok", deadLetters: { count, more: false }, ageSeconds: 0 },
  });

  test("is refused while there are dead letters, and nothing is closed", async () => {
    azure.script = { [health]: [dead(2)] };
    const { message } = await failure(permit({ ...state(), queueId: other }));
    expect(message).toContain("The relay is not taken down, since there are 2 dead letters: ");
    expect(message).toContain("Customer.io's webhook still posts to it.");
    expect(azure.calls()).toEqual([health]);
  });

  test("is announced in a preview, in which the new queue is unknown or may be recreated in place", async () => {
    azure.script = { [health]: [dead(2)] };
    await permit({ timeoutSeconds: 60 });
    expect(operation.shown).toEqual([
      expect.stringMatching(/^If this change replaces the relay, it will fail: .* 2 dead/),
    ]);
  });

  test("continues without any, and if the relay can't be asked, since that may be why it is replaced", async () => {
    azure.script = { [health]: [dead(0)] };
    await permit({ ...state(), queueId: other });
    expect(operation.shown).toEqual([]);
    azure.restart();
    azure.script = { [health]: [{ status: 503, body: "no storage" }] };
    await permit({ ...state(), queueId: other });
    expect(operation.shown.at(-1)).toContain("the change won't delete the relay at its end");
  });

  test("is not checked if the relay stays, or if dead letters are given up", async () => {
    await permit({ ...state(), timeoutSeconds: 90 }, false);
    process.env.RELAY_ABANDON_DEAD_LETTERS = "true";
    operation = operationOn(azure);
    await permit({ ...state(), queueId: other });
    expect(azure.requests).toEqual([]);
  });
});

describe("read", () => {
  test("answers the state, or the defaults on an import, while the queue is there", async () => {
    azure.script = { [count]: [queue(3)] };
    expect(await queueDrain.read(operation, queueId, state(), {})).toEqual({ inputs: state(), outputs: {} });
    expect(await queueDrain.read(operation, queueId, undefined, undefined)).toEqual({
      inputs: { queueId, timeoutSeconds: 1800 },
      outputs: {},
    });
    expect(azure.requests[0]?.headers.authorization).toBe("Bearer azure-token");
  });

  test("a queue that Azure does not find is gone", async () => {
    azure.script = { [count]: [gone] };
    expect(await queueDrain.read(operation, queueId, state(), {})).toBeUndefined();
  });
});

describe("delete", () => {
  test("closes the intake, waits until all instances know, and then until both queues are seen empty twice in a row", async () => {
    holds({ events: [40, 2, 0, 1, 0, 0], waiting: [0, 0, 3, 0, 0, 0] });
    await drain();
    expect(operation.clock.sleeps).toEqual([8_500, ...Array(5).fill(6_000)]);
    expect(operation.shown).toEqual([
      "the relay takes no more events; waiting until all of its instances know",
      "the relay's queues: 40 messages left",
      "the relay's queues: 2 messages left",
      "the relay's queues: 3 messages left",
      "the relay's queues: 1 message left",
      "the relay's queues: they look empty and are counted again",
      "the relay's queues are empty",
    ]);
    // For ten minutes at first, and at the end for the seconds until the function app is gone.
    expect(marks()).toEqual(["closed until 2026-11-20T10:10:00.000Z", "closed until 2026-11-20T10:15:00.000Z"]);
  });

  test("counts each queue before the one to which its messages go next", async () => {
    holds({});
    await drain();
    const looks = azure.requests.filter(({ method }) => method === "GET").map(({ url }) => url.split("?")[0]);
    const [events, poisoned, dead] = [count, poison, health].map((call) => call.replace("GET ", ""));
    // The first is for the mark, the last for its renewal; dead letters are also checked early.
    expect(looks).toEqual([events, dead, events, poisoned, events, poisoned, dead, events]);
  });

  test("starts again if the intake has opened by itself meanwhile", async () => {
    holds({ events: [0, 0, 0, 0, 0] });
    const lapsed = queue(0, { intake: "closed until 2026-11-20T09:59:59.000Z" });
    azure.script[count]?.splice(2, 1, lapsed, lapsed);
    await drain();
    expect(operation.clock.sleeps).toEqual([8_500, 6_000, 8_500, 6_000, 6_000]);
    expect(operation.shown).toContain("the relay's intake had opened by itself and is closed again");
  });

  test("fails if the intake has opened by itself after the last count", async () => {
    holds({ events: [0, 0] });
    azure.script[count]?.push(queue(0, { intake: "closed until 2026-11-20T09:59:59.000Z" }));
    expect((await failure(drain())).message).toContain("since its intake opened by itself before the end");
    expect(marks().at(-1)).toBe("open");
  });

  test("keeps the intake closed during a long wait", async () => {
    holds({ events: [1, 0, 0] });
    const closedForLess = queue(1, { intake: "closed until 2026-11-20T10:04:59.000Z" });
    azure.script[count]?.splice(1, 1, closedForLess, closedForLess);
    await drain();
    expect(marks().slice(0, 2)).toEqual(Array(2).fill("closed until 2026-11-20T10:10:00.000Z"));
  });

  test("has nothing to wait for when the queue is gone", async () => {
    azure.script = { [count]: [gone] };
    await drain();
    expect(azure.requests).toHaveLength(1);
  });

  test("a poison queue that is gone holds nothing", async () => {
    holds({});
    azure.script[poison] = [gone];
    await drain();
    expect(operation.shown.at(-1)).toBe("the relay's queues are empty");
  });

  test("fails with the number of messages left and the two remedies, and opens the intake", async () => {
    holds({ events: [40, 7] });
    expect((await failure(drain())).message).toBe(
      "The relay is not taken down, since its queues did not become empty after 60 s: 7 messages left. Each message holds one or " +
        "more Customer.io events that Adobe Experience Platform does not have yet: it may be down or refuse them, or the wait " +
        "after a new dataflow may not be over. The relay still works as before, but Customer.io's webhook may already be deleted, or " +
        "point elsewhere. To continue, run the same command again later. To keep the relay instead, run " +
        "`npx pulumi up --stack dev` with its previous settings, which points the webhook at it again. To lose these events for good, " +
        "put RELAY_ABANDON_QUEUE=true before the command.",
    );
    expect(marks().at(-1)).toBe("open");
  });

  test("stops on Ctrl-C with the number left, and opens the intake", async () => {
    holds({ events: [7] });
    operation.clock.sleep = async (milliseconds) => {
      if (milliseconds === 6_000) operation.stop.abort(new Error("stopped by the user"));
    };
    expect((await failure(drain())).message).toContain("did not become empty (stopped by the user): 7 messages left.");
    expect(marks().at(-1)).toBe("open");
  });

  test("an intake that can't be opened again opens by itself, and the original failure is reported", async () => {
    holds({ events: [7] });
    azure.script[mark] = [
      { body: {} },
      { status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } },
    ];
    expect((await failure(drain())).message).toContain("7 messages left");
    expect(operation.shown.at(-1)).toContain("could not be opened again; it opens by itself within 15 minutes.");
  });

  test("a count that Azure refuses is an error, not an empty queue", async () => {
    holds({});
    azure.script[poison] = [{ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }];
    expect((await failure(drain())).message).toContain(
      'Could not read the queue "events-poison": Azure answered 403: no, code AuthorizationFailed.',
    );
    expect(marks().at(-1)).toBe("open");
  });

  test("an answer without a count is an error, not an empty queue", async () => {
    azure.script = { [count]: [{ body: { properties: {} } }] };
    await expect(drain()).rejects.toThrow();
  });

  test("closing waits while Azure is busy with another write in the account, and counts from the mark that was set", async () => {
    holds({});
    const busy = { error: { code: "StorageAccountOperationInProgress", message: "An operation is performing." } };
    azure.script[mark] = [{ status: 409, body: busy }, { body: {} }];
    await drain();
    const beforeTheSecond = azure.requests.slice(0, 4).map(({ method }) => method);
    // Each mark is from a queue that was just read.
    expect(beforeTheSecond).toEqual(["GET", "PATCH", "GET", "PATCH"]);
    expect(operation.clock.sleeps[0]).toBe(1_000);
  });

  test("a proxy's page does not count as closing the intake", async () => {
    holds({});
    azure.script[mark] = [{ body: "<html>Sign in</html>" }];
    expect((await failure(drain())).message).toContain(
      'Could not mark the queue "events": the answer does not match Azure',
    );
    expect(operation.clock.sleeps).toEqual([]);
  });

  test("a login that may not close the intake gets the name of the missing role, without a wait", async () => {
    holds({});
    azure.script[mark] = [{ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }];
    expect((await failure(drain())).message).toContain("Storage Account Contributor on the storage account");
    expect(operation.clock.sleeps).toEqual([]);
  });

  describe("dead letters", () => {
    test("stop it, with their number and the three remedies; the intake is open again", async () => {
      holds({ dead: 5 });
      const { message } = await failure(drain());
      expect(message).toContain("The relay is not taken down, since there are 5 dead letters: ");
      for (const way of [
        "npx customerio-aep replay --stack dev",
        "npx customerio-aep export --folder <folder> --stack dev",
        "npx pulumi up --stack dev",
        "RELAY_ABANDON_DEAD_LETTERS=true",
        "the same command again",
      ]) {
        expect(message).toContain(way);
      }
      expect(marks().at(-1)).toBe("open");
      // It does not wait for the queues.
      expect(azure.calls()).not.toContain(`${poison}?api-version=2024-01-01`);
    });

    test("also stop it if a message becomes one while the queues are emptied", async () => {
      holds({});
      const none = { body: { intake: "closed", deadLetters: { count: 0, more: false } } };
      azure.script[health] = [none, { body: { intake: "closed", deadLetters: { count: 1, more: false } } }];
      expect((await failure(drain())).message).toContain("since there is 1 dead letter: ");
    });

    test("are counted again while the relay starts, or if its count is from before the intake was closed", async () => {
      holds({ dead: 0 });
      const before = { body: { status: "ok", deadLetters: { count: 0, more: false } } };
      azure.script[health]?.unshift({ status: 503, body: "starting" }, before);
      await drain();
      expect(operation.clock.sleeps).toEqual([8_500, 2_000, 5_000, 6_000]);
    });

    test.each<[string, Answer, string]>([
      ["no answer", { status: 503, body: "no storage" }, "/health answers 503: no storage"],
      ["an answer of an earlier version", { body: { status: "ok" } }, "does not say how many there are"],
    ])("that can't be counted stop it too: %s", async (_, answer, why) => {
      holds({});
      azure.script[health] = [answer];
      const { message } = await failure(drain());
      expect(message).toContain("could not be counted after 62 s: ");
      expect(message).toContain(why);
    });

    test("are given up on request, with their number", async () => {
      process.env.RELAY_ABANDON_DEAD_LETTERS = "true";
      operation = operationOn(azure);
      holds({ dead: 5 });
      await drain();
      expect(operation.shown.at(-1)).toBe("gives up the dead letters (5), as RELAY_ABANDON_DEAD_LETTERS asks");
    });
  });

  describe("the queue", () => {
    beforeEach(() => {
      process.env.RELAY_ABANDON_QUEUE = "true";
      operation = operationOn(azure);
    });

    test("is given up on request, with the number of its messages, and dead letters still count", async () => {
      holds({ events: [7], waiting: [1] });
      const dead = (count: number) => ({ body: { intake: "closed", deadLetters: { count, more: false } } });
      azure.script[health] = [dead(0), dead(1)];
      expect((await failure(drain())).message).toContain("since there is 1 dead letter: ");
      expect(operation.shown).toContain("gives up 8 messages in the relay's queues, as RELAY_ABANDON_QUEUE asks");
    });

    test("is given up even if its messages can't be counted", async () => {
      holds({});
      azure.script[poison] = [{ status: 403 }];
      await drain();
      expect(operation.shown.at(-1)).toContain("their messages could not be counted. Could not read");
    });
  });

  test("nothing but `true` gives up messages", async () => {
    process.env.RELAY_ABANDON_QUEUE = "false";
    operation = operationOn(azure);
    holds({ events: [7] });
    await expect(drain()).rejects.toThrow("7 messages left");
  });

  describe("of a stack whose version did not record the relay's address", () => {
    const former = () =>
      queueDrain.delete(operation, queueId, { queueId, timeoutSeconds: 60 } as Parameters<typeof queueDrain.delete>[2]);

    test("is refused, since the dead letters can't be counted, and says how to count them", async () => {
      holds({ dead: 5 });
      const { message } = await failure(former());
      expect(message).toContain("dead letters could not be counted (this stack does not know the relay's address yet)");
      expect(message).toContain("update it first with `npx pulumi up --stack dev`");
      expect(marks().at(-1)).toBe("open");
      expect(azure.calls().filter((call) => call.startsWith(health))).toEqual([]);
    });

    test("gives them up on request, and says that they were not counted", async () => {
      process.env.RELAY_ABANDON_DEAD_LETTERS = "true";
      operation = operationOn(azure);
      holds({ dead: 5 });
      await former();
      expect(operation.shown.at(-1)).toBe(
        "gives up the dead letters (not counted), as RELAY_ABANDON_DEAD_LETTERS asks",
      );
    });
  });
});

test("an id of another kind of resource is refused", () => {
  const parsed = queueDrain.inputs.safeParse({ queueId: "/subscriptions/s/resourceGroups/g" });
  expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([
    expect.stringContaining("it must be the id of a storage queue"),
  ]);
});
