import { writeFile } from "node:fs/promises";
import { describeFailure } from "../../src/demo/failure.ts";

test("a full disk is named with what to do, also one that Pulumi met", async () => {
  // Linux has a device that is always full.
  const own = await writeFile("/dev/full", "x").catch((error: unknown) => error);
  const ofPulumi = new Error("pulumi up failed:\nerror: write /tmp/x/state.json: no space left on device");
  for (const error of [own, ofPulumi]) {
    expect(describeFailure(error, "/tmp")).toMatch(
      /^.*no space left on device.*\nThe disk of \/tmp is full, .*TMPDIR, and run the demo again\. What uses the space: du -sh \/tmp\/\*$/s,
    );
  }
  expect(describeFailure(new Error("The balance does not hold"), "/tmp")).toBe("The balance does not hold");
});
