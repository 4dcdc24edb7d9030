import { isMarkOf, isOwnedBy, markOf } from "../src/resources/mark.ts";

const ownership = "0123456789abcdef";
const urn = (stack: string) => `urn:pulumi:${stack}::customerio-aep::aep:index:Schema::customerio-aep-platform-schema`;

test("a leftover of an owned resource is found after the stack was renamed", () => {
  const before = markOf(urn("dev"), ownership);
  expect(before).toMatch(/^0123456789abcdef-[0-9a-f]{16}$/);
  expect(isMarkOf(urn("prod.eu_2"), ownership)(before)).toBe(true);
  expect(isOwnedBy(ownership)(before)).toBe(true);
  expect(isMarkOf(urn("dev"), "fedcba9876543210")(before)).toBe(false);
  expect(isMarkOf(urn("dev").replace("Schema", "Dataset"), ownership)(before)).toBe(false);
});

test("without an ownership, stacks are distinguished by name", () => {
  expect(isMarkOf(urn("prod"), undefined)(markOf(urn("dev")))).toBe(false);
  expect(isMarkOf(urn("dev"), undefined)(markOf(urn("dev")))).toBe(true);
  expect(isMarkOf(urn("dev"), undefined)(undefined)).toBe(false);
});

test("a mark of a version that included the stack's name is still recognized", () => {
  const former = `${ownership}-${markOf(urn("dev"))}`;
  expect(isMarkOf(urn("dev"), ownership)(former)).toBe(true);
});
