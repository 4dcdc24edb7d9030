import {
  beUp,
  eachKill,
  end,
  expectWhole,
  killLimit,
  requireRefusedPreview,
  stack,
  start,
  theApp,
  thePlan,
  tryAll,
} from "./kills.ts";

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

// Each takes minutes.
if (tryAll) {
  // The state then has resources twice, with the same id or with two.
  test.each(replacements)(
    "a %s that is killed at an effect in Azure is finished by the same command again",
    (operation) =>
      eachKill(operation, [], async (_kill, _effect, again) => {
        await again();
        await beUp();
      }),
    killLimit,
  );

  test(
    "a change to direct delivery that is killed at an effect in Azure is undone by an up, or by the command that its preview names",
    () =>
      eachKill("change to direct delivery", [], async (_kill, { name }) => {
        await stack.pulumi.configure("delivery", "relay");
        if (name.startsWith("DELETE ")) {
          await requireRefusedPreview();
          await stack.pulumi.up("--refresh");
        } else {
          await stack.pulumi.up();
        }
        await expectWhole();
      }),
    killLimit,
  );
}
