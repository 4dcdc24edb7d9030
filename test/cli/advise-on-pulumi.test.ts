import { adviseOnPulumi } from "../../cli/stack/advise-on-pulumi.ts";

test.each([
  [
    "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables",
    "read -rs",
  ],
  ["incorrect passphrase", "export PULUMI_CONFIG_PASSPHRASE"],
  ["PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", "npx pulumi login <url>"],
  ["Downloading pulumi v3.265.0...\npulumi: fetch failed", "~/.pulumi/versions/<version>/bin"],
])("what Pulumi says comes with what to do: %s", (said, words) => {
  expect(adviseOnPulumi(said)).toContain(words);
});

test("other words of Pulumi have to do", () => {
  expect(adviseOnPulumi("Downloading pulumi v3.265.0...\nerror: the stack is locked")).toBeUndefined();
  expect(adviseOnPulumi("the current deployment has 1 resource(s) with pending operations")).toBeUndefined();
});
