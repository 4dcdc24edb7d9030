import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { samples } from "../../events/samples.ts";
import { type Cloud, startCloud } from "../../local/cloud.ts";
import { localCredentials } from "../../local/credentials.ts";
import { Pulumi } from "../../local/demo/pulumi.ts";
import { Vendors } from "../../local/demo/vendors.ts";
import { repository } from "./local-stack.ts";

// The example's whole life with the real engine, in the order in which the tests stand.
let folder: string;
let cloud: Cloud;
let pulumi: Pulumi;
let vendors: Vendors;

const { platform, customerIo, second } = localCredentials;
const minutes = 60_000;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-several-"));
  cloud = await startCloud(folder);
  vendors = new Vendors(cloud.environment);
  pulumi = new Pulumi({
    environment: cloud.environment,
    stack: "local",
    logFile: path.join(folder, "pulumi.log"),
    configFile: path.join(folder, "Pulumi.local.yaml"),
    program: path.join(repository, "examples", "several"),
  });
  await pulumi.initialise();
  await pulumi.configure("aep:clientId", platform.clientId);
  await pulumi.configureSecret("aep:clientSecret", platform.clientSecret);
  await pulumi.configure("aep:orgId", platform.orgId);
  await pulumi.configure("azure-native:location", "westeurope");
  const brands = [
    { name: "north", sandbox: platform.sandbox, region: "us" },
    { name: "south", sandbox: second.sandbox, region: "us" },
  ];
  await pulumi.configure("brands", JSON.stringify(brands));
  await pulumi.configure("settings", JSON.stringify({ dataflowActivationSeconds: 2, alwaysReadyInstances: 0 }));
  for (const [name, { appApiKey, signingKey }] of [
    ["north", customerIo],
    ["south", second],
  ] as const) {
    await pulumi.configureSecret(`${name}AppApiKey`, appApiKey);
    await pulumi.configureSecret(`${name}SigningKeys`, signingKey);
  }
}, 90_000);

afterAll(async () => {
  await cloud.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test(
  "each workspace's events come into its own sandbox, through a relay of its own",
  async () => {
    await pulumi.up();
    await pulumi.preview("--expect-no-changes");
    const { sources } = (await pulumi.outputs()) as {
      sources: Record<"north" | "south", { relayUrl: string; datasetId: string }>;
    };
    expect(sources.north.relayUrl).not.toBe(sources.south.relayUrl);
    const [event] = samples.map((sample) => sample.event);
    await vendors.emit([{ ...event, event_id: "from-north" }], "Local");
    await vendors.emit([{ ...event, event_id: "from-south" }], "Second");
    await vendors.sent();
    for (let look = 0; look < 100 && (await vendors.deliveredIds()).length < 2; look++) await wait(300);
    const ids = async (datasetId: string) => (await vendors.rows(datasetId)).map(({ _id }) => _id);
    expect([await ids(sources.north.datasetId), await ids(sources.south.datasetId)]).toEqual([
      ["from-north"],
      ["from-south"],
    ]);
    expect(await readFile(path.join(folder, "pulumi.log"), "utf8")).not.toContain(second.appApiKey);
  },
  6 * minutes,
);

test(
  "destroy leaves nothing in either",
  async () => {
    await pulumi.destroy();
    expect(await vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  4 * minutes,
);
