import { createHmac } from "node:crypto";
import fc from "fast-check";
import { intakeHandler } from "../../relay/azure/intake/intake.ts";
import { readAppSettings } from "../../relay/azure/settings.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { type DeadLetterBlob, parseDeadLetter } from "../../relay/core/event/dead-letter.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { decodeEnvelope, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { call, invocation, linesAtOnce, signingKey } from "../relay/support/invocation.ts";
import { openGate } from "../relay/support/open-ports.ts";
import { hostileBody, type Signing, signing } from "./hostile-bodies.ts";

const seed = Number(process.env.CONSERVATION_SEED ?? Math.floor(Math.random() * 2 ** 31));
const cases = Number(process.env.CONSERVATION_CASES ?? 10_000);

/** What an intake has stored for one call. */
interface Stored {
  readonly events: QueuedEvent[];
  readonly claims: Map<string, string>;
  readonly deadLetters: DeadLetterBlob[];
}

let stored: Stored;
let now: Date;
const storage = {
  async enqueue(message: string) {
    const decoded = decodeEnvelope(JSON.parse(Buffer.from(message, "base64").toString("utf8")));
    if (!decoded.readable) throw new Error(decoded.reason);
    stored.events.push(...decoded.events);
  },
  async putClaim(name: string, body: string) {
    stored.claims.set(name, body);
  },
  async putDeadLetter(blob: DeadLetterBlob) {
    stored.deadLetters.push({ ...blob, document: parseDeadLetter(JSON.stringify(blob.document)) });
    return true;
  },
};
const intake = intakeHandler({
  gate: openGate,
  signingKeys: ["a retired key", signingKey],
  settings: readAppSettings({}).intake,
  storage,
  clock: () => now,
  budget: { call: 60_000, write: 60_000, patience: 60_000 },
  refusals: linesAtOnce(),
});

const signText = (text: string, body: Uint8Array, key = signingKey) =>
  createHmac("sha256", key).update(text).update(body).digest("hex");

function headersOf(how: Exclude<Signing, { kind: "moved colon" }>, body: Uint8Array): Record<string, string> {
  const timestamp = "1717430405";
  const headers = (signature: string | null, time: string | null = timestamp) => ({
    ...(time !== null && { "x-cio-timestamp": time }),
    ...(signature !== null && { "x-cio-signature": signature }),
  });
  const good = signText(`v0:${timestamp}:`, body);
  switch (how.kind) {
    case "good":
      return headers(good);
    case "headers":
      return headers(how.signature, how.timestamp);
    case "wrong key":
      return headers(signText(`v0:${timestamp}:`, body, "not the key"));
    case "other body":
      return headers(signText(`v0:${timestamp}:`, new Uint8Array([...body, 0x20])));
    case "other timestamp":
      return headers(good, "1717430406");
    case "upper case":
      return headers(`A${good.slice(1).toUpperCase()}`);
    case "cut":
      return headers(good.slice(0, -2));
    case "v1":
      return headers(signText(`v1:${timestamp}:`, body));
  }
}

/**
 * A call as its signer or forger makes it. One forgery keeps the signed text, and takes another of its colons for the one between
 * timestamp and body; as a header's value that is legal for printable ASCII.
 */
function callOf(how: Signing, body: Uint8Array) {
  if (how.kind !== "moved colon") return call(body, headersOf(how, body));
  const text = Buffer.from(body).toString("latin1");
  const printable = /^[ -~]*/.exec(text)?.[0] ?? "";
  const colons = [...printable.matchAll(/:/g)].map(({ index }) => index);
  const at = colons[how.colon % colons.length] ?? 0;
  const { "x-cio-timestamp": timestamp = "", ...signature } = headersOf({ kind: "good" }, body);
  const moved = `${timestamp}:${text.slice(0, at)}`;
  return call(body.subarray(at + 1), { ...signature, "x-cio-timestamp": moved });
}

/** The bytes of a stored event or dead letter. */
function bytesKept({ events, claims, deadLetters }: Stored): Buffer[] {
  return [
    ...events.map((event) => Buffer.from("body" in event ? event.body : (claims.get(event.claim) ?? ""))),
    ...deadLetters.map(({ document }) => Buffer.from(document.body, document.encoding)),
  ];
}

/** Times from long ago to far ahead, in any order. */
const anyTime = fc.date({ min: new Date("2000-01-01"), max: new Date("2099-01-01"), noInvalidDate: true });

test(`${cases} hostile calls: forgeries get 401 and leave nothing, whatever was signed is kept once, byte by byte (seed ${seed})`, async () => {
  const answers: Record<number, number> = {};
  await fc.assert(
    fc.asyncProperty(hostileBody, signing, anyTime, async (body, how, time) => {
      stored = { events: [], claims: new Map(), deadLetters: [] };
      now = time;
      const answer = (await intake(callOf(how, body), invocation().context)) as { status: number };
      answers[answer.status] = (answers[answer.status] ?? 0) + 1;
      const isGood = how.kind === "good";
      expect(answer.status).toBe(isGood ? 200 : 401);
      // Compared here, since Jest is slow for large buffers.
      expect(bytesKept(stored).map((bytes) => bytes.equals(body))).toEqual(isGood ? [true] : []);
    }),
    { numRuns: cases, seed },
  );
  expect(Object.keys(answers)).toEqual(["200", "401"]);
}, 120_000);

test("everything in the queue is an event with a record that Platform can read", async () => {
  await fc.assert(
    fc.asyncProperty(hostileBody, anyTime, async (body, time) => {
      stored = { events: [], claims: new Map(), deadLetters: [] };
      now = time;
      await intake(call(body, headersOf({ kind: "good" }, body)), invocation().context);
      for (const event of stored.events) {
        const text = "body" in event ? event.body : (stored.claims.get(event.claim) ?? "");
        const classified = classifyText(text);
        if (classified.kind !== "event") throw new Error("the intake took for an event what the forwarder does not");
        const record = recordOf(() => enrich(classified, event.receivedAt));
        if (record === undefined) continue;
        const { event_id, relay } = JSON.parse(record);
        expect(event_id).toBe(classified.id);
        expect(Date.parse(relay.occurred_at)).toBeLessThanOrEqual(time.getTime());
      }
    }),
    { numRuns: Math.ceil(cases / 5), seed },
  );
}, 120_000);

/** The record; undefined for JSON that is nested too deeply to be written, which the forwarder makes a dead letter. */
function recordOf(make: () => string): string | undefined {
  try {
    return make();
  } catch (error) {
    if ((error as Error).name === "RangeError" && String(error).includes("call stack")) return undefined;
    throw error;
  }
}
