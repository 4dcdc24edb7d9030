import { failure, gone } from "../azure-server.ts";
import { calls, listOf, queueOf, useQueueDrain } from "./bed.ts";

const bed = useQueueDrain();

describe("delete", () => {
  test("closes the intake, waits until all instances know, and then until both queues are seen empty twice in a row", async () => {
    bed.holds({ events: [40, 2, 0, 1, 0, 0], waiting: [0, 0, 3, 0, 0, 0] });
    await bed.drain();
    expect(bed.operation.clock.sleeps).toEqual([8_500, ...Array(5).fill(6_000)]);
    expect(bed.operation.shown).toEqual([
      "the relay accepts no more events; waiting until all of its instances know",
      "the relay's queues: 40 messages left",
      "the relay's queues: 2 messages left",
      "the relay's queues: 3 messages left",
      "the relay's queues: 1 message left",
      "the relay's queues: they look empty and are counted again",
      "the relay's queues are empty",
    ]);
    // For ten minutes at first, and at the end for the seconds until the function app is gone.
    expect(bed.marks()).toEqual(["closed until 2026-11-20T10:10:00.000Z", "closed until 2026-11-20T10:15:00.000Z"]);
  });

  test("counts each queue before the one to which its messages go next", async () => {
    bed.holds({});
    await bed.drain();
    const looks = bed.azure.requests.filter(({ method }) => method === "GET").map(({ url }) => url.split("?")[0]);
    const [list, events, poisoned, dead] = [calls.list, calls.count, calls.poison, calls.health].map((call) =>
      call.replace("GET ", ""),
    );
    // The first is for the mark, the last for its renewal; dead letters are also checked early.
    expect(looks).toEqual([events, dead, list, events, poisoned, events, poisoned, dead, events]);
  });

  test("counts every queue of events that Azure has, and its poison queue, whatever the state says", async () => {
    bed.holds({ events: [5, 0, 0, 0] });
    bed.azure.script[calls.list] = [listOf("events", "events-2", "events-3")];
    const counts = { "-2": [4, 0], "-3": [0], "-2-poison": [2, 1, 0], "-3-poison": [1, 0] };
    for (const [name, lengths] of Object.entries(counts)) {
      bed.azure.script[`${calls.count}${name}`] = lengths.map((length) => queueOf(length));
    }
    await bed.drain();
    expect(bed.operation.shown.slice(1)).toEqual([
      "the relay's queues: 12 messages left",
      "the relay's queues: 1 message left",
      "the relay's queues: they look empty and are counted again",
      "the relay's queues are empty",
    ]);
  });

  test.each([0, 10_000])(
    "waits for a count of dead letters that began when its queues were empty, however late it comes: %d ms",
    async (late) => {
      bed.holds({});
      const count = (dead: number, ageSeconds: number) => ({
        get body() {
          bed.operation.clock.time += late;
          return { status: "ok", intake: "closed", deadLetters: { count: dead, more: false }, ageSeconds };
        },
      });
      bed.azure.script[calls.health] = [count(0, 0), count(0, 8), count(1, 0)];
      expect((await failure(bed.drain())).message).toContain("there is 1 dead letter");
      expect(bed.azure.calls().filter((call) => call === calls.health)).toHaveLength(3);
    },
  );

  test("counts a poison queue that the host creates meanwhile", async () => {
    bed.holds({ events: [1, 0, 0, 0] });
    bed.azure.script[calls.list] = [{ body: { value: [{ name: "events" }] } }];
    bed.azure.script[calls.poison] = [gone, queueOf(1), queueOf(0)];
    await bed.drain();
    // Twice with a message, and twice without.
    expect(bed.azure.calls().filter((call) => call.startsWith(calls.poison))).toHaveLength(4);
  });

  test("other queues of the account do not matter", async () => {
    bed.holds({});
    bed.azure.script[calls.list] = [
      { body: { value: ["events", "events-old", "events-1", "other-2"].map((name) => ({ name })) } },
    ];
    await bed.drain();
    expect(bed.operation.shown.at(-1)).toBe("the relay's queues are empty");
  });

  test("starts again if the intake has opened by itself meanwhile", async () => {
    bed.holds({ events: [0, 0, 0, 0, 0] });
    const lapsed = queueOf(0, { intake: "closed until 2026-11-20T09:59:59.000Z" });
    bed.azure.script[calls.count]?.splice(2, 1, lapsed, lapsed);
    await bed.drain();
    expect(bed.operation.clock.sleeps).toEqual([8_500, 6_000, 8_500, 6_000, 6_000]);
    expect(bed.operation.shown).toContain("the relay's intake had opened by itself and is closed again");
  });

  test("fails if the intake has opened by itself after the last count", async () => {
    bed.holds({ events: [0, 0] });
    bed.azure.script[calls.count]?.push(queueOf(0, { intake: "closed until 2026-11-20T09:59:59.000Z" }));
    expect((await failure(bed.drain())).message).toContain("since its intake opened by itself before the end");
    expect(bed.marks().at(-1)).toBe("open");
  });

  test("keeps the intake closed during a long wait", async () => {
    bed.holds({ events: [1, 0, 0] });
    const closedForLess = queueOf(1, { intake: "closed until 2026-11-20T10:04:59.000Z" });
    bed.azure.script[calls.count]?.splice(1, 1, closedForLess, closedForLess);
    await bed.drain();
    expect(bed.marks().slice(0, 2)).toEqual(Array(2).fill("closed until 2026-11-20T10:10:00.000Z"));
  });

  test("has nothing to wait for when the queue is gone, with its account or with empty other queues", async () => {
    for (const list of [gone, listOf(), listOf("events-2")]) {
      bed.azure.restart();
      bed.azure.script = {
        [calls.count]: [gone],
        [calls.list]: [list],
        [calls.poison]: [gone],
        [`${calls.count}-2`]: [queueOf(0)],
        [`${calls.count}-2-poison`]: [queueOf(0)],
      };
      await bed.drain();
      expect(bed.operation.shown.at(-1)).toBe("the relay's queue no longer exists");
    }
  });

  test("refuses to give up other queues whose first one is gone, with the command that recreates it", async () => {
    bed.azure.script = {
      [calls.count]: [gone],
      [calls.list]: [listOf("events-2")],
      [calls.poison]: [gone],
      [`${calls.count}-2`]: [queueOf(2)],
      [`${calls.count}-2-poison`]: [queueOf(1)],
    };
    const { message } = await failure(bed.drain());
    expect(message).toContain('since Azure no longer has its queue "events", and its other queues hold 3 messages.');
    expect(message).toContain(
      "so that they are delivered: `az storage queue create --name events --account-name a --auth-mode login`.",
    );
    bed.setVariable("RELAY_ABANDON_QUEUE", "true");
    await bed.drain();
    expect(bed.operation.shown.at(-1)).toBe("the relay's queue no longer exists");
  });

  test("an account that can't be listed after its intake was closed is an error", async () => {
    bed.holds({});
    bed.azure.script[calls.list] = [gone];
    expect((await failure(bed.drain())).message).toContain(
      'The relay is not taken down, since Azure no longer has its storage account "a". The relay still works as before',
    );
    expect(bed.marks().at(-1)).toBe("open");
  });

  test("a poison queue that is gone holds nothing", async () => {
    bed.holds({});
    bed.azure.script[calls.poison] = [gone];
    await bed.drain();
    expect(bed.operation.shown.at(-1)).toBe("the relay's queues are empty");
  });

  test("fails with the number of messages left and the two remedies, and opens the intake", async () => {
    bed.holds({ events: [40, 7] });
    expect((await failure(bed.drain())).message).toBe(
      "The relay is not taken down, since its queues did not become empty after 60 s: 7 messages left. Each message holds one or " +
        "more Customer.io events that Adobe Experience Platform does not have yet: it may be down or refuse them, or the wait " +
        "after a new dataflow may not be over. The relay still works as before, but Customer.io's webhook may already be deleted, or " +
        "point elsewhere. To continue, run the same command again later. To keep the relay instead, run " +
        "`npx pulumi up --stack dev` with its previous settings, which points the webhook at it again. To lose these events for good, " +
        "put RELAY_ABANDON_QUEUE=true before the command.",
    );
    expect(bed.marks().at(-1)).toBe("open");
  });

  test("stops on Ctrl-C with the number left, and opens the intake", async () => {
    bed.holds({ events: [7] });
    bed.operation.clock.sleep = async (milliseconds) => {
      if (milliseconds === 6_000) bed.operation.stop.abort(new Error("stopped by the user"));
    };
    expect((await failure(bed.drain())).message).toContain(
      "did not become empty (stopped by the user): 7 messages left.",
    );
    expect(bed.marks().at(-1)).toBe("open");
  });

  test("an intake that can't be opened again opens by itself, and the original failure is reported", async () => {
    bed.holds({ events: [7] });
    bed.azure.script[calls.mark] = [
      { body: {} },
      { status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } },
    ];
    expect((await failure(bed.drain())).message).toContain("7 messages left");
    expect(bed.operation.shown.at(-1)).toContain("could not be opened again; it opens by itself within 15 minutes.");
  });

  test("a count that Azure refuses is an error, not an empty queue", async () => {
    bed.holds({});
    bed.azure.script[calls.poison] = [{ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }];
    expect((await failure(bed.drain())).message).toContain(
      'Could not read the queue "events-poison": Azure answered 403: no, code AuthorizationFailed.',
    );
    expect(bed.marks().at(-1)).toBe("open");
  });

  test("an answer without a count is an error, not an empty queue", async () => {
    bed.azure.script = { [calls.count]: [{ body: { properties: {} } }] };
    await expect(bed.drain()).rejects.toThrow();
  });

  test("closing waits while Azure is busy with another write in the account, and counts from the mark that was set", async () => {
    bed.holds({});
    const busy = { error: { code: "StorageAccountOperationInProgress", message: "An operation is performing." } };
    bed.azure.script[calls.mark] = [{ status: 409, body: busy }, { body: {} }];
    await bed.drain();
    const beforeTheSecond = bed.azure.requests.slice(0, 4).map(({ method }) => method);
    // Each mark is from a queue that was just read.
    expect(beforeTheSecond).toEqual(["GET", "PATCH", "GET", "PATCH"]);
    expect(bed.operation.clock.sleeps[0]).toBe(1_000);
  });

  test("a proxy's page does not count as closing the intake", async () => {
    bed.holds({});
    bed.azure.script[calls.mark] = [{ body: "<html>Sign in</html>" }];
    expect((await failure(bed.drain())).message).toContain(
      'Could not mark the queue "events": the answer does not match Azure',
    );
    expect(bed.operation.clock.sleeps).toEqual([]);
  });

  test("a login that may not close the intake gets the name of the missing role, without a wait", async () => {
    bed.holds({});
    bed.azure.script[calls.mark] = [{ status: 403, body: { error: { code: "AuthorizationFailed", message: "no" } } }];
    expect((await failure(bed.drain())).message).toContain("Storage Account Contributor on the storage account");
    expect(bed.operation.clock.sleeps).toEqual([]);
  });
});
