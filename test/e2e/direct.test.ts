import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { until } from "../../packages/local-cloud/test/until.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { runCommand, type SourceReport } from "../cli/cli.ts";
import { type LocalProgram, startLocalProgram } from "./local-stack.ts";

// The example's whole life with the real engine. The tests run in order.
let example: LocalProgram;

beforeAll(async () => {
  example = await startLocalProgram("examples/direct", { ownSettings: false });
}, 60_000);

afterAll(() => example.stop(), 60_000);

const minutes = 60_000;

test(
  "up creates the dataflow and a webhook that posts to it, and the streaming URL is shown nowhere",
  async () => {
    await example.pulumi.up();
    expect((await example.pulumi.resources()).map((urn) => urn.split("::")[3]).toSorted()).toEqual(
      ["dataflow", "dataset", "fields", "guard", "mapping", "ownership", "schema", "source", "target"].concat([
        "webhook",
        "webhook-ownership",
      ]),
    );
    expect(await readFile(example.logFile, "utf8")).not.toContain("/collection/");
    await example.pulumi.preview("--expect-no-changes");
    await example.pulumi.refresh("--expect-no-changes");
  },
  3 * minutes,
);

test(
  "the tutorial's event becomes a row without a relay, as does one of every other kind",
  async () => {
    const { datasetId, dataflowId } = (await example.pulumi.outputs()) as { datasetId: string; dataflowId: string };
    // A new dataflow loses events until it is enabled, since no relay holds them back here.
    await wait(3_000);
    await example.vendors.emit(samples.map(({ event }) => event));
    await example.vendors.untilSent();
    await until(
      () => example.vendors.rowsWritten(dataflowId),
      (rows) => rows >= samples.length,
    );
    const rows = (await example.vendors.previewRows(datasetId)) as { _id: string }[];
    expect(rows.map((row) => row._id).toSorted()).toEqual(samples.map(({ event }) => event.event_id).toSorted());
    expect(rows.find(({ _id }) => _id === "01E4C4CT6YDC7Y5M7FE1GWWPQJ")).toMatchObject({
      timestamp: "2021-02-11T17:04:49.000Z",
      _localtenant: {
        customerio: { object_type: "customer", metric: "subscribed", id: "42", cio_id: "d9c106000001" },
      },
    });
  },
  2 * minutes,
);

test(
  "the commands find a source that is not a component by what its webhook depends on",
  async () => {
    const run = (...args: string[]) => runCommand(example, "examples/direct", ...args);
    const status = await run("status", "--json");
    const [source] = (JSON.parse(status.stdout) as { sources: SourceReport[] }).sources;
    expect([status.code, source?.source]).toEqual([0, "webhook"]);
    expect(source?.result.parts?.map(({ part, verdict }) => `${part} ${verdict}`)).toEqual(
      ["webhook", "dataflow", "runs", "batches", "dataset", "machine"].map((part) => `${part} fine`),
    );
    const verified = await run("verify");
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/fine +dataset +Its row is there/)]);
    expect((await run("preview")).code).toBe(0);
    const replayed = await run("replay");
    expect([replayed.code, replayed.stderr]).toEqual([
      1,
      "The stack local has no relay: Customer.io posts straight to Platform, so there is nothing for replay to do.\n",
    ]);
  },
  2 * minutes,
);

test(
  "destroy leaves nothing",
  async () => {
    await example.pulumi.destroy();
    const { Platform, "Customer.io": customerIo } = await example.vendors.leftovers();
    expect({ state: await example.pulumi.resources(), Platform, customerIo }).toEqual({
      state: [],
      Platform: [],
      customerIo: [],
    });
  },
  2 * minutes,
);
