import { readFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LocalPulumi } from "./local-pulumi.ts";
import { failureOf, type LocalStack, repository, startLocalStack } from "./local-stack.ts";
import { eventOf, makeDeadLetters, Traffic } from "./traffic.ts";

// One stack that changes between the two ways of delivery while events arrive. The tests run in order.
let stack: LocalStack;
let traffic: Traffic;

beforeAll(async () => {
  stack = await startLocalStack();
  traffic = new Traffic(stack.vendors, { pause: 250, repeats: false });
  await stack.allowDeletingRows();
}, 60_000);
afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

async function typesInState(): Promise<string[]> {
  return (await stack.pulumi.resources()).map((urn) => urn.split("::")[2]?.split("$").at(-1) ?? "");
}

/** Nothing in Azure, and of the product's own types only the components, and the guard against the removal of a relay. */
async function expectNoRelay(): Promise<void> {
  const types = (await typesInState()).filter((type) => /^(azure-native|customerio-aep):/.test(type));
  const names = ["CustomerIoSource", "PlatformDataflow", "RelayGuard", "ReportingWebhookSubscription"];
  expect(types.sort()).toEqual(names.map((name) => `customerio-aep:index:${name}`));
}

test(
  "a new stack with direct delivery creates no relay, its preview says what you give up, and every event arrives",
  async () => {
    await stack.pulumi.unconfigure("signingKeys");
    await stack.pulumi.configure("delivery", "direct");
    await stack.pulumi.up();
    await expectNoRelay();
    expect(await stack.pulumi.outputs()).toMatchObject({
      nextSteps: [],
      dataflowId: expect.any(String),
      relayUrl: null,
    });
    await traffic.during(() => wait(500));
    expect(await traffic.missing()).toEqual([]);
    const previewed = await stack.pulumi.preview("--expect-no-changes").then(() => stack.logs());
    expect(previewed.split("$ pulumi preview")[1]).toContain("warning: delivery: direct is for trials and sandboxes.");
  },
  4 * minutes,
);

test(
  "a second stack fills the same dataset from another workspace, and its destroy leaves no trace in the first",
  async () => {
    const second = new LocalPulumi({
      environment: stack.cloud.environment,
      stack: "second",
      logFile: path.join(path.dirname(stack.configFile), "second.log"),
      program: path.join(repository, "test/e2e/second-workspace"),
    });
    await second.initialize();
    await second.up();
    const { datasetId } = await stack.pulumi.outputs();
    expect((await second.outputs()).datasetId).toBe(datasetId);
    expect((await second.resources()).filter((urn) => /aep:index:(Dataset|Schema|FieldGroup)::/.test(urn))).toEqual([]);

    await stack.vendors.emit([eventOf("of-second")], "Second");
    await traffic.during(() => wait(200));
    await stack.vendors.untilSent();
    expect(await traffic.missing()).toEqual([]);
    const ids = (await stack.vendors.rows(String(datasetId))).map(({ _id }) => _id);
    expect(ids.toSorted()).toEqual(["of-second", ...traffic.sent].toSorted());

    await second.destroy();
    await traffic.during(() => wait(200));
    expect(await traffic.missing()).toEqual([]);
  },
  4 * minutes,
);

test(
  "a change from direct to the relay under traffic loses no event",
  async () => {
    await stack.pulumi.unconfigure("delivery");
    const key = await signingKey();
    await stack.pulumi.configureSecret("signingKeys", key);
    // For the last test: Azure keeps such a vault and its name for 90 days.
    await stack.pulumi.configure("azure.purgeProtection", "true", "--path");
    await traffic.during(() => stack.pulumi.up());
    expect(await typesInState()).toContain("customerio-aep:index:QueueDrain");
    expect(await stack.pulumi.outputs()).toHaveProperty("relayUrl");
    expect(await traffic.missing()).toEqual([]);
  },
  6 * minutes,
);

test(
  "dead letters stop a destroy and the change back to direct before the webhook is touched",
  async () => {
    await makeDeadLetters(stack.vendors, "dead");

    const before = await stack.pulumi.resources();
    const destroyed = await traffic.during(() => failureOf(stack.pulumi.destroy()));
    expect(destroyed).toContain("The relay is not taken down, since there is 1 dead letter: ");
    expect(destroyed).toContain("Customer.io's webhook still posts to it.");
    expect(await stack.pulumi.resources()).toEqual(before);
    expect(await traffic.missing()).toEqual([]);

    await stack.pulumi.configure("delivery", "direct");
    for (const command of [() => stack.pulumi.preview(), () => stack.pulumi.up()]) {
      const refused = await traffic.during(() => failureOf(command()));
      expect(refused).toContain("The relay is not taken down, since there is 1 dead letter: ");
      expect(refused).not.toMatch(/^\s+at /m);
    }
    expect((await stack.pulumi.resources()).toSorted()).toEqual(before.toSorted());
    expect(await traffic.missing()).toEqual([]);
    await stack.pulumi.configure("delivery", "relay");
    await stack.pulumi.preview("--expect-no-changes");
  },
  6 * minutes,
);

test(
  "a destroy gives the dead letter up only if asked to, and an up right after it is not stopped by the vault that Azure keeps",
  async () => {
    expect(await stack.pulumi.exportState()).toContain('"enablePurgeProtection": true');
    const destroyed = await givingUp().destroy();
    expect(destroyed).toContain("gives up the dead letters (1), as RELAY_ABANDON_DEAD_LETTERS asks");
    expect(await stack.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });

    await stack.pulumi.up();
    expect(await typesInState()).toContain("azure-native:keyvault:Vault");
  },
  6 * minutes,
);

test(
  "a change back to direct, with a dead letter given up, deletes the relay once it has delivered what it holds",
  async () => {
    // Until Platform has enabled the new dataflow, the relay holds events back.
    await traffic.during(() => wait(500));
    expect(await traffic.missing()).toEqual([]);
    await makeDeadLetters(stack.vendors, "dead, too");
    await stack.pulumi.configure("delivery", "direct");
    const output = await traffic.during(() => givingUp().up());
    expect(output).toContain("gives up the dead letters (1), as RELAY_ABANDON_DEAD_LETTERS asks");
    const placeOf = (line: RegExp) => output.split("\n").findIndex((text) => line.test(text));
    const [endpointChanged, drained, oldDataflowDeleted] = [
      /ReportingWebhook .* updated/,
      /QueueDrain .* deleted/,
      /Dataflow .* deleting/,
    ].map(placeOf);
    expect(endpointChanged).toBeGreaterThan(0);
    expect(drained).toBeGreaterThan(endpointChanged ?? 0);
    expect(oldDataflowDeleted).toBeGreaterThan(drained ?? 0);
    await expectNoRelay();
    expect((await stack.vendors.leftovers()).Azure).toEqual([]);
    expect(await traffic.missing()).toEqual([]);
    expect(await stack.vendors.lostIds()).toEqual([]);
    const logs = await readFile(path.join(path.dirname(stack.configFile), "pulumi.log"), "utf8");
    expect(logs).not.toContain("/collection/");
  },
  6 * minutes,
);

const givingUp = () => stack.pulumiWith({ RELAY_ABANDON_DEAD_LETTERS: "true" });

/** The key that an operator copies from Customer.io's UI. */
async function signingKey(): Promise<string> {
  const answer = await fetch(`${stack.cloud.environment.CUSTOMERIO_APP_API_URL}/__local/signing-key`);
  return ((await answer.json()) as { signingKey: string }).signingKey;
}
