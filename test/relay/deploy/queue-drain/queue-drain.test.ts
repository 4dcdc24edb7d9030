import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { queueDrain } from "../../../../relay/deploy/resources/queue-drain.ts";
import { failure, gone, queueId } from "../azure-server.ts";
import { calls, listOf, queueOf, useQueueDrain } from "./bed.ts";

const bed = useQueueDrain();

describe("create", () => {
  test("only reads the queue, since an intake that nobody closed is open", async () => {
    bed.azure.script = { [calls.count]: [queueOf(3, { owner: "team" })] };
    expect(await queueDrain.create(bed.operation, bed.state())).toEqual({ id: queueId, outputs: {} });
    expect(bed.azure.calls()).toEqual([`${calls.count}?api-version=2024-01-01`]);
  });

  test("opens an intake that a destroy has closed, and keeps other metadata", async () => {
    bed.azure.script = {
      [calls.count]: [queueOf(0, { intake: "closed until 2026-11-21T10:00:00.000Z", owner: "team" })],
      [calls.mark]: [{ body: {} }],
    };
    await queueDrain.create(bed.operation, bed.state());
    const [, , { bytes } = { bytes: "" }] = bed.azure.requests;
    expect(JSON.parse(String(bytes))).toEqual({ properties: { metadata: { intake: "open", owner: "team" } } });
  });
});

test.each([[[gone]], [[queueOf(0, { intake: "closed" }), gone]]])(
  "create says that the queue is gone, and how it comes back",
  async (looks) => {
    bed.azure.script = { [calls.count]: looks };
    expect((await failure(queueDrain.create(bed.operation, bed.state()))).message).toBe(
      'Azure no longer has the queue "events". To recreate it, run: npx pulumi up --refresh',
    );
  },
);

test("update opens a closed intake too", async () => {
  bed.azure.script = {
    [calls.count]: [queueOf(0, { intake: "closed until 2026-11-21T10:00:00.000Z" })],
    [calls.mark]: [{ body: {} }],
  };
  expect(
    await queueDrain.update?.(bed.operation, queueId, { news: bed.state(), olds: bed.state(), outputs: {} }),
  ).toEqual({});
  expect(bed.marks()).toEqual(["open"]);
});

test.each([
  ["closed", { intake: "closed until 2026-11-20T10:10:00.000Z" }, "intake"],
  ["closed until a time that has passed", { intake: "closed until 2026-11-20T09:59:59.000Z" }, undefined],
  ["open", { intake: "open" }, undefined],
])(
  "an intake that a killed run left %s: whether an up opens it, although nothing has changed",
  async (_, marks, pending) => {
    bed.azure.script = { [calls.count]: [queueOf(0, marks)] };
    expect(await queueDrain.findPending?.(bed.operation, queueId, bed.state())).toBe(pending);
  },
);

describe("a change that replaces it, which comes before the webhook is redirected", () => {
  const other = queueId.replace("/storageAccounts/a/", "/storageAccounts/b/");
  const permit = (news: object, replaces = true) =>
    queueDrain.permit?.(bed.operation, queueId, { olds: bed.state(), news, replaces, unknown: [] }) as Promise<void>;
  const dead = (count: number): Answer => ({
    body: { status: "ok", deadLetters: { count, more: false }, ageSeconds: 0 },
  });

  test("is refused while there are dead letters, and nothing is closed", async () => {
    bed.azure.script = { [calls.health]: [dead(2)] };
    const { message } = await failure(permit({ ...bed.state(), queueId: other }));
    expect(message).toContain("The relay is not taken down, since there are 2 dead letters: ");
    expect(message).toContain("Customer.io's webhook still posts to it.");
    expect(bed.azure.calls()).toEqual([calls.health]);
  });

  test("is announced in a preview, in which the new queue is unknown or may be recreated in place", async () => {
    bed.azure.script = { [calls.health]: [dead(2)] };
    await permit({ timeoutSeconds: 60 });
    expect(bed.operation.shown).toEqual([
      expect.stringMatching(/^If this change replaces the relay, it will fail: .* 2 dead/),
    ]);
  });

  test("continues without any, and if the relay can't be asked, since that may be why it is replaced", async () => {
    bed.azure.script = { [calls.health]: [dead(0)] };
    await permit({ ...bed.state(), queueId: other });
    expect(bed.operation.shown).toEqual([]);
    bed.azure.restart();
    bed.azure.script = { [calls.health]: [{ status: 503, body: "no storage" }] };
    await permit({ ...bed.state(), queueId: other });
    expect(bed.operation.shown.at(-1)).toContain("the change won't delete the relay at its end");
  });

  test("is not checked if the relay stays, or if dead letters are given up", async () => {
    await permit({ ...bed.state(), timeoutSeconds: 90 }, false);
    bed.setVariable("RELAY_ABANDON_DEAD_LETTERS", "true");
    await permit({ ...bed.state(), queueId: other });
    expect(bed.azure.requests).toEqual([]);
  });
});

describe("read", () => {
  const read = (known?: ReturnType<typeof bed.state>) => queueDrain.read(bed.operation, queueId, known, known && {});

  test("answers the state while the account is there, whose other queues may hold events", async () => {
    for (const list of [listOf("events"), listOf("events-2")]) {
      bed.azure.restart();
      bed.azure.script = { [calls.list]: [list] };
      expect(await read(bed.state())).toEqual({ inputs: bed.state(), outputs: {} });
    }
    expect(bed.azure.requests[0]?.headers.authorization).toBe("Bearer azure-token");
  });

  test("is gone with the account", async () => {
    bed.azure.script = { [calls.list]: [gone] };
    expect(await read(bed.state())).toBeUndefined();
  });

  test("answers the defaults on an import, if there is such a queue", async () => {
    bed.azure.script = { [calls.count]: [queueOf(3), gone] };
    expect(await read()).toEqual({ inputs: { queueId, timeoutSeconds: 1800 }, outputs: {} });
    expect(await read()).toBeUndefined();
  });
});

test("an id of another kind of resource is refused", () => {
  const parsed = queueDrain.inputs.safeParse({ queueId: "/subscriptions/s/resourceGroups/g" });
  expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([
    expect.stringContaining("it must be the id of a storage queue"),
  ]);
});
