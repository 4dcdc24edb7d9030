import { readFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { type LocalProgram, startLocalProgram } from "./local-stack.ts";

// The example's whole life with the real engine, in the order in which the tests stand.
let example: LocalProgram;

const { platform, customerIo, second } = localCredentials;
const minutes = 60_000;

beforeAll(async () => {
  example = await startLocalProgram("examples/several", { ownSettings: true });
  await example.pulumi.configure("aep:clientId", platform.clientId);
  await example.pulumi.configureSecret("aep:clientSecret", platform.clientSecret);
  await example.pulumi.configure("aep:orgId", platform.orgId);
  await example.pulumi.configure("azure-native:location", "westeurope");
  const brands = [
    { name: "north", sandbox: platform.sandbox, region: "us" },
    { name: "south", sandbox: second.sandbox, region: "us" },
  ];
  await example.pulumi.configure("brands", JSON.stringify(brands));
  await example.pulumi.configure(
    "settings",
    JSON.stringify({ dataflowActivationSeconds: 2, alwaysReadyInstances: 0, dataset: { forceDestroy: true } }),
  );
  for (const [name, { appApiKey, signingKey }] of [
    ["north", customerIo],
    ["south", second],
  ] as const) {
    await example.pulumi.configureSecret(`${name}AppApiKey`, appApiKey);
    await example.pulumi.configureSecret(`${name}SigningKeys`, signingKey);
  }
}, 90_000);

afterAll(() => example.stop(), 60_000);

test(
  "each workspace's events come into its own sandbox, through a relay of its own",
  async () => {
    await example.pulumi.up();
    await example.pulumi.preview("--expect-no-changes");
    const { sources } = (await example.pulumi.outputs()) as {
      sources: Record<"north" | "south", { relayUrl: string; datasetId: string }>;
    };
    expect(sources.north.relayUrl).not.toBe(sources.south.relayUrl);
    const [event] = samples.map((sample) => sample.event);
    await example.vendors.emit([{ ...event, event_id: "from-north" }], "Local");
    await example.vendors.emit([{ ...event, event_id: "from-south" }], "Second");
    await example.vendors.sent();
    for (let look = 0; look < 100 && (await example.vendors.deliveredIds()).length < 2; look++) await wait(300);
    const ids = async (datasetId: string) => (await example.vendors.rows(datasetId)).map(({ _id }) => _id);
    expect([await ids(sources.north.datasetId), await ids(sources.south.datasetId)]).toEqual([
      ["from-north"],
      ["from-south"],
    ]);
    expect(await readFile(example.logFile, "utf8")).not.toContain(second.appApiKey);
  },
  6 * minutes,
);

test(
  "destroy leaves nothing in either",
  async () => {
    await example.pulumi.destroy();
    expect(await example.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  4 * minutes,
);
