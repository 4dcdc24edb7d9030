import * as pulumi from "@pulumi/pulumi";
import { hasBodiesInProfile } from "../../components/settings/profile-limit.ts";
import { readStackSettings } from "../../components/settings/settings.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { configure } from "./stack.ts";

const both = { withContent: true, profile: { enabled: true } };

test.each([
  [both, true],
  [{ ...both, mapping: { remove: ["customerio.subject"] } }, true],
  [{ ...both, withContent: false }, false],
  [{ withContent: true }, false],
  [{ ...both, personalData: { content: "drop" } }, false],
  [{ ...both, mapping: { remove: ["customerio.content"] } }, false],
  [{ ...both, mapping: { remove: ["customerio.*"] } }, false],
  [
    { ...both, mapping: { set: [{ destination: "customerio.content", expression: "substr(data.content, 0, 100)" }] } },
    false,
  ],
])("%j may exceed what Profile takes: %p", (settings, expected) => {
  expect(hasBodiesInProfile(settingsSchema.parse(settings))).toBe(expected);
});

test("a stack with bodies in Profile gets a warning with the command that leaves them out", () => {
  const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
  configure(both);
  readStackSettings(new pulumi.Config("customerio-aep"));
  expect(warn).toHaveBeenCalledWith(
    "customerio-aep:withContent adds the bodies of messages to the events. Profile drops an event of more than 10 KB, which the dataset still " +
      "gets. To have all events in Profile, leave the bodies out: npx pulumi config set withContent false",
  );
});
