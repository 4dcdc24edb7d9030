import { setTimeout as wait } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { collectBalance, mismatches } from "../../packages/local-cloud/src/demo/balance.ts";
import { largeEmail, samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { cli } from "../cli/cli.ts";
import { callManagement } from "./azure-management.ts";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";
import { findMissing } from "./traffic.ts";

// Changes by hand to a running stack. The tests run in order: each continues from the previous one.
let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
  await stack.allowDeletingRows();
}, 60_000);

afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

/** The changes in the engine's summary. */
const changes = (output: string) => output.match(/\d+ (created|updated|deleted|replaced)|[+~-]+ ?\d+ to \w+/g) ?? [];

test(
  "a mistake in the mapping is reported at preview in one line, and the command in it fixes it",
  async () => {
    await stack.pulumi.configure("mapping.set[0].destination", "eventTyp", "--path");
    await stack.pulumi.configure("mapping.set[0].expression", "dformat(${timestamp}, 'yyyy')", "--path");
    const said = await failureOf(stack.pulumi.preview());
    expect(said).toContain('customerio-aep:mapping.set[0].destination is invalid: the schema has no field "eventTyp".');
    expect(said).toContain("npx pulumi config set --path 'mapping.set[0].destination' eventType");
    expect(said).toContain("dformat takes milliseconds since 1970, but gets seconds");
    expect(said).not.toMatch(/^\s+at /m);
    await stack.pulumi.configure("mapping.set[0].destination", "eventType", "--path");
    await stack.pulumi.configure("mapping.set[0].expression", "dformat(${timestamp} * 1000, 'yyyy')", "--path");
    expect(await stack.pulumi.preview("--diff")).toContain("dformat(${timestamp} * 1000, 'yyyy')");
    await stack.pulumi.unconfigure("mapping");
  },
  3 * minutes,
);

test(
  "a wrong client secret gives one readable error",
  async () => {
    await stack.pulumi.configureSecret("aep:clientSecret", "not-the-secret");
    const refused = await failureOf(stack.pulumi.up());
    expect(refused).toContain("aep:clientSecret");
    expect(refused).toContain("invalid_client");
    expect(refused).not.toContain("not-the-secret");
    await stack.pulumi.configureSecret("aep:clientSecret", localCredentials.platform.clientSecret);
  },
  4 * minutes,
);

test(
  "the first up without a signing key creates everything, leaves the webhook disabled and says how to continue",
  async () => {
    await stack.pulumi.configureSecret("signingKeys", "");
    await stack.pulumi.up();
    const outputs = await stack.pulumi.outputs();
    expect(outputs.nextSteps).toHaveLength(4);
    await stack.vendors.emit([largeEmail(1024)]);
    expect(await stack.vendors.sentIds()).toEqual([]);
  },
  4 * minutes,
);

test(
  "with the key the second up enables it, and every event arrives",
  async () => {
    await stack.pulumi.configureSecret("signingKeys", localCredentials.customerIo.signingKey);
    await stack.pulumi.up();
    const outputs = await stack.pulumi.outputs();
    expect(outputs.nextSteps).toEqual([]);
    await stack.vendors.emit(samples.map(({ event }) => event));
    await stack.vendors.untilSent();
    const ids = await stack.vendors.sentIds();
    expect(ids.toSorted()).toEqual(samples.map(({ event }) => event.event_id).toSorted());
    const result = await collectBalance(stack.vendors, String(outputs.dataflowId), ids);
    expect(mismatches(result, ids)).toEqual([]);
    expect(result.rows).toBe(samples.length);
  },
  4 * minutes,
);

test(
  "the tutorial's event is a row with the tutorial's seven fields",
  async () => {
    const { datasetId } = await stack.pulumi.outputs();
    const rows = await stack.vendors.previewRows(String(datasetId));
    const row = rows.find(({ _id }) => _id === "01E4C4CT6YDC7Y5M7FE1GWWPQJ");
    expect(row?.timestamp).toBe("2021-02-11T17:04:49.000Z");
    expect(row?.[`_${localCredentials.platform.tenantId}`]).toHaveProperty(
      "customerio",
      expect.objectContaining({
        object_type: "customer",
        id: "42",
        email: "test@example.com",
        event_id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
        cio_id: "d9c106000001",
        metric: "subscribed",
        timestamp: 1613063089,
      }),
    );
  },
  minutes,
);

test(
  "a refresh finds access rules of storage and vault that were changed in Azure, and nothing else; drift names them",
  async () => {
    const rules = { defaultAction: "Allow", bypass: "None", ipRules: [{ value: "203.0.113.7" }] };
    const state = await stack.pulumi.exportState();
    const ids = [...new Set(state.match(/(?<="id": ")[^"]*\/(?:storageAccounts|vaults)\/[^/"]+(?=")/g))];
    expect(ids).toHaveLength(2);
    for (const id of ids) {
      const changed = { properties: { networkAcls: rules } };
      expect((await callManagement(stack.cloud.environment, "PATCH", id, changed)).status).toBe(200);
    }
    const choice = ["--stack", "local", "--config-file", stack.configFile];
    const refreshed = await failureOf(stack.pulumi.run("refresh", "--preview-only", "--expect-no-changes", ...choice));
    expect(refreshed).toContain("no changes were expected for refresh but changes were proposed");
    expect(changes(refreshed)).toEqual(["~ 2 to update"]);
    const { code, stdout } = await cli(stack.cloud.environment, "drift", ...choice);
    expect(code).toBe(1);
    for (const id of ids) expect(stdout).toContain(`access ${id.split("/").at(-1)} was changed`);
  },
  2 * minutes,
);

test(
  "a preview after a changed setting shows only that: the up before it left nothing to change",
  async () => {
    await stack.pulumi.configure("fullResolution", "true");
    const preview = await stack.pulumi.preview();
    expect(changes(preview)).toEqual(["~ 1 to update"]);
    expect(preview).toMatch(/~ fullResolution: false => true/);
    await stack.pulumi.configure("fullResolution", "false");
  },
  2 * minutes,
);

test(
  "a preview refuses prod while the storage account has no zones, and the command that it prints leaves the rest of prod",
  async () => {
    await stack.pulumi.configure("environment", "prod");
    const said = await failureOf(stack.pulumi.preview());
    expect(said).toMatch(
      /Azure does not change the redundancy of the storage account \w+ from LRS to ZRS in an update/,
    );
    const command = said.match(/To keep it: npx pulumi config set --path (\S+) (\w+)\./);
    await stack.pulumi.configure(command?.[1] ?? "", command?.[2] ?? "", "--path");
    expect(await stack.pulumi.preview()).toContain("zoneRedundant");
    await stack.pulumi.unconfigure("environment");
    await stack.pulumi.unconfigure("azure");
  },
  2 * minutes,
);

test(
  "a change of the mapping loses no event that arrives meanwhile",
  async () => {
    await stack.pulumi.configure("testMode", "true");
    const before = await stack.pulumi.outputs();
    let updating = true;
    const updated = stack.pulumi.up().finally(() => {
      updating = false;
    });
    while (updating) {
      await stack.vendors.emit([{ object_type: "email", metric: "delivered", data: { identifiers: { id: "u-1" } } }]);
      await wait(100);
    }
    await updated;
    expect((await stack.pulumi.outputs()).dataflowId).not.toBe(before.dataflowId);
    // While the app restarted, Customer.io may have got a 503 or a closed connection, and wait for its next attempt.
    await stack.vendors.passTime(2 * 60 * 60);
    await stack.vendors.untilSent();
    const accepted = await stack.vendors.acceptedIds();
    expect(accepted.length).toBeGreaterThan(samples.length + 20);
    // A message that the old host was processing when it was killed stays hidden until its lease ends, here for a minute.
    expect(await findMissing(stack.vendors, accepted)).toEqual([]);
    expect(await stack.vendors.lostIds()).toEqual([]);
    expect(await stack.vendors.deadLetteredIds()).toEqual([]);
  },
  4 * minutes,
);

test(
  "state and logs hold no secret in plain text",
  async () => {
    const outputs = await stack.pulumi.outputs();
    const state = await stack.pulumi.exportState();
    const logs = await stack.logs();
    const secrets = {
      clientSecret: localCredentials.platform.clientSecret,
      appApiKey: localCredentials.customerIo.appApiKey,
      signingKey: localCredentials.customerIo.signingKey,
      streamingUrl: String(outputs.streamingUrl),
      inlet: String(outputs.streamingUrl).split("/collection/")[1]?.split("?")[0] ?? "no inlet",
    };
    for (const [name, secret] of Object.entries(secrets)) {
      expect([name, state.includes(secret)]).toEqual([name, false]);
      expect([name, logs.includes(secret)]).toEqual([name, false]);
    }
  },
  minutes,
);

test(
  "with a flag, a destroy gives up what waits in the queue, and leaves nothing in the state or at any vendor",
  async () => {
    await stack.vendors.refuseEvents(503);
    await stack.vendors.emit([largeEmail(1024)]);
    await stack.vendors.untilSent();
    // Its refresh finds every object, and compares it as an up does. That must keep none of them.
    const said = await stack.pulumiWith({ RELAY_ABANDON_QUEUE: "true" }).destroy("--refresh");
    // One event can be in several messages: one that was put back is in the old and the new one, and a late answer makes
    // Customer.io call again.
    expect(said).toMatch(/gives up [1-9]\d* messages? in the relay's queues, as RELAY_ABANDON_QUEUE asks/);
    expect(await stack.pulumi.resources()).toEqual([]);
    expect(await stack.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  4 * minutes,
);
