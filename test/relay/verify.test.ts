import { createHmac } from "node:crypto";
import fc from "fast-check";
import { freshnessProblem, isSet, parseSigningKeys, signatureProblem } from "../../relay/core/intake/verify.ts";
import golden from "./golden-signatures.json" with { type: "json" };

const sign = (key: string, timestamp: string, body: Uint8Array) =>
  createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest("hex");

const body = Buffer.from('{"event_id":"abc"}');
const signed = { timestamp: "1717430405", signature: sign("key", "1717430405", body), body };

describe("signatureProblem", () => {
  test.each(golden)("accepts $name", ({ key, timestamp, body, signature }) => {
    expect(signatureProblem([key], { timestamp, signature, body: Buffer.from(body) })).toBeUndefined();
  });

  test("accepts a signature by any of the keys, in any order", () => {
    const key = fc.string({ minLength: 1, unit: "grapheme" });
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), fc.nat(), fc.uint8Array(), (keys, pick, bytes) => {
        const signature = sign(keys[pick % keys.length] ?? "", "1717430405", bytes);
        expect(signatureProblem(keys, { timestamp: "1717430405", signature, body: bytes })).toBeUndefined();
      }),
    );
  });

  test("refuses a body, timestamp or key that was changed", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, at, by) => {
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length] = ((bytes[at % bytes.length] ?? 0) + by) % 256;
        const signature = sign("key", "1717430405", bytes);
        expect(signatureProblem(["key"], { timestamp: "1717430405", signature, body: changed })).toBe(
          "no signing key fits X-CIO-Signature",
        );
      }),
    );
    expect(signatureProblem(["key"], { ...signed, timestamp: "1717430406" })).toBe(
      "no signing key fits X-CIO-Signature",
    );
    expect(signatureProblem(["other"], signed)).toBe("no signing key fits X-CIO-Signature");
    expect(signatureProblem([], signed)).toBe("no signing key fits X-CIO-Signature");
  });

  test.each([
    ["no timestamp", { timestamp: null }, "the call has no X-CIO-Timestamp header"],
    ["an empty timestamp", { timestamp: "" }, "the call has no X-CIO-Timestamp header"],
    ["no signature", { signature: null }, "the call has no X-CIO-Signature header"],
    ["an empty signature", { signature: "" }, "the call has no X-CIO-Signature header"],
    [
      "upper case",
      { signature: signed.signature.toUpperCase() },
      "X-CIO-Signature is not 64 lower-case hexadecimal digits",
    ],
    [
      "one digit too few",
      { signature: signed.signature.slice(1) },
      "X-CIO-Signature is not 64 lower-case hexadecimal digits",
    ],
    [
      "one digit too many",
      { signature: `${signed.signature}0` },
      "X-CIO-Signature is not 64 lower-case hexadecimal digits",
    ],
    [
      "a version prefix",
      { signature: `v0=${signed.signature}` },
      "X-CIO-Signature is not 64 lower-case hexadecimal digits",
    ],
    [
      "the header twice",
      { signature: `${signed.signature}, ${signed.signature}` },
      "X-CIO-Signature is not 64 lower-case hexadecimal digits",
    ],
    [
      "letters that aren't hexadecimal",
      { signature: "g".repeat(64) },
      "X-CIO-Signature is not 64 lower-case hexadecimal digits",
    ],
  ])("refuses %s", (_, change, problem) => {
    expect(signatureProblem(["key"], { ...signed, ...change })).toBe(problem);
  });

  test("never throws for any headers", () => {
    fc.assert(
      fc.property(fc.option(fc.string()), fc.option(fc.string()), (timestamp, signature) => {
        expect(typeof signatureProblem(["key"], { timestamp, signature, body })).toBe("string");
      }),
    );
  });
});

describe("freshnessProblem", () => {
  const now = new Date("2026-11-20T10:00:00.000Z");
  const seconds = now.getTime() / 1000;
  const stale = "X-CIO-Timestamp is not within 300 seconds of the time now";
  test.each([
    ["now", String(seconds), undefined],
    ["as old as may be", String(seconds - 300), undefined],
    ["older", String(seconds - 301), stale],
    ["as far ahead as may be", String(seconds + 300), undefined],
    ["further ahead", String(seconds + 301), stale],
    ["milliseconds", String(now.getTime()), stale],
    ["no number", "now", stale],
    ["a fraction", `${seconds}.5`, stale],
    ["empty", "", stale],
    ["absent", null, stale],
  ])("a timestamp that is %s", (_, timestamp, problem) => {
    expect(freshnessProblem(timestamp, { now, maximumAgeSeconds: 300 })).toBe(problem);
  });
  test("accepts any timestamp by default", () => {
    for (const timestamp of ["0", "now", "", null]) {
      expect(freshnessProblem(timestamp, { now, maximumAgeSeconds: 0 })).toBeUndefined();
    }
  });
});

describe("parseSigningKeys", () => {
  test.each([
    ["no setting", undefined, []],
    ["an empty setting", "", []],
    ["blank lines", " \n\t\r\n", []],
    [
      "a Key Vault reference that was not resolved",
      "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/k)",
      [],
    ],
    ["one key", "key", ["key"]],
    [
      "one key per line, with any line ends and spaces around",
      " first \r\nsecond\n\nthird ",
      ["first", "second", "third"],
    ],
    ["keys beside an unresolved reference", "first\n@Microsoft.KeyVault(VaultName=v;SecretName=k)", ["first"]],
  ])("%s", (_, text, keys) => {
    expect(parseSigningKeys(text)).toEqual(keys);
  });
});

test.each([
  [undefined, false],
  ["", false],
  ["  ", false],
  [" @Microsoft.KeyVault(SecretUri=x)", false],
  ["value", true],
])("isSet(%j) is %j", (value, expected) => {
  expect(isSet(value)).toBe(expected);
});
