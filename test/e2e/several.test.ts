import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { runCommand, type SourceReport } from "../cli/cli.ts";
import { type LocalProgram, startLocalProgram } from "./local-stack.ts";

// The example's whole life with the real engine. The tests run in order.
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

const run = (...args: string[]) => runCommand(example, "examples/several", ...args);

test(
  "every command sees to both sources, or to the one that is named",
  async () => {
    const both = await run("status", "--json");
    const { stack, sources } = JSON.parse(both.stdout) as { stack: string; sources: SourceReport[] };
    expect([both.stderr, stack, sources.map(({ source }) => source)]).toEqual(["", "local", ["north", "south"]]);
    for (const { result } of sources) {
      const fine = result.parts?.filter(({ verdict }) => verdict === "fine").map(({ part }) => part);
      expect(fine).toEqual(
        expect.arrayContaining(["webhook", "relay", "queue", "dead letters", "dataflow", "dataset"]),
      );
    }

    const text = await run("status");
    expect(text.stdout).toMatch(/^Source north\nStack local\n[\s\S]*\n\nSource south\nStack local\n/);
    const verified = await run("verify", "--source", "south", "--json");
    const [south] = (JSON.parse(verified.stdout) as { sources: SourceReport[] }).sources;
    expect([verified.code, south?.source, south?.result.outcome]).toEqual([0, "south", "through"]);
    const dry = await run("replay", "--dry-run", "--json");
    const counted = (JSON.parse(dry.stdout) as { sources: SourceReport[] }).sources;
    expect(counted.map(({ source, result }) => [source, result.total])).toEqual([
      ["north", 0],
      ["south", 0],
    ]);
    // Every command that is run with --json also checks the form of its output.
    const previewed = await run("preview", "--source", "north", "--json");
    expect([previewed.code, previewed.stderr]).toEqual([0, ""]);
    const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-several-"));
    const exported = await run("export", "--source", "north", "--folder", path.join(folder, "kept"), "--json");
    await rm(folder, { recursive: true });
    expect([exported.code, exported.stderr]).toEqual([0, ""]);
  },
  4 * minutes,
);

test(
  "a source that does not exist, and an event without the source that it is of, are mistakes",
  async () => {
    const west = await run("status", "--source", "west");
    expect([west.code, west.stderr]).toEqual([
      2,
      "--source is invalid: the stack local has no source west. It has: north, south\n",
    ]);
    const whose = await run("verify", "--event", "customerio-aep-verify-20261128T120000Z-1a2b3c4d");
    expect([whose.code, whose.stderr]).toEqual([
      2,
      "--event belongs to one source. Choose it with --source: north, south\n",
    ]);
  },
  minutes,
);

test(
  "destroy leaves nothing in either",
  async () => {
    await example.pulumi.destroy();
    expect(await example.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  4 * minutes,
);
