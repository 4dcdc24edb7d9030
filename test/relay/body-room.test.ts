import { setTimeout as sleep } from "node:timers/promises";
import { keepDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { poisonHandler } from "../../relay/azure/delivery/poison.ts";
import { BodyRoom } from "../../relay/azure/storage/body-room.ts";
import { encodeEnvelopes, newEvent, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { queueNames } from "../../relay/core/names.ts";
import { invocation } from "./support/invocation.ts";
import { openForwarder } from "./support/open-ports.ts";
import { withoutPace } from "./support/unpaced.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const patience = 60_000;

test("bodies come in as there is room, in their order, and one that is too large comes in alone", async () => {
  const room = new BodyRoom(10);
  const entered: number[] = [];
  const enter = (bytes: number) =>
    room.enter(bytes, patience).then((hasRoom) => {
      expect(hasRoom).toBe(true);
      entered.push(bytes);
    });
  const all = [6, 4, 30, 1].map(enter);
  await sleep(1);
  expect(entered).toEqual([6, 4]);
  room.leave(6);
  await sleep(1);
  expect(entered).toEqual([6, 4]);
  room.leave(4);
  await sleep(1);
  expect(entered).toEqual([6, 4, 30]);
  room.leave(30);
  await Promise.all(all);
  expect(entered).toEqual([6, 4, 30, 1]);
});

test("a body that waits for too long goes away, and holds up nobody", async () => {
  const room = new BodyRoom(10);
  await room.enter(6, patience);
  const late = room.enter(8, 5);
  const small = room.enter(2, patience);
  expect([await late, await small]).toEqual([false, true]);
});

const size = 1_000_000;

/** Events with claims, in messages as the Functions library passes them. */
function messagesOf({ count, events, tells = true }: { count: number; events: number; tells?: boolean }): unknown[] {
  return Array.from({ length: count }, (_, message) =>
    Array.from({ length: events }, (_, at): QueuedEvent => {
      const { body: _body, ...event } = newEvent({ id: `e${message}-${at}`, receivedAt, body: "" });
      return { ...event, claim: event.id, ...(tells && { claimBytes: size }) };
    }),
  ).flatMap((all) => encodeEnvelopes(all).map((text) => JSON.parse(Buffer.from(text, "base64").toString("utf8"))));
}

describe("a forwarder", () => {
  /** Takes five messages at a time, with twenty large events each; `most`: the most bytes of bodies that it held. */
  async function forward({ now = receivedAt, earlier = false, tells = true } = {}) {
    let [held, most] = [0, 0];
    const delivered = new Set<string>();
    const dead: string[] = [];
    const back: string[] = [];
    const release = (id: string) => {
      held -= size;
      return id;
    };
    const handler = forwarderHandler({
      ...openForwarder,
      room: new BodyRoom(8 * size),
      target: earlier
        ? { problem: "the address is not set" }
        : {
            client: withoutPace({
              send: async (text) => {
                await sleep(2);
                delivered.add(release(JSON.parse(text).event_id));
                return { status: 200, retryAfter: null, detail: "" };
              },
            }),
            readyAt: undefined,
          },
      storage: {
        enqueue: async (text) => void back.push(text),
        readClaim: async (id) => {
          held += size;
          most = Math.max(most, held);
          await sleep(1);
          return JSON.stringify({ event_id: id, data: { content: "x".repeat(size) } });
        },
        deleteClaim: async () => undefined,
        putDeadLetter: async ({ document }) => Boolean(dead.push(release(String(document.eventId)))),
      },
      duplicates: keepDuplicates,
      clock: () => new Date(now),
      random: () => 0,
    });
    const messages = messagesOf({ count: 5, events: 20, tells });
    await Promise.all(messages.map((message) => handler(message, invocation().context)));
    return { most: most / size, delivered: delivered.size, dead: dead.length, back: back.length };
  }

  test("holds no more large bodies at a time than its memory has room for, and delivers them all", async () => {
    expect(await forward()).toEqual({ most: 8, delivered: 100, dead: 0, back: 0 });
  });

  test("takes a body of a former version's message, which does not tell its size, for a large one", async () => {
    expect(await forward({ tells: false })).toEqual({ most: 1, delivered: 100, dead: 0, back: 0 });
  });

  test("also while it gives up events that have waited for too long", async () => {
    expect(await forward({ now: "2026-12-21T10:00:00.000Z", earlier: true })).toEqual({
      most: 8,
      delivered: 0,
      dead: 100,
      back: 0,
    });
  });
});

describe("the function of a poison queue", () => {
  test("holds no more large bodies at a time than its memory has room for, and buries them all", async () => {
    let [held, most, dead] = [0, 0, 0];
    const handler = poisonHandler({
      queue: queueNames.poison,
      room: new BodyRoom(8 * size),
      storage: {
        enqueue: async () => undefined,
        readClaim: async () => {
          held += size;
          most = Math.max(most, held);
          await sleep(1);
          return "{}";
        },
        deleteClaim: async () => undefined,
        putDeadLetter: async () => true,
        addDeadLetter: async () => {
          await sleep(1);
          held -= size;
          dead += 1;
          return true;
        },
      },
      clock: () => new Date(receivedAt),
    });
    await Promise.all(messagesOf({ count: 40, events: 3 }).map((message) => handler(message, invocation().context)));
    expect({ most: most / size, dead }).toEqual({ most: 8, dead: 120 });
  });

  test("fails if there is no room in time, so that the message comes again", async () => {
    const room = new BodyRoom(size);
    await room.enter(size, patience);
    let reads = 0;
    // Two minutes pass between two looks at the clock.
    let now = Date.parse(receivedAt);
    const handler = poisonHandler({
      queue: queueNames.poison,
      room,
      storage: {
        enqueue: async () => undefined,
        readClaim: async () => String(++reads),
        deleteClaim: async () => undefined,
        putDeadLetter: async () => true,
        addDeadLetter: async () => true,
      },
      clock: () => {
        now += 2 * 60_000;
        return new Date(now);
      },
    });
    const [message] = messagesOf({ count: 1, events: 1 });
    await expect(handler(message, invocation().context)).rejects.toThrow("no room for the body");
    expect(reads).toBe(0);
  });
});
