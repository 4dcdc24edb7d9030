import { readFileSync } from "node:fs";
import { InvocationContext } from "@azure/functions";
import { relayAlerts } from "../../components/relay/monitoring/relay-alerts.ts";
import { HostLog, type HostLogLevel } from "../../packages/local-cloud/src/azure/function-host/host-log.ts";
import { readHostSettings } from "../../packages/local-cloud/src/azure/function-host/host-settings.ts";
import { keepDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { intakeBudget, intakeHandler } from "../../relay/azure/intake/intake.ts";
import { lineByLine, type RelayLog } from "../../relay/azure/log.ts";
import { SummedLines } from "../../relay/azure/summed-lines.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { eventQueues, mostEventQueues, relayFunctions } from "../../relay/core/names.ts";
import { call, signedCall, signingKey, takeAll } from "./support/invocation.ts";
import { openForwarder, openGate } from "./support/open-ports.ts";
import { withoutPace } from "./support/unpaced.ts";

/** The promised number of log records for each event, at a hundred events a second. */
const mostRecords = 3;
const perSecond = 100;
const seconds = 20;

const hostJson = readFileSync("relay/host.json", "utf8");
const { logging } = JSON.parse(hostJson);
const receipt = { status: 200, retryAfter: null, detail: "", receipt: true, inletId: "i", xactionId: "x" };
const now = new Date("2026-11-20T10:00:00.000Z");

/** An instance with a host that logs each execution as Azure's does, as far as host.json allows. */
class Instance {
  records = 0;
  #time = 0;
  #timers: { at: number; callBack: () => void }[] = [];
  readonly #host = new HostLog(() => {
    this.records += 1;
  });
  readonly sums = new SummedLines({
    monotonic: () => this.#time,
    schedule: (callBack, milliseconds) => void this.#timers.push({ at: this.#time + milliseconds, callBack }),
    write: (text) => this.#host.write("information", "Host.Function.Console", text),
  });

  constructor() {
    this.#host.filterBy(readHostSettings(hostJson, {}).logFilter);
  }

  /** One execution: two lines of the host's around it, a third for a queue message, and the request that it counts as. */
  async execute(name: string, act: (context: InvocationContext) => unknown): Promise<void> {
    const host = (message: string) => this.#host.write("information", `Function.${name}`, message);
    host(`Executing 'Functions.${name}'`);
    if (name === relayFunctions.forwarder) host("Trigger Details: MessageId: 1, DequeueCount: 1");
    const logHandler = (level: HostLogLevel, ...parts: unknown[]) =>
      this.#host.write(level, `Function.${name}.User`, parts.map(String).join(" "));
    await act(new InvocationContext({ functionName: name, logHandler: logHandler as never }));
    host(`Executed 'Functions.${name}' (Succeeded)`);
    this.#host.write("information", "Host.Results", "");
  }

  pass(milliseconds: number): void {
    this.#time += milliseconds;
    const due = this.#timers.filter(({ at }) => at <= this.#time);
    this.#timers = this.#timers.filter(({ at }) => at > this.#time);
    for (const { callBack } of due) callBack();
  }
}

interface Blast {
  /** What Platform answers. */
  readonly status?: number;
  readonly log?: (instance: Instance) => RelayLog;
  readonly request?: (body: string) => ReturnType<typeof call>;
}

/** Records for each event, each in a queue message of its own, which is the worst case. */
async function recordsPerEvent({ status = 200, log = ({ sums }) => sums, request = signedCall }: Blast) {
  const instance = new Instance();
  const messages: string[] = [];
  const storage = {
    enqueue: async (text: string) => void messages.push(text),
    putClaim: async () => undefined,
    readClaim: async () => undefined,
    deleteClaim: async () => undefined,
    putDeadLetter: async () => true,
  };
  const intake = intakeHandler({
    gate: openGate,
    signingKeys: [signingKey],
    settings: takeAll,
    storage,
    budget: intakeBudget,
    clock: () => now,
    refusals: instance.sums,
    log: log(instance),
  });
  const forwarder = forwarderHandler({
    ...openForwarder,
    target: { client: withoutPace({ send: async () => ({ ...receipt, status }) as never }), readyAt: undefined },
    storage,
    duplicates: keepDuplicates,
    clock: () => now,
    random: () => 0.5,
    log: log(instance),
  });
  const events = perSecond * seconds;
  for (let at = 0; at < events; at++) {
    const body = JSON.stringify({ event_id: `e${at}`, object_type: "email", metric: "sent", timestamp: 1 });
    await instance.execute(relayFunctions.intake, (context) => intake(request(body), context));
    const [taken] = messages.splice(0);
    const event = newEvent({ id: `e${at}`, receivedAt: now.toISOString(), body });
    if (taken !== undefined) {
      await instance.execute(relayFunctions.forwarder, (context) =>
        forwarder({ version: 1, events: [event] }, context),
      );
    }
    messages.splice(0);
    instance.pass(1_000 / perSecond);
  }
  instance.sums.flush();
  return instance.records / events;
}

test("events that go well share a few lines", async () => {
  expect(await recordsPerEvent({})).toBeLessThan(0.01);
});

test.each([
  ["with a line for each event", { log: () => lineByLine }],
  ["while Platform fails", { status: 503 }],
  ["while Platform refuses the relay", { status: 403 }],
  ["while Platform refuses every event, so that all are dead letters", { status: 400 }],
  ["whose signature is wrong", { request: (body: string) => call(body, {}) }],
])(`events %s write at most ${mostRecords} records`, async (_case, blast: Blast) => {
  const records = await recordsPerEvent(blast);
  expect(records).toBeGreaterThan(0);
  expect(records).toBeLessThanOrEqual(mostRecords);
});

test("host.json keeps every line of the relay itself, and drops the start and end of functions", () => {
  const { forwarder: _, poison: __, ...callable } = relayFunctions;
  const ofQueues = eventQueues(mostEventQueues).flatMap(({ functions }) => Object.values(functions));
  const names = [...Object.values(callable), ...ofQueues];
  expect(names).toHaveLength(19);
  const written: string[] = [];
  const log = new HostLog((line) => written.push(JSON.parse(line).category));
  log.filterBy(readHostSettings(hostJson, {}).logFilter);
  for (const name of names) {
    log.write("information", `Function.${name}`, "Executing");
    log.write("information", `Function.${name}.User`, "{}");
  }
  log.write("information", "Host.Function.Console", "{}");
  expect(written).toEqual([...names.map((name) => `Function.${name}.User`), "Host.Function.Console"]);
});

test("the records that alerts read are neither sampled nor dropped: traces, and exceptions, which are errors", () => {
  const tables = Object.values(relayAlerts({ expectsEvents: true, silenceHours: 24 })).map(({ table }) => table);
  expect([...new Set(tables)].sort()).toEqual(["AppExceptions", "AppTraces", "_LogOperation"]);
  expect(logging.applicationInsights.samplingSettings.excludedTypes.split(";").sort()).toEqual(["Exception", "Trace"]);
  const levels = new Set(Object.values(logging.logLevel));
  expect([...levels].sort()).toEqual(["Error", "Information", "Warning"]);
});
