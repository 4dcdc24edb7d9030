import { beUp, eachKill, end, killLimit, start, theApp, thePlan, tryAll } from "./kills.ts";

beforeAll(start, 60_000);
afterAll(end, 60_000);

test(
  "a change that is killed at an effect in Azure is finished by the next up",
  () => eachKill("change", [theApp], beUp),
  killLimit,
);

const replacements = ["replacement by a new relay", "replacement in place"] as const;
test.each(tryAll ? replacements : replacements.slice(0, 1))(
  "a %s that is killed at an effect in Azure is finished by the next up",
  // Until the new plan exists, the former app belongs to the stack, and still has dead letters to be counted.
  (operation) => eachKill(operation, [thePlan], beUp),
  killLimit,
);
