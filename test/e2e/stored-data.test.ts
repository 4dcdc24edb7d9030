import { readFile } from "node:fs/promises";
import path from "node:path";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";

// A dataset with rows, and everything that could delete it by accident. The tests run in order.
let stack: LocalStack;
let datasetId: string;

beforeAll(async () => {
  stack = await startLocalStack();
}, 60_000);
afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

const flags = () => ["--stack", "local", "--config-file", stack.configFile];

/** Triggers one event, and waits until it is a row. */
async function arrives(event_id: string): Promise<void> {
  await stack.vendors.emit([{ ...samples[0]?.event, event_id }]);
  await stack.vendors.untilSent();
  await becomesRow(event_id);
}

/** Waits until an event is a row; the relay retries a refused one with growing delays. */
async function becomesRow(event_id: string): Promise<void> {
  await until(
    async () => (await stack.vendors.rows(datasetId)).map(({ _id }) => _id),
    (ids) => ids.includes(event_id),
  );
}

/** Makes a change that `up` refuses, as a preview does: both ask the provider the same. Then reverts it. */
async function isRefused(change: () => Promise<unknown>, takeBack: () => Promise<unknown>): Promise<string> {
  await change();
  const said = await failureOf(stack.pulumi.up());
  expect(said).toContain(`(${datasetId}) holds data: `);
  expect(said).not.toMatch(/^\s+at /m);
  await takeBack();
  return said;
}

test(
  "a destroy is refused while the first event still waits in the relay, and the dataset is empty",
  async () => {
    await stack.pulumi.up();
    datasetId = String((await stack.pulumi.outputs()).datasetId);
    await stack.vendors.refuseEvents(503);
    await stack.vendors.emit([{ ...samples[0]?.event, event_id: "waiting" }]);
    await stack.vendors.untilSent();
    const before = await stack.pulumi.resources();
    const said = await failureOf(stack.pulumi.destroy());
    expect(said).toContain(`The dataset ${datasetId} may hold or receive data: its relay has accepted events`);
    await nothingIsTakenDown(before);
    // As if the event had arrived after this check: the webhook is deleted, and the drain delivers the event.
    const guard = before.find((resource) => resource.endsWith("aep:index:DatasetGuard::customerio-aep-guard"));
    await stack.pulumi.run("state", "delete", String(guard), "--yes", "--stack", "local");
    const late = failureOf(stack.pulumi.destroy());
    await until(
      async () => (await stack.vendors.leftovers())["Customer.io"],
      (webhooks) => webhooks.length === 0,
    );
    await stack.vendors.endFaults();
    const saidLate = await late;
    expect(saidLate).toContain(
      `(${datasetId}) holds data: 1 row in 1 batch. Customer.io's webhook is already deleted;`,
    );
    expect((await stack.vendors.rows(datasetId)).map(({ _id }) => _id)).toEqual(["waiting"]);
    await stack.pulumi.up();
    expect((await stack.pulumi.resources()).toSorted()).toEqual(before.toSorted());
    await arrives("after the up that brought everything back");
  },
  7 * minutes,
);

/** Except for the relay's guard, which had nothing to refuse: it exists only in the state, and the next `up` adds it again. */
async function nothingIsTakenDown(before: readonly string[]): Promise<void> {
  const others = before.filter((urn) => !urn.endsWith("RelayGuard::customerio-aep-relay-guard"));
  expect(await stack.pulumi.resources()).toEqual(others);
}

test(
  "dataset.existing, on a stack whose dataset has rows, is refused at preview and by an up without one",
  async () => {
    const previewed = async () => {
      await stack.pulumi.configure("dataset.existing", datasetId, "--path");
      const said = await failureOf(stack.pulumi.preview());
      expect(said).toContain(`(${datasetId}) holds data: `);
      expect(said).toContain("remove it from the stack, so nothing was changed");
      expect(said).not.toMatch(/^\s+at /m);
    };
    await isRefused(previewed, () => stack.pulumi.unconfigure("dataset"));
  },
  3 * minutes,
);

test(
  "schema.existing is refused, too",
  async () => {
    const { schemaId } = await stack.pulumi.outputs();
    await isRefused(
      () => stack.pulumi.configure("schema.existing", String(schemaId), "--path"),
      () => stack.pulumi.unconfigure("schema"),
    );
  },
  3 * minutes,
);

test(
  "another sandbox is refused, too",
  async () => {
    const said = await isRefused(
      () => stack.pulumi.configure("aep:sandbox", localCredentials.second.sandbox),
      () => stack.pulumi.configure("aep:sandbox", localCredentials.platform.sandbox),
    );
    expect(said).toContain("npx pulumi config set aep:sandbox dev");
  },
  3 * minutes,
);

test(
  "--replace is refused, too",
  async () => {
    const urn = (await stack.pulumi.resources()).find((resource) => resource.includes("aep:index:Dataset::"));
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const said = await failureOf(stack.pulumi.run(...command, "--replace", String(urn), ...flags()));
      expect(said).toContain(`(${datasetId}) holds data: `);
    }
    // None of the refused changes has changed anything.
    await stack.pulumi.preview("--expect-no-changes");
    await arrives("after all of them");
  },
  3 * minutes,
);

test(
  "a destroy is refused before anything is taken down: an event that comes after it is a row",
  async () => {
    const before = await stack.pulumi.resources();
    const said = await failureOf(stack.pulumi.destroy());
    expect(said).toContain(`The dataset "Customer.io events (local)" (${datasetId}) holds data: 3 rows in `);
    expect(said).toContain("npx pulumi config set --path dataset.keep true");
    expect(said).toContain("npx pulumi config set --path dataset.forceDestroy true");
    await nothingIsTakenDown(before);
    await arrives("after the refused destroy");
  },
  5 * minutes,
);

test(
  "with dataset.keep a destroy leaves dataset, schema and field group, and the commands that it prints use them again",
  async () => {
    await stack.pulumi.configure("dataset.keep", "true", "--path");
    await stack.pulumi.up();
    await stack.pulumi.destroy();
    expect(await stack.pulumi.resources()).toEqual([]);
    const left = await stack.vendors.leftovers();
    expect(left).toEqual({ Platform: ["1 fieldGroups", "1 schemas", "1 datasets"], "Customer.io": [], Azure: [] });

    const log = await readFile(path.join(path.dirname(stack.configFile), "pulumi.log"), "utf8");
    const [, printed = ""] = /stays in Platform\. To use it again, with its schema: (.*)/.exec(log) ?? [];
    for (const command of printed.split(" && ")) {
      await stack.pulumi.run(...command.replace("npx pulumi ", "").split(" "), ...flags());
    }
    // Without the relay, which the following tests do not need.
    await stack.pulumi.unconfigure("signingKeys");
    await stack.pulumi.configure("delivery", "direct");
    await stack.pulumi.up();
    expect((await stack.pulumi.outputs()).datasetId).toBe(datasetId);
    await arrives("in its second life");
    expect(await stack.vendors.rows(datasetId)).toHaveLength(5);
  },
  5 * minutes,
);

test(
  "a removal of schema.existing, whose new schema is not known yet, is refused, too",
  async () => {
    const { schemaId } = (await stack.pulumi.outputs()) as { schemaId: string };
    await stack.pulumi.unconfigure("dataset");
    await stack.pulumi.configure("schema.existing", schemaId, "--path");
    await stack.pulumi.up();
    datasetId = String((await stack.pulumi.outputs()).datasetId);
    await arrives("into the second dataset");

    await isRefused(
      () => stack.pulumi.unconfigure("schema"),
      () => stack.pulumi.configure("schema.existing", schemaId, "--path"),
    );
    await stack.pulumi.preview("--expect-no-changes");
  },
  5 * minutes,
);

test(
  "with dataset.forceDestroy a destroy deletes the dataset with its rows",
  async () => {
    await stack.allowDeletingRows();
    await stack.pulumi.up();
    await stack.pulumi.destroy();
    expect((await stack.vendors.leftovers()).Platform).toEqual(["1 fieldGroups", "1 schemas", "1 datasets"]);
    await expect(stack.vendors.rows(datasetId)).rejects.toThrow("404");
  },
  3 * minutes,
);
