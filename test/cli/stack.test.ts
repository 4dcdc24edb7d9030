import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { redeployCommand } from "../../cli/checks/relay.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { parseDeadLetter } from "../../relay/core/event/dead-letter.ts";
import { type LocalStack, repository, startLocalStack } from "../e2e/local-stack.ts";
import { call } from "./call.ts";
import type { Ended } from "./cli.ts";

// All tests share one stack and run in order: each continues from the previous one.
let stack: LocalStack;

const minutes = 60_000;

beforeAll(async () => {
  stack = await startLocalStack();
  await stack.allowDeletingRows();
  await stack.pulumi.up();
}, 4 * minutes);

afterAll(() => stack.stop(), minutes);

function run(...args: string[]): Promise<Ended> {
  return call(stack.cloud.environment, ...args, "--stack", "local", "--config-file", stack.configFile);
}

/** Verdict by part, as `customerio-aep status` shows them. */
function verdicts(stdout: string): Record<string, string> {
  const lines = [...stdout.matchAll(/^ {2}(fine|waiting|broken) +(\w+(?: \w+)?) {2}/gm)];
  return Object.fromEntries(lines.map(([, verdict = "", part = ""]) => [part, verdict]));
}

const fine = "fine" as const;
const relayFine = { webhook: fine, relay: fine, calls: fine, queue: fine, "dead letters": fine };
const allFine = {
  ...relayFine,
  dataflow: fine,
  runs: fine,
  batches: fine,
  dataset: fine,
  balance: fine,
  secrets: fine,
  versions: fine,
  machine: fine,
};

/** `customerio-aep status` once the relay's counts, which are some seconds late, show this. */
async function statusWhen(shows: RegExp): Promise<Ended> {
  const end = Date.now() + minutes;
  for (;;) {
    const status = await run("status");
    if (shows.test(status.stdout) || Date.now() > end) {
      expect(status.stdout).toMatch(shows);
      return status;
    }
    await wait(2_000);
  }
}

/** Triggers these events and waits until Customer.io has sent them. */
async function send(ids: readonly string[]): Promise<void> {
  const [sample] = samples;
  const metrics = ["subscribed", "unsubscribed"];
  const events = ids.map((event_id, index) => ({
    ...sample?.event,
    event_id,
    metric: metrics[index % metrics.length],
  }));
  await stack.vendors.emit(events);
  await stack.vendors.untilSent();
}

/** Waits until the answer is this one. */
async function eventually<T>(ask: () => Promise<T>, expected: T): Promise<void> {
  const wanted = JSON.stringify(expected);
  await until(ask, (found) => JSON.stringify(found) === wanted);
}

const deadIds = async () => (await stack.vendors.deadLetteredIds()).sort();
const deliveredIds = async () => (await stack.vendors.deliveredIds()).sort();

test(
  "status calls every part of a healthy stack fine, and its balance counts the deliveries",
  async () => {
    await send(["ok-1", "ok-2"]);
    await eventually(deliveredIds, ["ok-1", "ok-2"]);
    await eventually(() => stack.vendors.pendingIds(), []);
    const { code, stdout } = await statusWhen(
      /: 2 accepted = 2 delivered \+ 0 duplicate \+ 0 dead letters \+ 0 on their way/,
    );
    expect([code, verdicts(stdout)]).toEqual([0, allFine]);
    expect(stdout).toMatch(/runs +1 in the last 24 hours: 2 records in, 2 out, 0 failed\./);
    const { alertsToSubscribe } = (await stack.pulumi.outputs()) as { alertsToSubscribe: string[] };
    expect(alertsToSubscribe.join("\n")).toContain('"Sources Dataflow Run Failure"');
    expect(stdout).toMatch(/dataset +It received 2 rows in the last 7 days, for 2 events delivered\./);
  },
  2 * minutes,
);

test(
  "if Platform can't be reached, only the parts that it reports on are broken, and the setting is named",
  async () => {
    const nowhere = { AEP_PLATFORM_URL: "http://127.0.0.1:9" };
    const environment = { ...stack.cloud.environment, ...nowhere };
    const { code, stdout } = await call(environment, "status", "-s", "local", "--config-file", stack.configFile);
    const broken = { dataflow: "broken", runs: "broken", batches: "broken", dataset: "broken" };
    expect([code, verdicts(stdout)]).toEqual([1, { ...allFine, ...broken }]);
    expect(stdout).toMatch(/dataflow .*did not answer \(ECONNREFUSED\).*aep:platformUrl/);
  },
  2 * minutes,
);

test(
  "a webhook that someone disabled is broken, with the command that fixes it",
  async () => {
    const { webhookId } = await stack.pulumi.outputs();
    const url = `${stack.cloud.environment.CUSTOMERIO_APP_API_URL}/v1/reporting_webhooks/${webhookId}`;
    const headers = { authorization: `Bearer ${localCredentials.customerIo.appApiKey}` };
    const {
      id: _id,
      type: _type,
      ...webhook
    } = (await (await fetch(url, { headers })).json()) as Record<string, unknown>;
    const put = (disabled: boolean) =>
      fetch(url, { method: "PUT", headers, body: JSON.stringify({ ...webhook, disabled }) });
    await put(true);
    const { code, stdout } = await run("status");
    await put(false);
    expect([code, verdicts(stdout)]).toEqual([1, { ...allFine, webhook: "broken", calls: "waiting" }]);
    expect(stdout).toMatch(/is disabled: Customer\.io sends nothing\.\n +do: npx pulumi up --refresh --stack local/);
  },
  2 * minutes,
);

test(
  "the command that status gives for a relay that does not start deploys its code again",
  async () => {
    const code = (await stack.pulumi.resources()).find((urn) => urn.includes("customerio-aep:index:FunctionCode"));
    const command = redeployCommand({ stack: "local" }, String(code));
    expect(command).toBe(`npx pulumi up --replace '${code}' --stack local`);
    const flags = ["--stack", "local", "--yes", "--skip-preview", "--config-file", stack.configFile];
    const said = await stack.pulumi.run("up", "--replace", String(code), ...flags);
    expect(said).toContain("replaced");
    const { code: exit, stdout } = await run("status");
    expect([exit, verdicts(stdout)]).toEqual([0, allFine]);
  },
  2 * minutes,
);

test(
  "dead letters are reported, counted by a dry run, exported, and replayed into rows by kind",
  async () => {
    await stack.vendors.refuseEvents(400);
    await send(["dead-1", "dead-2", "dead-3"]);
    await eventually(deadIds, ["dead-1", "dead-2", "dead-3"]);
    await stack.vendors.endFaults();

    const status = await statusWhen(/: 5 accepted = 2 delivered \+ 0 duplicate \+ 3 dead letters \+ 0 on their way/);
    expect([status.code, verdicts(status.stdout)]).toEqual([1, { ...allFine, "dead letters": "broken" }]);

    const dry = await run("replay", "--dry-run");
    expect([dry.code, dry.stdout]).toEqual([
      0,
      "3 of 3 dead letters of the stack local would be replayed.\n  2 refused customer subscribed\n  1 refused customer unsubscribed\n",
    ]);
    expect(await deadIds()).toEqual(["dead-1", "dead-2", "dead-3"]);

    const folder = path.join(await mkdtemp(path.join(tmpdir(), "customerio-aep-export-")), "kept");
    const one = await run("export", "--folder", folder, "--metric", "unsubscribed");
    expect([one.code, one.stdout.split("\n").slice(0, 2)]).toEqual([
      0,
      [`1 of 3 dead letters of the stack local is in ${folder}: 1 written, 0 there already.`, "  1 refused"],
    ]);
    const all = await run("export", "--folder", folder);
    expect([all.code, all.stdout]).toEqual([
      0,
      `3 of 3 dead letters of the stack local are in ${folder}: 2 written, 1 there already.\n  3 refused\n` +
        "They remain in the relay's storage. To deliver them: npx customerio-aep replay --stack local " +
        `--config-file ${stack.configFile}. To delete them with the relay, ` +
        "put RELAY_ABANDON_DEAD_LETTERS=true before the command that takes it down.\n",
    ]);
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".json"));
    const texts = await Promise.all(files.map((name) => readFile(path.join(folder, name), "utf8")));
    expect(texts.map((text) => parseDeadLetter(text).eventId).sort()).toEqual(["dead-1", "dead-2", "dead-3"]);
    await rm(path.dirname(folder), { recursive: true });
    expect(await deadIds()).toEqual(["dead-1", "dead-2", "dead-3"]);

    const some = await run("replay", "--metric", "unsubscribed");
    expect([some.code, some.stdout]).toEqual([
      0,
      "1 of 3 dead letters of the stack local replayed.\n  1 refused customer unsubscribed\n",
    ]);
    await eventually(deliveredIds, ["dead-2", "ok-1", "ok-2"]);
    expect(await deadIds()).toEqual(["dead-1", "dead-3"]);

    const rest = await run("replay", "--rate", "5");
    expect(rest.stdout).toContain("2 of 2 dead letters of the stack local replayed.");
    await eventually(deliveredIds, ["dead-1", "dead-2", "dead-3", "ok-1", "ok-2"]);
    expect(await deadIds()).toEqual([]);
    expect((await run("replay")).stdout).toBe("0 of 0 dead letters of the stack local replayed.\n");
    await eventually(() => stack.vendors.pendingIds(), []);
    // Replayed events are no longer dead letters, and were delivered.
    const after = await statusWhen(/: 5 accepted = 5 delivered \+ 0 duplicate \+ 0 dead letters \+ 0 on their way/);
    expect([after.code, verdicts(after.stdout)]).toEqual([0, allFine]);
  },
  4 * minutes,
);

test(
  "a purge needs an explicit age, and deletes only what is older",
  async () => {
    await stack.vendors.refuseEvents(400);
    await send(["old-1"]);
    await eventually(deadIds, ["old-1"]);
    await stack.vendors.endFaults();
    const young = await run("replay", "--purge-older-than", "1");
    expect(young.stdout).toBe("0 of 1 dead letter of the stack local purged.\n");
    const age = String(1 / 24 / 3600 / 1000);
    expect((await run("replay", "--purge-older-than", age, "--dry-run")).stdout).toMatch(/^1 of 1 .* would be purged/);
    expect(await deadIds()).toEqual(["old-1"]);
    expect((await run("replay", "--purge-older-than", age)).stdout).toMatch(/^1 of 1 .* purged/);
    expect(await deadIds()).toEqual([]);
    await statusWhen(/: 6 accepted = 5 delivered .* \+ 0 dead letters \+ 1 purged \+ 0 on their way/);
  },
  2 * minutes,
);

/** The event id of a verification, from its first line. */
const eventOf = ({ stdout }: Ended): string => stdout.match(/event (customerio-aep-verify-\S+)/)?.[1] ?? "";

test(
  "a verification passes every stage, and its row is marked",
  async () => {
    const verified = await run("verify");
    expect([verified.code, verdicts(verified.stdout)]).toEqual([
      0,
      { webhook: fine, relay: fine, delivery: fine, dataset: fine },
    ]);
    // Customer.io's own events were accepted before, and this one is not one of them.
    expect(verified.stdout).toMatch(
      /signed with the stack's own key\.\nThe relay accepted the last call from Customer\.io at \S+Z\.\n/,
    );
    expect(verified.stdout).toMatch(/To prove it: In Customer\.io, .* press Send test/);
    expect(verified.stdout).toMatch(/relay +It accepted the event in \d+ ms, signed with the stack's key\./);
    const { datasetId } = (await stack.pulumi.outputs()) as { datasetId: string };
    const rows = (await stack.vendors.previewRows(datasetId)) as { _id: string }[];
    expect(rows.filter(({ _id }) => _id === eventOf(verified))).toHaveLength(1);
  },
  2 * minutes,
);

test(
  "a filtered verification ends at the relay",
  async () => {
    const verified = await run("verify", "--filtered");
    expect([verified.code, verdicts(verified.stdout)]).toEqual([0, { webhook: fine, relay: fine }]);
    expect(verified.stdout).toContain("and left it out as requested. Nothing goes to Platform.");
    await statusWhen(/left out by filters: 1;/);
    expect(await deliveredIds()).not.toContain(eventOf(verified));
  },
  2 * minutes,
);

test(
  "samples of every kind become rows, shown side by side with their sources",
  async () => {
    const { code, stdout } = await run("preview");
    expect([code, stdout.trimEnd().split("\n").at(-1)]).toEqual([
      0,
      `${samples.length} become rows, 0 are left out, 0 fail.`,
    ]);
    expect(stdout).toMatch(/; targets without a path are under _\w+\.customerio\n/);
    expect(stdout).toContain("email: email clicked, 01J9ZK4A7C2E5G8J1M3P6R9TVX\n");
    expect(stdout).toMatch(/^ {2}data\.campaign_id = 12 +→ campaign_id = 12$/m);
    expect(stdout).toMatch(
      /^ {2}relay\.occurred_at = "2024-10-03T11:01:01\.000Z" +→ timestamp = "2024-10-03T11:01:01/m,
    );
    expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
  },
  minutes,
);

test(
  "a file of samples is read line by line, and a sample that is not an event makes the command fail",
  async () => {
    const file = path.join(path.dirname(stack.configFile), "samples.jsonl");
    const [sample] = samples;
    await writeFile(file, `${JSON.stringify(sample?.event)}\n"no event"\n`);
    const { code, stdout } = await run("preview", "--samples", file);
    expect(code).toBe(1);
    expect(stdout).toContain("line 1: customer subscribed, 01E4C4CT6YDC7Y5M7FE1GWWPQJ\n");
    expect(stdout).toContain("line 2: ERROR, it would be a dead letter: The body is not a JSON object.");
    expect(stdout).toMatch(/\n1 becomes a row, 0 are left out, 1 fails\.\n$/);
  },
  minutes,
);

test(
  "a verification that Platform refuses is broken, with the reason, and can be followed once it was replayed",
  async () => {
    await stack.vendors.refuseEvents(400);
    const refused = await run("verify");
    await stack.vendors.endFaults();
    expect([refused.code, verdicts(refused.stdout)]).toEqual([1, { webhook: fine, relay: fine, delivery: "broken" }]);
    expect(refused.stdout).toMatch(/delivery +It is a dead letter: Platform refused the event: HTTP 400/);
    expect((await run("replay", "--object-type", "verify")).stdout).toContain("1 of 1 dead letter");
    const followed = await run("verify", "--event", eventOf(refused));
    expect([followed.code, verdicts(followed.stdout)]).toEqual([0, { webhook: fine, delivery: fine, dataset: fine }]);
  },
  2 * minutes,
);

test(
  "a verification without a row is waiting when its time is over, with the command that continues",
  async () => {
    const { dataflowId } = await stack.pulumi.outputs();
    await stack.vendors.setFlowState(String(dataflowId), "disable");
    const verified = await run("verify", "--timeout", "0.1");
    const status = await run("status");
    await stack.vendors.setFlowState(String(dataflowId), "enable");
    // Platform needs some seconds for it, during which the next test would find the dataflow broken.
    await statusWhen(/dataflow +".*" is enabled\./);
    expect([verified.code, verdicts(verified.stdout)]).toEqual([
      3,
      { webhook: fine, relay: fine, delivery: fine, dataset: "waiting" },
    ]);
    expect(verified.stdout).toMatch(
      /Still on its way\. To keep following it: npx customerio-aep verify --event customerio-aep-verify-\S+ --stack local --config-file \S+\n$/,
    );
    // Platform answered it with 200, and it is nowhere: only counts show that.
    expect([status.code, verdicts(status.stdout).dataflow]).toEqual([1, "broken"]);
  },
  2 * minutes,
);

test(
  "Ctrl-C stops a destroy that waits for the queue, with the number left and the flag that gives them up",
  async () => {
    await stack.vendors.refuseEvents(404);
    await send(["left-1"]);
    await until(
      () => stack.vendors.pendingIds(),
      (pending) => pending.length > 0,
    );
    // The relay's counts show within 15 s that it holds the event, and the dataset still lacks the row that the disabled dataflow lost.
    await statusWhen(/queue +About 1 message waits, .* The relay holds them, since Platform refuses it/);
    const status = await statusWhen(
      /dataset +It received \d+ rows in the last 7 days, but .* (is|are) not there yet\./,
    );
    const others = { queue: "broken", dataset: "waiting", balance: "waiting" };
    expect([status.code, verdicts(status.stdout)]).toEqual([1, { ...allFine, ...others }]);

    const { output, code } = await destroyUntil("messages left", "message left");
    expect(code).not.toBe(0);
    expect(output).toMatch(/did not become empty \(stopped by the user\): [1-9]\d* messages? left/);
    expect(output).toContain("put RELAY_ABANDON_QUEUE=true before the command");
  },
  6 * minutes,
);

/** Runs `pulumi destroy` as in a terminal, and presses Ctrl-C once it has printed one of these. */
async function destroyUntil(...words: string[]): Promise<{ output: string; code: number | null }> {
  const bin = path.join(repository, "node_modules/.bin");
  const flags = ["--yes", "--skip-preview", "--non-interactive", "--color", "never"];
  const child = spawn("pulumi", ["destroy", ...flags, "--stack", "local", "--config-file", stack.configFile], {
    cwd: repository,
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}`, ...stack.cloud.environment },
    // A process group of its own, which gets the signal as a whole, as that of a terminal does.
    detached: true,
  });
  let output = "";
  let pressed = false;
  const press = (text: string) => {
    output += text;
    if (pressed || !words.some((word) => output.includes(word))) return;
    pressed = true;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGINT");
  };
  child.stdout.setEncoding("utf8").on("data", press);
  child.stderr.setEncoding("utf8").on("data", press);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { output, code };
}
