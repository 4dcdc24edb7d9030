import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { type LocalStack, repository, startLocalStack } from "../e2e/local-stack.ts";
import { configure, deliveries, readState } from "./states.ts";

// Previews stacks of an earlier version with the present one. A preview compares program and state, and asks the vendors
// only what preflight asks, so that a cloud without their objects is enough.
let stack: LocalStack | undefined;

const minutes = 60_000;

interface Preview {
  readonly steps: readonly Step[];
  readonly changeSummary: Readonly<Record<string, number>>;
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly diffReasons?: readonly string[];
}

afterEach(async () => {
  await stack?.stop();
  stack = undefined;
}, 60_000);

test.each(deliveries)(
  "a recorded stack with delivery %s changes nothing but the relay's code",
  async (delivery) => {
    stack = await startLocalStack();
    const { pulumi, configFile } = stack;
    const file = path.join(path.dirname(configFile), "state.json");
    await writeFile(file, await readState(delivery));
    await configure(pulumi, delivery);
    await pulumi.run("stack", "import", "--stack", pulumi.stack, "--file", file);
    await rm(file);
    const printed = await pulumi.run("preview", "--json", "--stack", pulumi.stack, "--config-file", configFile);
    // Unchanged resources are counted, but not listed.
    const { steps, changeSummary } = JSON.parse(printed) as Preview;
    expect(changeSummary.same).toBeGreaterThan(10);
    const changes = steps
      .filter(({ op }) => op !== "same")
      .map(({ op, urn, diffReasons = [] }) => `${op} ${urn.split("$").at(-1)}: ${diffReasons.join(", ")}`);
    const ofCode = "update customerio-aep:index:FunctionCode::customerio-aep-relay-code: package";
    expect(changes.filter((change) => change !== ofCode)).toEqual([]);
  },
  3 * minutes,
);

test.each(deliveries)(
  "the recorded state with delivery %s holds nothing of the machine, and no secret",
  async (delivery) => {
    const text = await readState(delivery);
    const { deployment } = JSON.parse(text);
    expect(deployment.resources.length).toBeGreaterThan(10);
    expect(text).not.toContain("sourcePosition");
    const paths = text.match(/"(\/(?:home|root|tmp|Users|work)\/[^"]*|[A-Z]:\\[^"]*)"/g) ?? [];
    expect(paths.filter((found) => !found.startsWith(`"${repository}/`))).toEqual([]);
    const { platform, customerIo } = localCredentials;
    for (const secret of [platform.clientSecret, customerIo.appApiKey, customerIo.signingKey, "/collection/"]) {
      expect(text).not.toContain(secret);
    }
  },
);
