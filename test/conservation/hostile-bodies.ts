import fc from "fast-check";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";

const sample = fc.constantFrom(...samples.map(({ event }) => JSON.stringify(event)));
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "utf8"));

/** A real event with some of its bytes changed, so that it may still be JSON, or UTF-8, or neither. */
const damaged = fc
  .tuple(sample, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }))
  .map(([text, changes]) => {
    const bytes = bytesOf(text);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });

const truncated = fc.tuple(sample, fc.nat()).map(([text, length]) => bytesOf(text).subarray(0, length % text.length));

const withBytes = (text: string, bytes: readonly number[]) =>
  new Uint8Array(Buffer.concat([Buffer.from(text.slice(0, -2)), Buffer.from(bytes), Buffer.from(text.slice(-2))]));

/** Overlong forms, lone surrogates, truncated sequences and lone continuation bytes, and a byte order mark. */
const notUtf8 = fc
  .tuple(sample, fc.constantFrom([0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80], [0xff], [0x80], [0xef, 0xbb, 0xbf]))
  .map(([text, bytes]) => withBytes(text, bytes));

const nested = fc
  .tuple(fc.constantFrom(['{"a":', "}"], ["[", "]"]), fc.constantFrom(10, 1_000, 20_000), fc.boolean())
  .map(([[open = "", close = ""], depth, isClosed]) => {
    const value = `${open.repeat(depth)}1${isClosed ? close.repeat(depth) : ""}`;
    return bytesOf(`{"event_id":"nested","timestamp":1,"data":{"content":${value}}}`);
  });

const huge = fc
  .tuple(fc.constantFrom("x", "\\u0000", "é", '\\"'), fc.constantFrom(50_000, 300_000))
  .map(([unit, times]) => bytesOf(`{"event_id":"huge","timestamp":1,"data":{"content":"${unit.repeat(times)}"}}`));

const names = [
  "event_id",
  "timestamp",
  "object_type",
  "metric",
  "data",
  "__proto__",
  "constructor",
  "relay",
  "toString",
];
const literals = [
  "null",
  "true",
  "0",
  "-0",
  "1e400",
  "-1e308",
  "9007199254740993",
  "8640000000000001",
  "1.5",
  '""',
  '"e"',
  '"\\ud800"',
  '"\\u0000"',
  `"${"i".repeat(10_000)}"`,
  "[]",
  "{}",
  '{"__proto__":{"x":1}}',
  '{"identifiers":"none"}',
  '{"recipients":[1]}',
  '{"identifiers":{"id":{"a":[1]},"email":7,"cio_id":null}}',
  '{"content":"{\\"topics\\":[1]}"}',
  '"2026-11-20T10:00:00Z"',
];

/** Every property that the relay reads with every unexpected value, some keys twice. */
const misshapen = fc
  .array(fc.tuple(fc.constantFrom(...names), fc.constantFrom(...literals)), { maxLength: 9 })
  .map((pairs) => bytesOf(`{${pairs.map(([name, value]) => `"${name}":${value}`).join(",")}}`));

const anyJson = fc.json().map(bytesOf);
const anyBytes = fc.uint8Array({ maxLength: 300 });

const bodies = fc.oneof(
  { weight: 20, arbitrary: misshapen },
  { weight: 20, arbitrary: damaged },
  { weight: 10, arbitrary: truncated },
  { weight: 10, arbitrary: notUtf8 },
  { weight: 10, arbitrary: anyJson },
  { weight: 10, arbitrary: anyBytes },
  { weight: 5, arbitrary: sample.map(bytesOf) },
  { weight: 2, arbitrary: nested },
  { weight: 1, arbitrary: huge },
);

const shownBytes = 300;

/** Bodies of every kind that a relay should survive, signed or not. A failure shows their beginning; its seed reproduces the rest. */
export const hostileBody = bodies.map((bytes) => {
  const toText = () => `${bytes.length} bytes: ${Buffer.from(bytes.subarray(0, shownBytes)).toString("latin1")}`;
  return Object.assign(bytes, { [fc.toStringMethod]: toText });
});

/** How a call is signed: correctly, or as by a forger. */
export type Signing =
  | { readonly kind: "good" }
  | { readonly kind: "headers"; readonly timestamp: string | null; readonly signature: string | null }
  /** The signed text, split at another colon: the number says which. */
  | { readonly kind: "moved colon"; readonly colon: number }
  | { readonly kind: "wrong key" | "other body" | "other timestamp" | "upper case" | "cut" | "v1" };

export const signing: fc.Arbitrary<Signing> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: "good" } as const) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom("wrong key", "other body", "other timestamp", "upper case", "cut", "v1")
      .map((kind) => ({ kind }) as Signing),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("moved colon" as const), colon: fc.nat(100) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("headers" as const),
      timestamp: fc.option(fc.stringMatching(/^[ -~]{0,40}$/)),
      signature: fc.option(fc.oneof(fc.stringMatching(/^[0-9a-f]{64}$/), fc.stringMatching(/^[ -~]{0,80}$/))),
    }),
  },
);
