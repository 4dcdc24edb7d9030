import { copyFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
import { cli } from "../cli/cli.ts";
import { LocalPulumi } from "./local-pulumi.ts";
import { checkpointsOf, failureOf, isDraining, type LocalStack, repository, startLocalStack } from "./local-stack.ts";
import { eventOf, makeDeadLetters, Traffic } from "./traffic.ts";

// One stack with parts that are replaced while events arrive. The tests run in order.
let stack: LocalStack;
let pulumi: Pulumi;
let traffic: Traffic;
/** What an undisturbed `up` leaves at the vendors. */
let whole: Left;
const minutes = 60_000;

beforeAll(async () => {
  stack = await startLocalStack();
  traffic = new Traffic(stack.vendors, { pause: 500, repeats: true });
  pulumi = stack.pulumi;
  await stack.allowDeletingRows();
  await pulumi.up();
  whole = await countLeft();
}, 4 * minutes);
afterAll(() => stack.stop(), 60_000);

type Left = Awaited<ReturnType<LocalStack["vendors"]["leftovers"]>>;

/** The number of resources of each type at each vendor. */
async function countLeft(): Promise<Left> {
  const { Azure, ...others } = await stack.vendors.leftovers();
  return { ...others, Azure: Azure.filter((line) => !line.includes(" process ")).sort() };
}

/** Customer.io sends all events again. */
async function comeAgain(): Promise<void> {
  await stack.vendors.emit(traffic.sent.map(eventOf));
  await stack.vendors.untilSent();
}

/** Events that Platform accepted more than once. */
async function doubles(): Promise<string[]> {
  await until(
    () => stack.vendors.pendingIds(),
    (pending) => pending.length === 0,
  );
  const seen = new Set<string>();
  return (await stack.vendors.deliveredIds()).filter((id) => seen.size === seen.add(id).size);
}

interface State {
  readonly deployment: {
    readonly resources: { urn: string; id?: string; inputs?: { location?: string }; delete?: boolean }[];
  };
}

async function state(): Promise<State> {
  return JSON.parse(await pulumi.exportState());
}

/** Id by the part of the URN after the stack's name. */
async function ids(): Promise<Record<string, string>> {
  const { deployment } = await state();
  const custom = deployment.resources.flatMap(({ urn, id }) => (id === undefined ? [] : [[urn, id] as const]));
  return Object.fromEntries(custom.map(([urn, id]) => [urn.split("::").slice(1).join("::"), id]));
}

type Part = readonly [type: string, name: string];

async function urnsOf(parts: readonly Part[]): Promise<string[]> {
  const urns = await pulumi.resources();
  return parts.map(([type, name]) => {
    const urn = urns.find((one) => one.endsWith(`${type}::${name}`));
    if (urn === undefined) throw new Error(`The stack has no ${type} ${name}.`);
    return urn;
  });
}

test(
  "a stack of a version whose names held the stack's name is adopted unchanged",
  async () => {
    const before = await ids();
    // Its state, as that version wrote it.
    const former = JSON.stringify(await state())
      .replaceAll(/(ResourceGroup)::customerio-aep-relay"/g, '$1::customerio-aep-relay-local"')
      .replaceAll(/(StorageAccount|Vault)::cioaep"/g, '$1::cioaeplocal"');
    expect(former.match(/customerio-aep-relay-local"|cioaeplocal"/g)?.length).toBeGreaterThan(10);
    const file = path.join(path.dirname(stack.configFile), "former.json");
    await writeFile(file, former);
    await pulumi.run("stack", "import", "--stack", "local", "--file", file);
    await pulumi.up("--expect-no-changes");
    expect(await ids()).toEqual(before);
  },
  3 * minutes,
);

/** Kills an `up` while the former relay is drained. */
async function killInDrain(): Promise<void> {
  const killed = stack.pulumiWith(checkpointsOf(true));
  let end: string | undefined;
  const ended = killed.up().then(
    () => "it ended",
    (error: Error) => error.message,
  );
  void ended.then((message) => {
    end = message;
  });
  while (!(await isDraining(killed))) {
    if (end !== undefined) throw new Error(`The former relay was not drained: ${end}`);
    await wait(500);
  }
  await killed.kill();
  await ended;
  await killed.run("cancel", killed.stack, "--yes");
}

test(
  "dead letters stop a replacement before the webhook is redirected; once they are replayed, it continues and hands over what the former relay has delivered, even if it is killed while it drains that",
  async () => {
    const { vendors, cloud, configFile } = stack;
    // Until a relay has delivered something, it treats a 400 as a mistake in its settings and keeps the event.
    await traffic.during(() => wait(500));
    expect(await traffic.missing()).toEqual([]);
    await makeDeadLetters(vendors, "dead");

    const [urn = ""] = await urnsOf([["azure-native:storage:StorageAccount", "cioaep"]]);
    await pulumi.preview("--replace", urn);
    expect(await stack.logs()).toContain(
      "If this change replaces the relay, it will fail: The relay is not taken down",
    );
    expect(await failureOf(pulumi.preview("--target-replace", urn))).toContain("it leaves out the relay's drain");
    const refused = await traffic.during(() => failureOf(pulumi.up("--replace", urn)));
    expect(refused).toContain("The relay is not taken down, since there is 1 dead letter: ");
    expect(refused).toContain("Customer.io's webhook still posts to it.");
    expect(refused).not.toMatch(/ReportingWebhook .* (updat|replac|delet)/);
    await traffic.during(() => wait(500));
    expect(await traffic.missing()).toEqual([]);

    const replay = ["replay", "--stack", "local", "--config-file", configFile];
    expect(await cli(cloud.environment, ...replay)).toMatchObject({ code: 0 });
    await traffic.during(() => killInDrain());
    // The refresh finds the former relay's parts, too, which must be drained and deleted nevertheless.
    await traffic.during(() => pulumi.up("--refresh"));
    expect(await traffic.missing()).toEqual([]);
    expect(await vendors.deliveredIds()).toContain("dead");
    await comeAgain();
    expect(await doubles()).toEqual([]);
    // The next up checks that nothing is left to change.
  },
  8 * minutes,
);

test(
  "a renamed stack changes nothing in the cloud but its name in alerts and in the tag of the dataset, and events still arrive",
  async () => {
    const before = await ids();
    const folder = path.dirname(stack.configFile);
    const logFile = path.join(folder, "pulumi.log");
    const renamed = { environment: stack.cloud.environment, stack: "prod.eu_2", logFile };
    // Outside the repository, since the command would rename its Pulumi.local.yaml too.
    await copyFile(path.join(repository, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
    await new LocalPulumi({ ...renamed, program: folder }).run("stack", "rename", "prod.eu_2", "--stack", "local");
    pulumi = new LocalPulumi({ ...renamed, configFile: path.join(folder, "Pulumi.prod.eu_2.yaml") });
    const output = await traffic.during(() => pulumi.up());
    const steps = output.matchAll(/^ \S+ +(\S+) \S+ ((?:creat|updat|replac|delet)ed)\b/gm);
    expect(new Set(Array.from(steps, ([, type, step]) => `${step} ${type}`))).toEqual(
      new Set([
        "updated azure-native:monitor:MetricAlert",
        "updated azure-native:monitor:ScheduledQueryRule",
        "updated aep:index:Dataset",
      ]),
    );
    expect(await ids()).toEqual(before);
    expect(await traffic.missing()).toEqual([]);
    // The preview below checks that nothing is left to change.
  },
  3 * minutes,
);

test(
  "another region: a preview says that the relay stays, and its command moves it under traffic",
  async () => {
    const { relayUrl } = await pulumi.outputs();
    await pulumi.configure("azure-native:location", "northeurope");
    const said = await pulumi.preview("--expect-no-changes").then(() => stack.logs());
    expect(said).toContain("The relay stays in westeurope, although azure-native:location is northeurope.");
    const [, urn = ""] = said.match(/run: npx pulumi up --replace '([^']+)'/) ?? [];
    await traffic.during(() => pulumi.up("--replace", urn));
    expect(await traffic.missing()).toEqual([]);
    await comeAgain();
    expect(await doubles()).toEqual([]);
    expect((await pulumi.outputs()).relayUrl).not.toBe(relayUrl);
    const located = (await state()).deployment.resources.flatMap(({ inputs }) => inputs?.location ?? []);
    expect(new Set(located)).toEqual(new Set(["northeurope", "global", "Global"]));
    await pulumi.preview("--expect-no-changes");
  },
  5 * minutes,
);

const storage = "customerio-aep-relay-storage";
// The storage account has been replaced above, with the relay.
test.each<[what: string, parts: Part[]]>([
  ["the plan", [["customerio-aep:index:AppServicePlan", "customerio-aep-relay-plan"]]],
  [
    "the identity and the vault",
    [
      ["azure-native:managedidentity:UserAssignedIdentity", "customerio-aep-relay-identity"],
      ["azure-native:keyvault:Vault", "cioaep"],
    ],
  ],
  [
    "each part that has a fixed name",
    [
      ["customerio-aep:index:FunctionApp", "customerio-aep-relay"],
      ["azure-native:web:WebAppApplicationSettings", "customerio-aep-relay-settings"],
      ["azure-native:web:WebAppScmAllowed", "customerio-aep-relay-scm"],
      ...["events", "events-poison", "claims", "dead-letters", "code", "sweep", "blob-data-owner"].map(
        (part): Part => ["customerio-aep:index:ArmResource", `${storage}-${part}`],
      ),
      ["customerio-aep:index:VaultSecret", "customerio-aep-relay-customerio-signing-keys"],
    ],
  ],
])(
  "an up under traffic replaces %s in place",
  async (_what, parts) => {
    const { relayUrl } = await pulumi.outputs();
    const urns = await urnsOf(parts);
    await traffic.during(() => pulumi.up(...urns.flatMap((urn) => ["--replace", urn])));
    expect(await traffic.missing()).toEqual([]);
    expect(await countLeft()).toEqual(whole);
    expect((await pulumi.outputs()).relayUrl).toBe(relayUrl);
  },
  5 * minutes,
);

test(
  "in the end nothing is lost, nothing is left to change, and nothing from before is left at a vendor",
  async () => {
    // An app that ended in place may deliver an event twice.
    await comeAgain();
    expect(await stack.vendors.lostIds()).toEqual([]);
    // What was replaced in place is as the program declares it.
    await pulumi.preview("--expect-no-changes");
    expect(await countLeft()).toEqual(whole);
  },
  3 * minutes,
);
