import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { runCommand, type SourceReport } from "../cli/cli.ts";
import { LocalPulumi } from "./local-pulumi.ts";
import { type LocalProgram, repository, startLocalProgram } from "./local-stack.ts";
import { eventOf, makeDeadLetters, untilDelivered } from "./traffic.ts";

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
  "each workspace's events arrive in its own sandbox, through a relay of its own",
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
    await example.vendors.untilSent();
    await untilDelivered(example.vendors, ["from-north", "from-south"]);
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
const runTyping = (typed: string, ...args: string[]) =>
  runCommand({ ...example, input: typed }, "examples/several", ...args);

test(
  "every command handles both sources, or only the named one",
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
    const bundled = await run("support-bundle", "--source", "north", "--folder", folder);
    await rm(folder, { recursive: true });
    expect([exported.code, exported.stderr]).toEqual([0, ""]);
    expect([bundled.code, bundled.stdout]).toEqual([0, expect.stringMatching(/Wrote .*\.zip/)]);
    const north = await run("status", "--source", "north");
    expect(north.stdout).toMatch(/^Source north\n(?![\s\S]*Source south)/);
  },
  4 * minutes,
);

test(
  "a source that does not exist, and an event without its source, are refused",
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

/** North's second key, as during a rotation. */
const addedKey = "0123456789abcdef0123456789abcdef";

test(
  "a key that is added is accepted",
  async () => {
    const more = ["--source", "north", "--timeout", "0.05", "--json"];
    const added = await runTyping(addedKey, "signing-key", "--setting", "northSigningKeys", "--add", ...more);
    // Nobody presses *Send test*.
    const { sources } = JSON.parse(added.stdout) as { sources: SourceReport[] };
    expect([added.code, sources[0]?.result]).toEqual([
      3,
      { setting: "northSigningKeys", keys: 2, stored: true, calls: "waiting" },
    ]);
  },
  4 * minutes,
);

/** A second stack of the program in another region, with a standby relay for that of north. */
async function standBy(datasetId: string): Promise<LocalPulumi> {
  const configFile = path.join(path.dirname(example.logFile), "Pulumi.west.yaml");
  const own = "customerio-several";
  const config = {
    "aep:clientId": platform.clientId,
    "aep:clientSecret": platform.clientSecret,
    "aep:orgId": platform.orgId,
    "azure-native:location": "westus3",
    [`${own}:brands`]: [{ name: "north", sandbox: platform.sandbox, region: "us" }],
    [`${own}:settings`]: {
      dataflowActivationSeconds: 0,
      alwaysReadyInstances: 0,
      dataset: { existing: datasetId },
      webhook: { disabled: true },
    },
    [`${own}:northAppApiKey`]: customerIo.appApiKey,
    [`${own}:northSigningKeys`]: `${customerIo.signingKey}\n${addedKey}`,
  };
  await writeFile(configFile, stringify({ config }));
  const west = new LocalPulumi({
    stack: "west",
    logFile: example.logFile,
    configFile,
    // Its destroy would stop at the dead letters that it receives.
    environment: { ...example.cloud.environment, RELAY_ABANDON_DEAD_LETTERS: "true" },
    program: path.resolve(repository, "examples/several"),
  });
  await west.initialize();
  await west.up();
  return west;
}

test(
  "a stack in another region takes over from a relay that can't deliver: every event is a row or a dead letter",
  async () => {
    const { sources } = (await example.pulumi.outputs()) as { sources: { north: { datasetId: string } } };
    const { datasetId } = sources.north;
    const west = await standBy(datasetId);
    const emit = async (ids: readonly string[]) => {
      await example.vendors.emit(ids.map(eventOf), "Local");
      await example.vendors.untilSent();
    };
    const dead = ["dead-1", "dead-2"];
    await makeDeadLetters(example.vendors, ...dead);
    await example.vendors.refuseEvents(503);
    const waiting = ["waiting-1", "waiting-2", "waiting-3"];
    await emit(waiting);

    const turned = await run("failover", "--source", "north", "--to", "west", "--json");
    expect([turned.code, turned.stderr]).toEqual([0, ""]);
    const later = ["later-1", "later-2"];
    await emit(later);
    await example.vendors.endFaults();
    const moved = await run("evacuate", "--source", "north", "--to", "west", "--json");
    expect([moved.code, moved.stderr]).toEqual([0, ""]);
    const resultOf = ({ stdout }: { stdout: string }) =>
      (JSON.parse(stdout) as { sources: { result: Record<string, number> }[] }).sources[0]?.result;
    expect(resultOf(turned)).toMatchObject({ changed: true, milliseconds: expect.any(Number) });
    expect(resultOf(moved)).toMatchObject({ deadLetters: dead.length, hidden: 0 });

    const again = await run("evacuate", "--source", "north", "--to", "west", "--once", "--json");
    expect(resultOf(again)).toMatchObject({ messages: 0, deadLetters: 0 });

    const expected = [...waiting, ...later];
    const missing = async () => {
      const rows = new Set((await example.vendors.rows(datasetId)).map(({ _id }) => _id));
      return expected.filter((id) => !rows.has(id));
    };
    await until(missing, (ids) => ids.length === 0);
    expect((await example.vendors.deadLetteredIds()).toSorted()).toEqual(dead);

    const back = await run("failover", "--source", "north", "--to", "local", "--json");
    expect(resultOf(back)).toMatchObject({ changed: true });
    await west.destroy();
  },
  4 * minutes,
);

test(
  "destroy leaves nothing in either",
  async () => {
    await example.pulumi.destroy();
    expect(await example.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  4 * minutes,
);
