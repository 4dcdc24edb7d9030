import type { Census } from "./azure-effects.ts";
import {
  azure,
  beDown,
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
} from "./kills.ts";

beforeAll(start, 60_000);
afterAll(end, 60_000);

test(
  "a destroy that is killed at an effect in Azure is finished by the next one, or undone by the command that the preview of an up names",
  async () => {
    let before: Census;
    // Nothing else would report a missing alert.
    await eachKill(
      "destroy",
      [/^DELETE .*\/scheduledQueryRules\/[^/]+$/],
      async (kill, { name }) => {
        // The drain also closes the intake, by a PATCH. Then nothing else may have been deleted yet.
        const isComplete =
          name.startsWith("PATCH ") &&
          (await stack.pulumi.preview().then(
            () => true,
            () => false,
          ));
        if (isComplete) {
          await stack.pulumi.up();
        } else {
          // The state still has deleted resources.
          await requireRefusedPreview();
          await stack.pulumi.up("--refresh");
        }
        await expectWhole();
        expect(await azure.census()).toEqual(before);
        await kill();
        await beDown();
      },
      async () => {
        before = await azure.census();
      },
    );
  },
  killLimit,
);

test(
  "a destroy right after an up that was killed at an effect in Azure deletes what the up created",
  // Azure does not delete a plan with an app, and this app is not in the state.
  () => eachKill("up", [theApp], beDown),
  killLimit,
);

test(
  "an up that is killed at an effect in Azure is finished by the next one",
  // Before the next effect, a destroy leaves nothing.
  () => eachKill("up", [thePlan], beUp),
  killLimit,
);
