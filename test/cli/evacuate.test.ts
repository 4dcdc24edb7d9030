import fc from "fast-check";
import { type EvacuatedAccount, type EvacuationOptions, evacuate } from "../../cli/region/evacuate.ts";
import { describeEvacuation } from "../../cli/region/evacuate-command.ts";
import type { TakenMessage } from "../../cli/relay/relay-queues.ts";
import { type DeadLetterBlob, deadBody, deadEvent } from "../../relay/core/event/dead-letter.ts";
import { claimBody, decodeEnvelope, encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const now = new Date("2026-11-21T10:00:00.000Z");

type Fault = "fails" | "fails after" | "works";

/** The storage of two relays in memory. The n-th call may fail before or after it had its effect. */
class TwoRelays {
  readonly left = { messages: new Map<string, string>(), claims: new Map<string, string>(), dead: blobs() };
  readonly other = { messages: [] as string[], claims: new Map<string, string>(), dead: blobs() };
  /** Messages that are still hidden. */
  hidden = 0;
  faults: Fault[] = [];
  #ids = 0;
  #taken = new Set<string>();

  queue(text: string): string {
    this.#ids += 1;
    this.left.messages.set(String(this.#ids), text);
    return String(this.#ids);
  }

  bury({ name, document }: DeadLetterBlob): string {
    this.left.dead.set(name, { content: Buffer.from(JSON.stringify(document)), etag: "1" });
    return name;
  }

  /** Makes messages visible again that were received and not removed. */
  endLeases(): void {
    this.#taken = new Set();
  }

  readonly from: EvacuatedAccount = {
    queues: {
      take: () =>
        this.#act(() => {
          const free = [...this.left.messages].filter(([id]) => !this.#taken.has(id)).slice(0, 32);
          for (const [id] of free) this.#taken.add(id);
          return free.map(([id, text]) => ({ id, text, receipt: id }) as TakenMessage);
        }),
      delete: ({ id }) => this.#act(() => this.#taken.has(id) && this.left.messages.delete(id)),
      count: () => this.#act(() => this.left.messages.size + this.hidden),
    },
    storage: {
      eachDeadLetter: () => this.#names(),
      readDeadLetter: (name) => this.#act(() => this.left.dead.get(name)),
      deleteDeadLetter: (name, etag) =>
        this.#act(() => this.left.dead.get(name)?.etag === etag && this.left.dead.delete(name)),
      readClaim: (name) => this.#act(() => this.left.claims.get(name)),
      deleteClaim: (name) => this.#act(() => void this.left.claims.delete(name)),
    },
  };

  readonly to: EvacuationOptions["to"] = {
    enqueue: (text) => this.#act(() => void this.other.messages.push(text)),
    putClaim: (name, body) => this.#act(() => void this.other.claims.set(name, body)),
    addDeadLetter: (name, content) =>
      this.#act(() => {
        if (this.other.dead.has(name)) return false;
        this.other.dead.set(name, { content, etag: "1" });
        return true;
      }),
  };

  run(choice: Partial<EvacuationOptions> = {}) {
    return evacuate({
      from: [this.from],
      to: this.to,
      waits: false,
      signal: new AbortController().signal,
      sleep: async () => undefined,
      progress: () => undefined,
      ...choice,
    });
  }

  async *#names() {
    for (const name of Array.from(this.left.dead.keys())) yield { name, writtenAt: now };
  }

  async #act<T>(effect: () => T): Promise<T> {
    const fault = this.faults.shift();
    if (fault === "fails") throw new Error("the storage failed");
    const result = effect();
    if (fault === "fails after") throw new Error("the answer got lost");
    return result;
  }
}

function blobs() {
  return new Map<string, { content: Buffer; etag: string }>();
}

let relays: TwoRelays;
beforeEach(() => {
  relays = new TwoRelays();
});

const inline = (id: string) => newEvent({ id, receivedAt, body: JSON.stringify({ event_id: id }) });

/** A message with one event that refers to a claim of that name. */
function messageWithClaim(id: string, claim: string): string {
  relays.left.claims.set(claim, `body of ${id}`);
  return encodeEnvelopes([claimBody(inline(id), claim)])[0] ?? "";
}

/** Ids of the events in messages, each with the body from its claim. */
function idsOf(messages: Iterable<string>, claims: ReadonlyMap<string, string>): string[] {
  return [...messages].flatMap((text) => {
    const envelope = decodeEnvelope(JSON.parse(Buffer.from(text, "base64").toString("utf8")));
    if (!envelope.readable) return [];
    return envelope.events.flatMap((event) => ("body" in event || claims.has(event.claim ?? "") ? [event.id] : []));
  });
}

const refusedEvent = (id: string) =>
  deadEvent(inline(id), `{"event_id":"${id}"}`, { class: "refused", reason: "HTTP 400", now });

test("messages are moved to the other relay byte by byte, with the bodies that they refer to, and nothing is left", async () => {
  const [message = ""] = encodeEnvelopes([inline("a"), inline("b")]);
  relays.queue(message);
  relays.queue(messageWithClaim("c", "2026/11/20/c.json"));
  const foreign = Buffer.from('{"version":99}').toString("base64");
  relays.queue(foreign);
  const counts = await relays.run();
  expect(counts).toEqual({ messages: 3, events: 3, deadLetters: 0, hidden: 0, changed: 0 });
  expect(relays.other.messages).toEqual(expect.arrayContaining([message, foreign]));
  expect(idsOf(relays.other.messages, relays.other.claims).sort()).toEqual(["a", "b", "c"]);
  expect(relays.other.claims.get("2026/11/20/c.json")).toBe("body of c");
  expect([relays.left.messages.size, relays.left.claims.size]).toEqual([0, 0]);
});

test("dead letters are moved unchanged; one that is a whole message is moved with the bodies that it refers to", async () => {
  const name = relays.bury(refusedEvent("a"));
  const text = Buffer.from(messageWithClaim("b", "b.json"), "base64");
  relays.bury(deadBody(text, { class: "unreadable", reason: "a newer relay", receivedAt, now }));
  const content = relays.left.dead.get(name)?.content;
  expect((await relays.run()).deadLetters).toBe(2);
  expect(relays.other.dead.get(name)?.content).toEqual(content);
  expect(relays.other.claims.get("b.json")).toBe("body of b");
  expect(relays.left.dead.size).toBe(0);
});

test("a dead letter that was rewritten meanwhile stays, and is reported", async () => {
  const name = relays.bury(refusedEvent("a"));
  const { addDeadLetter } = relays.to;
  const to = {
    ...relays.to,
    addDeadLetter: async (...letter: Parameters<typeof addDeadLetter>) => {
      const isNew = await addDeadLetter(...letter);
      relays.left.dead.set(name, { content: Buffer.from("again"), etag: "2" });
      return isNew;
    },
  };
  expect(await relays.run({ to })).toMatchObject({ deadLetters: 0, changed: 1 });
  expect(relays.left.dead.get(name)?.etag).toBe("2");
});

test("it waits for hidden messages until they are visible", async () => {
  relays.hidden = 1;
  let looks = 0;
  const sleep = async () => {
    looks += 1;
    if (looks < 3) return;
    relays.hidden = 0;
    if (looks === 3) relays.queue(encodeEnvelopes([inline("a")])[0] ?? "");
  };
  const counts = await relays.run({ waits: true, sleep });
  expect(counts).toMatchObject({ events: 1, hidden: 0 });
  expect(looks).toBe(3);
});

test("without waiting, it says how many are hidden", async () => {
  relays.hidden = 2;
  relays.queue(encodeEnvelopes([inline("a")])[0] ?? "");
  expect(await relays.run()).toMatchObject({ events: 1, hidden: 2 });
});

test("a body stays for a relay that received its message meanwhile", async () => {
  relays.queue(messageWithClaim("a", "a.json"));
  const queues = { ...relays.from.queues, delete: async () => false };
  const stop = new AbortController();
  await relays.run({
    from: [{ ...relays.from, queues }],
    signal: stop.signal,
    progress: () => stop.abort(),
  });
  expect(relays.left.claims.has("a.json")).toBe(true);
  expect(relays.other.claims.has("a.json")).toBe(true);
});

test("on a stop it finishes the current moves, and the next run moves the rest", async () => {
  for (let index = 0; index < 100; index++) relays.queue(encodeEnvelopes([inline(`e${index}`)])[0] ?? "");
  const stop = new AbortController();
  const first = await relays.run({
    signal: stop.signal,
    progress: ({ messages }) => messages === 10 && stop.abort(),
  });
  expect(first.messages).toBeLessThan(20);
  relays.endLeases();
  const second = await relays.run();
  expect(first.messages + second.messages).toBe(100);
  expect(relays.other.messages).toHaveLength(100);
});

test("after a stop, what is left is not called hidden", () => {
  const counts = { messages: 1, events: 2, deadLetters: 0, hidden: 40, changed: 0 };
  const moved = "2 events in 1 message and 0 dead letters moved";
  expect(describeEvacuation(counts, true)).toBe(`${moved}; about 40 messages are left`);
  expect(describeEvacuation(counts)).toBe(`${moved}; about 40 messages are hidden until their next attempt`);
});

test("every event stays in one of the two accounts wherever a storage fails, and repeated runs move them all", async () => {
  const fault = fc.constantFrom<Fault[]>("works", "works", "fails", "fails after");
  const kind = fc.constantFrom("inline", "claim", "dead");
  await fc.assert(
    fc.asyncProperty(fc.array(kind, { minLength: 1, maxLength: 6 }), fc.array(fault), async (kinds, faults) => {
      relays = new TwoRelays();
      const ids = kinds.map((what, index) => {
        const id = `e${index}`;
        if (what === "dead") relays.bury(refusedEvent(id));
        else {
          relays.queue(
            what === "claim" ? messageWithClaim(id, `${id}.json`) : (encodeEnvelopes([inline(id)])[0] ?? ""),
          );
        }
        return id;
      });
      relays.faults = [...faults];
      const idsInBoth = () => {
        const { left, other } = relays;
        const dead = [...left.dead, ...other.dead].map(([, { content }]) => JSON.parse(content.toString()).eventId);
        const queued = [...idsOf(left.messages.values(), left.claims), ...idsOf(other.messages, other.claims)];
        return [...new Set([...dead, ...queued])].sort();
      };
      for (let runs = 0; runs <= faults.length; runs++) {
        relays.endLeases();
        await relays.run().catch(() => undefined);
        expect(idsInBoth()).toEqual(ids);
      }
      expect([relays.left.messages.size, relays.left.dead.size]).toEqual([0, 0]);
      expect(idsInBoth()).toEqual(ids);
    }),
  );
});
