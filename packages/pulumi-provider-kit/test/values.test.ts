import fc from "fast-check";
import {
  Archive,
  decodeMap,
  encodeMap,
  holdsSecret,
  holdsUnknown,
  type PropertyValue,
  reveal,
  Secret,
  Unknown,
} from "../src/engine/values.ts";

const value: fc.Arbitrary<PropertyValue> = fc.letrec<{ value: PropertyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom(null, true, false, Unknown.instance),
    fc.integer(),
    fc.string(),
    fc.string().map((text) => new Archive(`/${text}`, text)),
    tie("value").map((inner) => new Secret(inner)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ minLength: 1 }), tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

test("what is encoded for the engine comes back as it was", () => {
  fc.assert(
    fc.property(value, (item) => {
      expect(decodeMap(encodeMap({ item }))).toEqual({ item });
    }),
  );
});

test("a revealed value holds no secret, and stays unknown where it was", () => {
  fc.assert(
    fc.property(value, (item) => {
      expect(holdsSecret(reveal(item))).toBe(false);
      expect(holdsUnknown(reveal(item))).toBe(holdsUnknown(item));
    }),
  );
});

test("reads the engine's marks", () => {
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "s3cret" };
  const output = { "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4", value: 3, secret: true };
  const pending = { "4dabf18193072939515e22adb298388d": "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
  const unknownArray = "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2";
  expect(decodeMap({ secret, output, pending, unknownArray })).toEqual({
    secret: new Secret("s3cret"),
    output: new Secret(3),
    pending: Unknown.instance,
    unknownArray: Unknown.instance,
  });
});

test("refuses kinds of values that it does not know, rather than storing their marks", () => {
  const asset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", text: "hello" };
  expect(() => decodeMap({ asset })).toThrow("does not support");
});
