import { spawn } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Cloud, startCloud } from "../../packages/local-cloud/src/cloud.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { Vendors } from "../../packages/local-cloud/src/demo/vendors.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { eventOf, makeDeadLetters, untilDelivered } from "../e2e/traffic.ts";
import { makeClone } from "./clone.ts";
import { listDocumented, normalize } from "./documented.ts";
import { acting, before, deploying, healing, looking, type Run, runs, withDeadLetters } from "./runs.ts";

// The commands of the pages, as a reader types them, on one stack in a local cloud. The tests run in order.
const repository = path.resolve(import.meta.dirname, "../..");
const { platform, customerIo } = localCredentials;
const minutes = 60_000;
const documented = new Map(listDocumented().map(({ text }) => [normalize(text), text]));

let folder: string;
let clone: string;
let cloud: Cloud;
let vendors: Vendors;
let environment: NodeJS.ProcessEnv;
/** The event of the last verification. */
let verified = "";

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-commands-"));
  clone = path.join(folder, "clone");
  await makeClone(clone);
  // For a command about a program in another folder.
  await symlink(clone, path.join(folder, "events"));
  cloud = await startCloud(folder);
  vendors = new Vendors(cloud.environment);
  environment = {
    ...process.env,
    ...cloud.environment,
    PATH: `${path.join(repository, "node_modules/.bin")}${path.delimiter}${process.env.PATH ?? ""}`,
    // In place of answers to Pulumi's questions.
    PULUMI_OPTION_YES: "true",
    PULUMI_OPTION_SKIP_PREVIEW: "true",
    PULUMI_OPTION_NON_INTERACTIVE: "true",
  };
  await shell("npx pulumi stack init dev");
}, minutes);

afterAll(async () => {
  await cloud?.stop();
  await rm(folder, { recursive: true, force: true });
}, minutes);

/** Runs a command in the clone. `npx` would find the same programs, half a second later. */
async function shell(command: string, { isEndless, says, sendsTest }: Partial<Run> = {}) {
  const script = `npx() { "$@"; }\n${command}`;
  const child = spawn("bash", ["-ec", script], { cwd: clone, env: environment, detached: true });
  // What asks, asks for the signing key.
  child.stdin.end(customerIo.signingKey);
  let said = "";
  const interrupt = () => void process.kill(-(child.pid ?? 0), "SIGINT");
  const pending: { says: RegExp; act: () => unknown }[] = [
    ...(isEndless && says ? [{ says, act: interrupt }] : []),
    ...(sendsTest ? [{ says: sendsTest, act: () => vendors.emit([eventOf(`send-test-${Date.now()}`)]) }] : []),
  ];
  const listen = (text: string) => {
    said += text;
    while (pending[0]?.says.test(said)) pending.shift()?.act();
  };
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", listen);
  const patience = setTimeout(interrupt, 2 * minutes);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(patience);
  return { code, said };
}

/** What a reader types: the pages' own words, with this stack, and with today's dates in place of the examples'. */
function lineOf({ command }: Run): string {
  const day = (ago: number) => new Date(Date.now() - ago * 24 * 60 * minutes).toISOString().slice(0, 10);
  return String(documented.get(command))
    .replace(/ --config-file \S+/, "")
    .replace(/--stack [\w-]+/, "--stack dev")
    .replace(/--from \d[\d-]+/, `--from ${day(1)}`)
    .replace(/--to \d[\d-]+/, `--to ${day(0)}`)
    .replace(/customerio-aep-verify-\w+-\w+/, verified);
}

/** Runs commands in this order, and lists those that do something else than they should. */
async function mistakesOf(list: readonly Run[]): Promise<object[]> {
  const mistakes: object[] = [];
  for (const run of list) {
    const { code, said } = await shell(lineOf(run), run);
    // Ctrl-C ends most commands in order.
    const isRight = run.isEndless ? [0, 130].includes(code ?? -1) : code === (run.code ?? 0);
    if (!isRight || !run.says.test(said)) mistakes.push({ typed: lineOf(run), code, said: said.slice(-2000) });
    verified = /customerio-aep-verify-\w+-\w+/.exec(said)?.[0] ?? verified;
  }
  return mistakes;
}

test(
  "from nothing to the signing key",
  async () => {
    const mistakes = await mistakesOf(before);
    Object.assign(environment, {
      AEP_CLIENT_ID: platform.clientId,
      AEP_CLIENT_SECRET: platform.clientSecret,
      AEP_ORG_ID: platform.orgId,
      AEP_SANDBOX: platform.sandbox,
      CUSTOMERIO_APP_API_KEY: customerIo.appApiKey,
    });
    expect([...mistakes, ...(await mistakesOf(deploying))]).toEqual([]);
  },
  4 * minutes,
);

test(
  "what only looks",
  async () => {
    const sample = samples.find(({ event }) => event.object_type === "email")?.event;
    const bounced = { ...sample, metric: "bounced", event_id: "bounced" };
    // Before the last hour, which an audit does not compare.
    const timestamp = Math.floor(Date.now() / 1_000) - 2 * 3_600;
    const data = { ...sample?.data, delivery_id: "audited" };
    const audited = { ...sample, metric: "delivered", timestamp, event_id: "audited", data };
    await vendors.emit([...samples.map(({ event }) => event), bounced, audited]);
    await vendors.blast(3);
    await vendors.untilSent();
    // Customer.io lists a message a minute after it was made.
    await vendors.passTime(120);
    await untilDelivered(vendors, ["bounced"]);
    // The relay logs the events of some seconds in one line.
    await until(
      async () => (await shell("npx customerio-aep tail --stack dev --since 30 --once")).said,
      (said) => / {2}age/.test(said),
    );
    // Three at once.
    const thirds = [0, 1, 2].map((rest) => looking.filter((_, index) => index % 3 === rest));
    expect((await Promise.all(thirds.map(mistakesOf))).flat()).toEqual([]);
  },
  4 * minutes,
);

test("what acts", async () => expect(await mistakesOf(acting)).toEqual([]), 4 * minutes);

test(
  "what never arrived comes back",
  async () => {
    environment.day = new Date(Date.now() - 10 * 24 * 60 * minutes).toISOString().slice(0, 10);
    expect(await mistakesOf(healing)).toEqual([]);
    const again = healing.find(({ command }) => command.endsWith("--to $day")) as Run;
    // Until Platform has written their rows, they are not missing, but on their way.
    await until(
      () => shell(lineOf(again)),
      ({ said }) => /email opened +1 +1 +0 [\s\S]*Nothing is missing/.test(said),
    );
  },
  4 * minutes,
);

test(
  "with dead letters, and to the end",
  async () => {
    // The event of the last verification was refused and is tried again. With the next fault it would become a third dead letter.
    await until(
      () => vendors.pendingIds(),
      (pending) => pending.length === 0,
    );
    await makeDeadLetters(vendors, "dead-1", "dead-2");
    expect(await mistakesOf(withDeadLetters)).toEqual([]);
  },
  4 * minutes,
);

test("every command that is run is documented", () => {
  expect(runs.map(({ command }) => command).filter((command) => !documented.has(command))).toEqual([]);
});
