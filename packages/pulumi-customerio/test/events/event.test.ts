import { isBlank } from "../../src/events/event.ts";

const blanks = [undefined, null, "", " ", "\t\n", "\u00a0", "null", "NULL", " Null "];
/** A zero-width space, a word joiner, a soft hyphen, NUL, a Hangul filler, an empty braille pattern. */
const invisible = ["\u200b", " \u2060 ", "\u00ad", "\0", "\u3164", "\u2800", "\u200bnull"];
test.each([...blanks, ...invisible])("%j identifies nobody", (value) => {
  expect(isBlank(value)).toBe(true);
});

test.each(["0", "u-1", "nullable", "none", "null null", "👩\u200d💻", 0, false, [], {}])(
  "%j may identify somebody",
  (value) => {
    expect(isBlank(value)).toBe(false);
  },
);

test("takes a time in proportion to the length of a run of blanks", () => {
  // Quadratic time would be minutes, beyond the test's timeout.
  expect(isBlank(`${" ".repeat(1_000_000)}x`)).toBe(false);
});
