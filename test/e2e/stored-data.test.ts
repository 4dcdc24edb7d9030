import { setTimeout as wait } from "node:timers/promises";
import { samples } from "../../events/samples.ts";
import { localCredentials } from "../../local/credentials.ts";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";

// A dataset with rows, and all that could delete it by accident, in the order in which the tests stand.
let stack: LocalStack;
let datasetId: string;

beforeAll(async () => {
  stack = await startLocalStack();
}, 60_000);
afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

const flags = () => ["--stack", "local", "--config-file", stack.configFile];

/** Lets one event happen, and waits until it is a row. */
async function arrives(event_id: string): Promise<void> {
  await stack.vendors.emit([{ ...samples[0]?.event, event_id }]);
  await stack.vendors.sent();
  for (let look = 0; look < 200; look++) {
    if ((await stack.vendors.rows(datasetId)).some(({ _id }) => _id === event_id)) return;
    await wait(200);
  }
  throw new Error(`The event ${event_id} is no row of the dataset ${datasetId}.`);
}

/** Makes a change for which preview and up are refused, takes it back, and looks whether anything has changed. */
async function isRefused(change: () => Promise<unknown>, takeBack: () => Promise<unknown>): Promise<string> {
  await change();
  const said = await failureOf(stack.pulumi.preview());
  expect(said).toContain(`(${datasetId}) holds data: `);
  expect(said).not.toMatch(/^\s+at /m);
  expect(await failureOf(stack.pulumi.up())).toContain(`(${datasetId}) holds data: `);
  await takeBack();
  await stack.pulumi.preview("--expect-no-changes");
  return said;
}

test(
  "a destroy is refused before anything is taken down: an event that comes after it is a row",
  async () => {
    await stack.pulumi.up();
    datasetId = String((await stack.pulumi.outputs()).datasetId);
    await arrives("first");
    const before = await stack.pulumi.resources();
    const said = await failureOf(stack.pulumi.destroy());
    expect(said).toContain(`The dataset "Customer.io events (local)" (${datasetId}) holds data: 1 row in 1 batch.`);
    expect(said).toContain("npx pulumi config set --path dataset.keep true");
    expect(said).toContain("npx pulumi config set --path dataset.forceDestroy true");
    expect(await stack.pulumi.resources()).toEqual(before);
    await arrives("after the refused destroy");
  },
  5 * minutes,
);

test(
  "dataset.existing, on a stack whose dataset has rows, is refused at preview",
  async () => {
    const said = await isRefused(
      () => stack.pulumi.configure("dataset.existing", datasetId, "--path"),
      () => stack.pulumi.unconfigure("dataset"),
    );
    expect(said).toContain("take it out of the stack, so nothing was begun");
  },
  3 * minutes,
);

test(
  "so is schema.existing",
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
  "so is another sandbox",
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
  "so is --replace",
  async () => {
    const urn = (await stack.pulumi.resources()).find((resource) => resource.includes("aep:index:Dataset::"));
    for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
      const said = await failureOf(stack.pulumi.run(...command, "--replace", String(urn), ...flags()));
      expect(said).toContain(`(${datasetId}) holds data: `);
    }
    await stack.pulumi.preview("--expect-no-changes");
    await arrives("after all of them");
  },
  3 * minutes,
);
