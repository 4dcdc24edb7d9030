import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { queueDrain } from "../../../../relay/deploy/resources/queue-drain.ts";
import { failure, queueId } from "../azure-server.ts";
import { calls, useQueueDrain } from "./bed.ts";

const bed = useQueueDrain();

describe("dead letters", () => {
  test("stop a deletion, with their number and the three remedies; the intake is open again", async () => {
    bed.holds({ dead: 5 });
    const { message } = await failure(bed.drain());
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
    expect(bed.marks().at(-1)).toBe("open");
    // It does not wait for the queues.
    expect(bed.azure.calls()).not.toContain(`${calls.poison}?api-version=2024-01-01`);
  });

  test("also stop it if a message becomes one while the queues are emptied", async () => {
    bed.holds({});
    const none = { body: { intake: "closed", deadLetters: { count: 0, more: false } } };
    bed.azure.script[calls.health] = [none, { body: { intake: "closed", deadLetters: { count: 1, more: false } } }];
    expect((await failure(bed.drain())).message).toContain("since there is 1 dead letter: ");
  });

  test("are counted again while the relay starts, or if its count is from before the intake was closed", async () => {
    bed.holds({ dead: 0 });
    const before = { body: { status: "ok", deadLetters: { count: 0, more: false } } };
    bed.azure.script[calls.health]?.unshift({ status: 503, body: "starting" }, before);
    await bed.drain();
    expect(bed.operation.clock.sleeps).toEqual([8_500, 2_000, 5_000, 6_000]);
  });

  test.each<[string, Answer, string]>([
    ["no answer", { status: 503, body: "no storage" }, "/health answers 503: no storage"],
    ["an answer of an earlier version", { body: { status: "ok" } }, "does not say how many there are"],
  ])("that can't be counted stop it too: %s", async (_, answer, why) => {
    bed.holds({});
    bed.azure.script[calls.health] = [answer];
    const { message } = await failure(bed.drain());
    expect(message).toContain("could not be counted after 62 s: ");
    expect(message).toContain(why);
  });

  test("are given up on request, with their number", async () => {
    bed.setVariable("RELAY_ABANDON_DEAD_LETTERS", "true");
    bed.holds({ dead: 5 });
    await bed.drain();
    expect(bed.operation.shown.at(-1)).toBe("gives up the dead letters (5), as RELAY_ABANDON_DEAD_LETTERS asks");
  });
});

describe("the queue", () => {
  beforeEach(() => {
    bed.setVariable("RELAY_ABANDON_QUEUE", "true");
  });

  test("is given up on request, with the number of its messages, and dead letters still count", async () => {
    bed.holds({ events: [7], waiting: [1] });
    const dead = (count: number) => ({ body: { intake: "closed", deadLetters: { count, more: false } } });
    bed.azure.script[calls.health] = [dead(0), dead(1)];
    expect((await failure(bed.drain())).message).toContain("since there is 1 dead letter: ");
    expect(bed.operation.shown).toContain("gives up 8 messages in the relay's queues, as RELAY_ABANDON_QUEUE asks");
  });

  test("is given up even if its messages can't be counted", async () => {
    bed.holds({});
    bed.azure.script[calls.poison] = [{ status: 403 }];
    await bed.drain();
    expect(bed.operation.shown.at(-1)).toContain("their messages could not be counted. Could not read");
  });
});

test("nothing but `true` gives up messages", async () => {
  bed.setVariable("RELAY_ABANDON_QUEUE", "false");
  bed.holds({ events: [7] });
  await expect(bed.drain()).rejects.toThrow("7 messages left");
});

describe("the deletion in a stack whose version did not record the relay's address", () => {
  const former = () =>
    queueDrain.delete(bed.operation, queueId, { queueId, timeoutSeconds: 60 } as Parameters<
      typeof queueDrain.delete
    >[2]);

  test("is refused, since the dead letters can't be counted, and says how to count them", async () => {
    bed.holds({ dead: 5 });
    const { message } = await failure(former());
    expect(message).toContain("dead letters could not be counted (this stack does not know the relay's address yet)");
    expect(message).toContain("update it first with `npx pulumi up --stack dev`");
    expect(bed.marks().at(-1)).toBe("open");
    expect(bed.azure.calls().filter((call) => call.startsWith(calls.health))).toEqual([]);
  });

  test("gives them up on request, and says that they were not counted", async () => {
    bed.setVariable("RELAY_ABANDON_DEAD_LETTERS", "true");
    bed.holds({ dead: 5 });
    await former();
    expect(bed.operation.shown.at(-1)).toBe(
      "gives up the dead letters (not counted), as RELAY_ABANDON_DEAD_LETTERS asks",
    );
  });
});
