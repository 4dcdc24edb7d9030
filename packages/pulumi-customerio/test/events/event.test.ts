import { isBlank } from "../../src/events/event.ts";

test.each([undefined, null, "", " ", "\t\n", "\u00a0", "null", "NULL", " Null "])("%j identifies nobody", (value) => {
  expect(isBlank(value)).toBe(true);
});

test.each(["0", "u-1", "nullable", "none", "null null", 0, false, [], {}])("%j may identify somebody", (value) => {
  expect(isBlank(value)).toBe(false);
});
