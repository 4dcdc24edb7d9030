import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type AuditParts, audit, openLedger } from "../../cli/audit/audit.ts";
import type { Ledger } from "../../cli/audit/ledger.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { differingPaths, type TrialParts, tryOneEvent } from "../../cli/backfill/batch/trial.ts";
import { uploadMissing } from "../../cli/backfill/batch/upload-missing.ts";
import { abortLoadingUploads, listUploads, revertUpload } from "../../cli/backfill/batch/uploads.ts";
import type { BackfillCounts } from "../../cli/backfill/counts.ts";
import { planBackfill, sendMissing } from "../../cli/backfill/send-missing.ts";
import { BatchIngestion } from "../../cli/platform/batch-ingestion.ts";
import { DataAccess } from "../../cli/platform/data-access.ts";
import { readQueueMessage } from "../../cli/relay/queue-message.ts";
import { isObject, type Json, type JsonObject, objectOf } from "../../packages/local-cloud/src/platform/web/json.ts";
import { credentials, flowing, Platform, type RunningFlow } from "../../packages/local-cloud/test/platform/harness.ts";
import { AepClient, previewMappings } from "../../packages/pulumi-aep/src/client/index.ts";
import { config } from "../../packages/pulumi-aep/src/config.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { closeWorld, day, happen, type Made, now, openWorld, partsFor, start } from "./audit-world.ts";

/** Three days of messages; every other one never arrived. */
const recorded: readonly Made[] = Array.from({ length: 24 }, (_, at) =>
  happen(`d${at}`, (at % 3) * day + at, "sent", { recipient: `d${at}@example.org` }),
);
const arrived = recorded.filter((_, at) => at % 2 === 0);
const lost = recorded.filter((_, at) => at % 2 === 1);
const lostIds = lost.map(({ data }) => `customerio-aep-rebuilt-${data.delivery_id}-email-sent`).toSorted();

const text = { title: "Text", type: "string" };
const long = { title: "Number", type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 };
const properties = {
  delivery_id: text,
  object_type: text,
  metric: text,
  timestamp: long,
  recipient: text,
  origin: text,
};
const sources = ["object_type", "metric", "timestamp", "data.delivery_id", "data.recipient", "relay.origin"];
const mappings = sources.map((source) => ({
  sourceType: "ATTRIBUTE" as const,
  source,
  destination: `_acme.customerio.${source.replace(/^(data|relay)\./, "")}`,
}));
const whole = [
  { sourceType: "ATTRIBUTE" as const, source: "event_id", destination: "_id" },
  { sourceType: "ATTRIBUTE" as const, source: "relay.occurred_at", destination: "timestamp" },
  ...mappings,
];

let platform: Platform;
let flow: RunningFlow;
let client: AepClient;
let folder: string;
let queued: string[];

beforeEach(async () => {
  queued = [];
  folder = await mkdtemp(path.join(tmpdir(), "batch-backfill-"));
  platform = await Platform.start();
  platform.pass((now.getTime() - platform.now) / 1000);
  platform.token = String((await platform.askForToken()).body.access_token);
  flow = await flowing(platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
  const settings = config.parse({
    clientId: credentials.clientId,
    clientSecret: credentials.clientSecret[0],
    orgId: credentials.orgId,
    sandbox: "dev",
    imsUrl: platform.url,
    platformUrl: platform.url,
  });
  client = new AepClient(settings, { sleep: async () => undefined });
  await openWorld(recorded);
  for (const made of arrived) await stream(JSON.stringify({ event_id: `live-${made.data.delivery_id}`, ...made }));
});
afterEach(async () => {
  await closeWorld();
  await platform.close();
  await rm(folder, { recursive: true });
});

/** What the relay does with an event, and the dataflow after it. */
async function stream(body: string, receivedAt = now.toISOString()): Promise<void> {
  const classified = classifyText(body);
  if (classified.kind === "malformed") throw new Error(classified.reason);
  const record = JSON.parse(enrich(classified, receivedAt)) as JsonObject;
  await platform.send(flow.inletUrl, flow.flow, { ...record, occurred_at: objectOf(record.relay).occurred_at ?? null });
  await platform.idle();
}

async function deliverQueue(change: (body: Made) => Made = (made) => made): Promise<void> {
  // A streaming batch of the hour that an audit has read gets no more rows in Platform.
  platform.pass(3600);
  for (const message of queued.splice(0)) {
    const read = readQueueMessage(message);
    if (!read.readable) throw new Error("not readable");
    for (const event of read.events) {
      const body = "body" in event ? String(event.body) : "";
      await stream(JSON.stringify(change(JSON.parse(body) as Made)), event.receivedAt);
    }
  }
}

const rows = async (): Promise<JsonObject[]> => {
  const all: Json = await platform.rows(flow.dataset);
  return Array.isArray(all) ? all.filter(isObject) : [];
};
const rebuiltIds = async () =>
  (await rows())
    .flatMap(({ _id }) => (String(_id).startsWith("customerio-aep-rebuilt-") ? [String(_id)] : []))
    .toSorted();

const clock = () => new Date(platform.now);
const auditParts = (): AuditParts =>
  partsFor(new DataAccess(client, flow.dataset), {
    ingestion: new BatchIngestion(client, flow.dataset),
    folder,
    now: new Date(platform.now),
  });

/** What a backfill of either way needs, after an audit. */
const sendingParts = ({ history }: AuditParts, ledger: Ledger) => ({
  ledger,
  history,
  drafts: true,
  created: { from: start - day, to: start + 4 * day },
  policy: eventPolicy.parse({}),
  now: clock,
});

/** One run of the command: an audit, the trial, and the upload. @param without a delivery that is not planned */
async function run(
  more: Partial<TrialParts> = {},
  withTrial = true,
  without?: string,
): Promise<BackfillCounts & { readonly stalled: string[] }> {
  const parts = auditParts();
  await audit(parts);
  const ledger = await openLedger(folder);
  const counts: BackfillCounts = { sent: 0, kinds: new Map(), impossible: new Map() };
  try {
    await planBackfill(ledger, undefined);
    if (without !== undefined) await ledger.run(`DELETE FROM planned WHERE delivery = '${without}'`);
    const trial: TrialParts = {
      ...sendingParts(parts, ledger),
      signal: new AbortController().signal,
      map: (records) => previewMappings(client, { schemaId: flow.schema, mappings: whole }, records, trial.signal),
      ingestion: new BatchIngestion(client, flow.dataset),
      pause: async () => platform.pass(1),
      folder,
      access: parts.access,
      progress: () => undefined,
      enqueue: async (message) => void queued.push(message),
      pauseForRows: () => deliverQueue(),
      showWait: (_batch, work) => work,
      showTrial: (work) => work,
      ...more,
    };
    if (withTrial) await tryOneEvent(trial);
    const stalled = await uploadMissing(trial, counts);
    return { ...counts, stalled };
  } finally {
    ledger.close();
  }
}

test("it sends one event both ways and the rest as a batch, and a second audit is clean", async () => {
  const counts = await run();
  // The event of the trial was streamed, and its batch was reverted.
  expect(counts.sent).toBe(lost.length - 1);
  expect(await rebuiltIds()).toEqual(lostIds);
  const all = await rows();
  expect(
    all.every((row) => JSON.stringify(row).includes('"origin":"rebuilt"') === String(row._id).includes("rebuilt")),
  ).toBe(true);
  const { cells } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ recorded: recorded.length, found: recorded.length, missing: 0, extra: 0 });
  expect((await run()).sent).toBe(0);
  expect(await rebuiltIds()).toEqual(lostIds);
  expect(await readdir(folder)).not.toEqual(expect.arrayContaining([expect.stringMatching(/rows-|parquet/)]));
});

test("it finds both rows of the trial if the mapping makes another _id of the event's", async () => {
  const own = { sourceType: "EXPRESSION" as const, source: 'concat(event_id, "-eu")', destination: "_id" };
  const draft = { schemaId: flow.schema, mappings: [own, ...whole.slice(1)] };
  const { signal } = new AbortController();
  const counts = await run({
    map: (records) => previewMappings(client, draft, records, signal),
    // The stand-in's dataflow copies the id.
    pauseForRows: () => deliverQueue((made) => Object.assign(made, { event_id: `${Object(made).event_id}-eu` })),
  });
  expect(counts.sent).toBe(lost.length - 1);
  expect(await rebuiltIds()).toEqual(lostIds.map((id) => `${id}-eu`));
});

test("an event whose message is among the drafts and among the others is uploaded once", async () => {
  const { history } = auditParts();
  // Nothing documents that a draft which was sent leaves the list of drafts.
  const both: TrialParts["history"] = { listMessages: (range, signal) => history.listMessages(range, signal) };
  expect((await run({ history: both }, false)).sent).toBe(lost.length);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("it stops at a row that the dataflow makes differently, names fields without values, and uploads nothing else", async () => {
  const pauseForRows = () =>
    deliverQueue((made) => ({ ...made, data: { ...made.data, recipient: "secret@example.org" } }));
  const failed = run({ pauseForRows });
  await expect(failed).rejects.toThrow("these fields differ: _acme.customerio.recipient.");
  await expect(failed).rejects.not.toThrow("@example.org");
  expect(await rebuiltIds()).toHaveLength(1);
});

test("after a kill at any call, the next run completes the rows, each of them once", async () => {
  for (let call = 1; ; call += 1) {
    let calls = 0;
    const real = new BatchIngestion(client, flow.dataset);
    const dieAt = async <T>(work: () => Promise<T>): Promise<T> => {
      if (++calls === call) throw new Error("killed");
      const result = await work();
      if (++calls === call) throw new Error("killed");
      return result;
    };
    const ingestion: TrialParts["ingestion"] = {
      create: (...given) => dieAt(() => real.create(...given)),
      upload: (...given) => dieAt(() => real.upload(...given)),
      complete: (...given) => dieAt(() => real.complete(...given)),
      abort: (...given) => dieAt(() => real.abort(...given)),
      revert: (...given) => dieAt(() => real.revert(...given)),
      readState: (...given) => dieAt(() => real.readState(...given)),
    };
    const ended = await run({ ingestion, fileBytes: 1_000 }).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe("killed");
        return false;
      },
    );
    if (ended) break;
  }
  await deliverQueue();
  await audit(auditParts());
  expect(await rebuiltIds()).toEqual(lostIds);
}, 120_000);

/** A run that is killed after Platform has taken the batch, and before it is seen with its rows. */
async function killWhileStaging(without?: string): Promise<void> {
  const ingestion: TrialParts["ingestion"] = new BatchIngestion(client, flow.dataset);
  const { readState } = ingestion;
  let isCompleted = false;
  jest.spyOn(ingestion, "complete").mockImplementation(async (...given) => {
    await BatchIngestion.prototype.complete.apply(ingestion, given);
    isCompleted = true;
  });
  jest.spyOn(ingestion, "readState").mockImplementation(async (...given) => {
    if (isCompleted) throw new Error("killed");
    return readState.apply(ingestion, given);
  });
  await expect(run({ ingestion }, false, without)).rejects.toThrow("killed");
}

async function uploadsOf(): Promise<string[]> {
  const ledger = await openLedger(folder);
  try {
    return await listUploads(ledger);
  } finally {
    ledger.close();
  }
}

/** What a backfill through the relay would put into the queue now, after another audit. */
async function sendByRelay(parts = auditParts()): Promise<number> {
  await audit(parts);
  const ledger = await openLedger(folder);
  const counts: BackfillCounts = { sent: 0, kinds: new Map(), impossible: new Map() };
  try {
    await planBackfill(ledger, undefined);
    await abortLoadingUploads({
      ledger,
      ingestion: new BatchIngestion(client, flow.dataset),
      now: clock,
      pause: async () => undefined,
      signal: parts.signal,
    });
    await sendMissing(
      {
        ...sendingParts(parts, ledger),
        perSecond: 50,
        onWait: () => undefined,
        queue: { enqueue: async (message) => void queued.push(message), count: async () => 0 },
        sleep: async () => undefined,
        signal: parts.signal,
        progress: () => undefined,
      },
      counts,
    );
    return counts.sent;
  } finally {
    ledger.close();
  }
}

test("events in a batch that Platform has not finished are neither missing nor sent again, and the next run waits for it", async () => {
  await platform.plain("POST", "/__local/switches", {}, JSON.stringify({ batchStagingSeconds: 3 * day }));
  await killWhileStaging();
  // For longer than a row may take.
  platform.pass(2 * day);
  const { cells, reasons } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ found: arrived.length, missing: 0, unjudged: lost.length });
  expect(reasons).toEqual([expect.objectContaining({ events: lost.length, isTemporary: true })]);
  expect(await sendByRelay()).toBe(0);
  const counts = await run({ pause: async () => platform.pass(day) }, false);
  expect([counts.sent, [...counts.kinds]]).toEqual([lost.length, [["email sent", lost.length]]]);
  expect(await rebuiltIds()).toEqual(lostIds);
});

async function setState(batch: string | undefined, status: string): Promise<void> {
  const answer = await platform.plain("POST", `/__local/batches/${batch}`, {}, JSON.stringify({ status }));
  expect(answer.status).toBe(204);
}

test("a batch that stays stalled ends the run by itself, its events are not sent again, and the rest is uploaded", async () => {
  await killWhileStaging(String(lost[0]?.data.delivery_id));
  const [batch = ""] = await uploadsOf();
  await setState(batch, "stalled");
  let pauses = 0;
  const pause = async () => {
    pauses += 1;
    platform.pass(60);
  };
  const { sent, stalled } = await run({ pause }, false);
  expect([sent, stalled]).toEqual([1, [batch]]);
  expect(pauses).toBeGreaterThan(28);
  const { cells } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ missing: 0, unjudged: lost.length - 1 });
  expect(await sendByRelay()).toBe(0);
  // The next run does not wait for it once more.
  pauses = 0;
  expect((await run({ pause }, false)).stalled).toEqual([batch]);
  expect(pauses).toBe(0);
  await setState(batch, "staging");
  expect((await run({ pause }, false)).stalled).toEqual([]);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("the run waits for a batch that makes progress again after it was stalled", async () => {
  await killWhileStaging();
  const [batch] = await uploadsOf();
  await setState(batch, "stalled");
  let pauses = 0;
  const pause = async () => {
    platform.pass(60);
    pauses += 1;
    if (pauses === 20) await setState(batch, "retrying");
    if (pauses === 40) await setState(batch, "stalled");
    if (pauses === 60) await setState(batch, "staging");
  };
  const { sent, stalled } = await run({ pause }, false);
  expect([sent, stalled, pauses]).toEqual([lost.length, [], 60]);
});

test("a trial whose batch stays stalled ends with what to do, and its event is sent in no other way", async () => {
  const ingestion = new BatchIngestion(client, flow.dataset);
  jest.spyOn(ingestion, "complete").mockImplementation(async (batch, signal) => {
    await BatchIngestion.prototype.complete.call(ingestion, batch, signal);
    await setState(batch, "stalled");
  });
  const pause = async () => platform.pass(600);
  const words =
    /The batch \w+, with which the backfill tries one event, is stalled: .* Nothing else was uploaded\. Ask Adobe's support/;
  await expect(run({ ingestion, pause })).rejects.toThrow(words);
  // The next run finds it so.
  await expect(run({ pause })).rejects.toThrow(words);
  expect(queued).toEqual([]);
  expect(await sendByRelay()).toBe(lost.length - 1);
});

test("a revert leaves a batch that is stalled, and takes one that Platform refuses for an empty one", async () => {
  await killWhileStaging();
  const [batch = ""] = await uploadsOf();
  await setState(batch, "stalled");
  const ledger = await openLedger(folder);
  const parts = { ledger, ingestion: new BatchIngestion(client, flow.dataset), now: clock };
  const { signal } = new AbortController();
  try {
    const pause = async () => platform.pass(600);
    expect(await revertUpload({ ...parts, pause, signal }, batch)).toBe("stalled");
    expect(await listUploads(ledger)).toEqual([batch]);
    await setState(batch, "retrying");
    expect(await revertUpload({ ...parts, pause: () => setState(batch, "failed"), signal }, batch)).toBe("empty");
    expect(await listUploads(ledger)).toEqual([]);
  } finally {
    ledger.close();
  }
});

test("a batch that arrived after its run was killed is not sent again, even before its rows can be read", async () => {
  await killWhileStaging();
  platform.pass(60);
  const parts = auditParts();
  const [uploaded] = await uploadsOf();
  // As Query Service, which shows rows late, and no counts.
  const late: AuditParts["access"] = {
    async *eachBatch(...given) {
      for await (const batch of parts.access.eachBatch(...given)) yield { ...batch, records: undefined };
    },
    listFiles: async (id, signal) => (id === uploaded ? [] : await parts.access.listFiles(id, signal)),
    download: (...given) => parts.access.download(...given),
  };
  expect(await sendByRelay({ ...parts, access: late })).toBe(0);
  const { cells } = await audit({ ...parts, access: late });
  expect(sumCells(cells)).toMatchObject({ found: arrived.length, missing: 0, young: lost.length });
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("a batch that was not completed is given up when the relay sends its events", async () => {
  const ingestion: TrialParts["ingestion"] = new BatchIngestion(client, flow.dataset);
  jest.spyOn(ingestion, "complete").mockRejectedValue(new Error("killed"));
  await expect(run({ ingestion }, false)).rejects.toThrow("killed");
  expect(await sendByRelay()).toBe(lost.length);
  await deliverQueue();
  // The other way has nothing left to complete.
  expect((await run({}, false)).sent).toBe(0);
  expect(await rebuiltIds()).toEqual(lostIds);
});

test("a revert removes the rows, and an audit of the same folder finds them missing again", async () => {
  await run({}, false);
  expect(await rebuiltIds()).toEqual(lostIds);
  await audit(auditParts());
  const ledger = await openLedger(folder);
  const service = {
    ledger,
    ingestion: new BatchIngestion(client, flow.dataset),
    now: clock,
    pause: async () => undefined,
    signal: new AbortController().signal,
  };
  for (const batch of await listUploads(ledger)) expect(await revertUpload(service, batch)).toBe("reverted");
  ledger.close();
  expect(await rebuiltIds()).toEqual([]);
  const { cells } = await audit(auditParts());
  expect(sumCells(cells)).toMatchObject({ found: arrived.length, missing: lost.length });
  expect((await run({}, false)).sent).toBe(lost.length);
});

test("a batch that Platform refuses leaves no rows, and its events are missing again", async () => {
  const map: TrialParts["map"] = async (records) =>
    records.map((record) => ({ record, row: { _id: "x", _acme: { customerio: { metric: 7 } } }, errors: [] }));
  await expect(run({ map }, false)).rejects.toThrow(/did not accept the batch .*: it is failed \(400\)/);
  expect(await rebuiltIds()).toEqual([]);
  expect((await run({}, false)).sent).toBe(lost.length);
});

test("rows are compared by their values, and null is like an absent field", () => {
  const one = { _id: "1", a: { b: null, c: [1, 2] } };
  expect(differingPaths(one, { _id: "1", a: { c: [1, 2] } })).toEqual([]);
  expect(differingPaths(one, { _id: "1", a: { b: 0, c: [1, 3] } })).toEqual(["a.b", "a.c.1"]);
});
