import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";

// With the real engine: a sandbox that lacks something, and the HTTP API source. The tests run in order.
let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
  await stack.allowDeletingRows();
}, 60_000);
afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

test(
  "everything that is missing is reported at once, in a preview and in an up without one, and nothing is created",
  async () => {
    await stack.vendors.switchPlatform({
      customerIoSource: "not-entitled",
      permissionsLacking: "manage-datasets,view-datasets",
    });
    await stack.pulumi.configureSecret("customerio:appApiKey", "of-another-workspace");
    for (const attempt of [() => stack.pulumi.preview(), () => stack.pulumi.up()]) {
      const complaint = await failureOf(attempt());
      // Once among the diagnostics; a progress line has it after the name of the resource.
      expect(complaint.match(/^ *error: Experience Platform lacks what this stack needs/gm)).toHaveLength(1);
      expect(complaint).toContain('The credential lacks the permissions Manage Datasets in the sandbox "dev".');
      expect(complaint).toContain("npx pulumi config set source http");
      expect(complaint).toContain("Customer.io refuses this stack's access, so nothing was changed:");
      expect(complaint).toContain("npx pulumi config set --secret customerio:appApiKey");
      expect(complaint).not.toContain("at file:");
    }
    await stack.pulumi.configureSecret("customerio:appApiKey", localCredentials.customerIo.appApiKey);
    // Only the component, which creates nothing itself.
    expect(await stack.pulumi.resources()).toEqual([expect.stringMatching(/:CustomerIoSource::/)]);
    expect(await stack.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  3 * minutes,
);

test(
  "without the Customer.io source, the relay sends events to the HTTP API source with its own access tokens",
  async () => {
    const { vendors, pulumi } = stack;
    await vendors.switchPlatform({ customerIoSource: "not-entitled", permissionsLacking: "none" });
    await pulumi.configure("source", "http");
    await pulumi.up();
    const { datasetId, dataflowId } = (await pulumi.outputs()) as { datasetId: string; dataflowId: string };
    await vendors.emit(samples.map(({ event }) => event));
    await vendors.untilSent();
    const ids = samples.map(({ event }) => event.event_id).toSorted();
    await until(
      () => vendors.rowsWritten(dataflowId),
      (rows) => rows >= ids.length,
    );
    const rows = (await vendors.previewRows(datasetId)) as { _id: string }[];
    expect(rows.map(({ _id }) => _id).toSorted()).toEqual(ids);
    await pulumi.refresh("--expect-no-changes");
  },
  5 * minutes,
);

test(
  "state and logs hold no secret, and a destroy leaves nothing",
  async () => {
    const { vendors, pulumi } = stack;
    const state = await pulumi.exportState();
    const logs = await stack.logs();
    const secrets = [localCredentials.platform.clientSecret, "/collection/"];
    for (const secret of secrets) {
      expect(state).not.toContain(secret);
      expect(logs).not.toContain(secret);
    }
    await pulumi.destroy();
    expect(await vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  5 * minutes,
);
