import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type AuditParts, audit, openLedger } from "../../cli/audit/audit.ts";
import type { Ledger } from "../../cli/audit/ledger.ts";
import { type TrialParts, tryOneEvent } from "../../cli/backfill/batch/trial.ts";
import { uploadMissing } from "../../cli/backfill/batch/upload-missing.ts";
import { abortLoadingUploads, listUploads } from "../../cli/backfill/batch/uploads.ts";
import type { BackfillCounts } from "../../cli/backfill/counts.ts";
import { planBackfill, sendMissing } from "../../cli/backfill/send-missing.ts";
import { BatchIngestion } from "../../cli/platform/batch-ingestion.ts";
import { DataAccess } from "../../cli/platform/data-access.ts";
import { readQueueMessage } from "../../cli/relay/queue-message.ts";
import { isObject, type Json, type JsonObject, objectOf } from "../../packages/local-cloud/src/platform/web/json.ts";
import { connectionTo, flowing, Platform, type RunningFlow } from "../../packages/local-cloud/test/platform/harness.ts";
import { AepClient, previewMappings } from "../../packages/pulumi-aep/src/client/index.ts";
import { config } from "../../packages/pulumi-aep/src/config.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { closeWorld, day, happen, type Made, now, openWorld, partsFor, start } from "./audit-world.ts";

/** Three days of messages; every other one never arrived. */
export const recorded: readonly Made[] = Array.from({ length: 24 }, (_, at) =>
  happen(`d${at}`, (at % 3) * day + at, "sent", { recipient: `d${at}@example.org` }),
);
export const arrived = recorded.filter((_, at) => at % 2 === 0);
export const lost = recorded.filter((_, at) => at % 2 === 1);
export const lostIds = lost.map(({ data }) => `customerio-aep-rebuilt-${data.delivery_id}-email-sent`).toSorted();

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
export const whole = [
  { sourceType: "ATTRIBUTE" as const, source: "event_id", destination: "_id" },
  { sourceType: "ATTRIBUTE" as const, source: "relay.occurred_at", destination: "timestamp" },
  ...mappings,
];

/** Platform's stand-in with a dataflow, the folder of the audits, and the relay's queue. */
export const bed = {} as { platform: Platform; flow: RunningFlow; client: AepClient; folder: string; queued: string[] };

/** Gives each test a Customer.io that has recorded all events, and a Platform that has every other one. */
export function useBatchBed(): void {
  beforeEach(async () => {
    bed.queued = [];
    bed.folder = await mkdtemp(path.join(tmpdir(), "batch-backfill-"));
    bed.platform = await Platform.start();
    const { platform } = bed;
    platform.pass((now.getTime() - platform.now) / 1000);
    platform.token = String((await platform.askForToken()).body.access_token);
    bed.flow = await flowing(platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
    bed.client = new AepClient(config.parse(connectionTo(platform.url)), { sleep: async () => undefined });
    await openWorld(recorded);
    for (const made of arrived) await stream(JSON.stringify({ event_id: `live-${made.data.delivery_id}`, ...made }));
  });
  afterEach(async () => {
    await closeWorld();
    await bed.platform.close();
    await rm(bed.folder, { recursive: true });
  });
}

/** What the relay does with an event, and the dataflow after it. */
async function stream(body: string, receivedAt = now.toISOString()): Promise<void> {
  const classified = classifyText(body);
  if (classified.kind === "malformed") throw new Error(classified.reason);
  const record = JSON.parse(enrich(classified, receivedAt)) as JsonObject;
  await bed.platform.send(bed.flow.inletUrl, bed.flow.flow, {
    ...record,
    occurred_at: objectOf(record.relay).occurred_at ?? null,
  });
  await bed.platform.idle();
}

export async function deliverQueue(change: (body: Made) => Made = (made) => made): Promise<void> {
  // A streaming batch of the hour that an audit has read gets no more rows in Platform.
  bed.platform.pass(3600);
  for (const message of bed.queued.splice(0)) {
    const read = readQueueMessage(message);
    if (!read.readable) throw new Error("not readable");
    for (const event of read.events) {
      const body = "body" in event ? String(event.body) : "";
      await stream(JSON.stringify(change(JSON.parse(body) as Made)), event.receivedAt);
    }
  }
}

export const rows = async (): Promise<JsonObject[]> => {
  const all: Json = await bed.platform.rows(bed.flow.dataset);
  return Array.isArray(all) ? all.filter(isObject) : [];
};
export const rebuiltIds = async () =>
  (await rows())
    .flatMap(({ _id }) => (String(_id).startsWith("customerio-aep-rebuilt-") ? [String(_id)] : []))
    .toSorted();

const clock = () => new Date(bed.platform.now);
export const auditParts = (): AuditParts =>
  partsFor(new DataAccess(bed.client, bed.flow.dataset), {
    ingestion: new BatchIngestion(bed.client, bed.flow.dataset),
    folder: bed.folder,
    now: new Date(bed.platform.now),
  });

/** What a backfill of either way needs, after an audit. */
const sendingParts = ({ history }: AuditParts, ledger: Ledger) => ({
  ledger,
  history,
  created: { from: start - day, to: start + 4 * day },
  policy: eventPolicy.parse({}),
  now: clock,
});

export const noCounts = (): BackfillCounts => ({ sent: 0, streamed: 0, kinds: new Map(), impossible: new Map() });

/**
 * One run of the command: an audit, the trial unless it is left out, and the upload.
 *
 * @param options.without a delivery that is not planned
 */
export async function runBackfill(
  more: Partial<TrialParts> = {},
  {
    withTrial = true,
    without,
    counts = noCounts(),
  }: { withTrial?: boolean; without?: string | undefined; counts?: BackfillCounts } = {},
): Promise<BackfillCounts & { readonly stalled: string[] }> {
  const parts = auditParts();
  await audit(parts);
  const ledger = await openLedger(bed.folder);
  try {
    await planBackfill(ledger, undefined);
    if (without !== undefined) await ledger.run(`DELETE FROM planned WHERE delivery = '${without}'`);
    const trial: TrialParts = {
      ...sendingParts(parts, ledger),
      signal: new AbortController().signal,
      map: (records) =>
        previewMappings(bed.client, { schemaId: bed.flow.schema, mappings: whole }, records, trial.signal),
      ingestion: new BatchIngestion(bed.client, bed.flow.dataset),
      pause: async () => bed.platform.pass(1),
      folder: bed.folder,
      access: parts.access,
      progress: () => undefined,
      enqueue: async (message) => void bed.queued.push(message),
      pauseForRows: () => deliverQueue(),
      showWait: (_batch, work) => work,
      showTrial: (work) => work,
      ...more,
    };
    if (withTrial) await tryOneEvent(trial, counts);
    const stalled = await uploadMissing(trial, counts);
    return { ...counts, stalled };
  } finally {
    ledger.close();
  }
}

/** A run that is killed after Platform has taken the batch, and before it is seen with its rows. */
export async function killWhileStaging(without?: string): Promise<void> {
  const ingestion: TrialParts["ingestion"] = new BatchIngestion(bed.client, bed.flow.dataset);
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
  await expect(runBackfill({ ingestion }, { withTrial: false, without })).rejects.toThrow("killed");
}

/** What the commands on uploads need. */
export const uploadParts = (ledger: Ledger) => ({
  ledger,
  ingestion: new BatchIngestion(bed.client, bed.flow.dataset),
  now: clock,
  pause: async () => undefined,
  signal: new AbortController().signal,
});

export async function uploadsOf(): Promise<string[]> {
  const ledger = await openLedger(bed.folder);
  try {
    return await listUploads(ledger);
  } finally {
    ledger.close();
  }
}

/** What a backfill through the relay would put into the queue now, after another audit. */
export async function sendByRelay(parts = auditParts()): Promise<number> {
  await audit(parts);
  const ledger = await openLedger(bed.folder);
  const counts = noCounts();
  try {
    await planBackfill(ledger, undefined);
    await abortLoadingUploads(uploadParts(ledger));
    await sendMissing(
      {
        ...sendingParts(parts, ledger),
        perSecond: 50,
        onWait: () => undefined,
        queue: { enqueue: async (message) => void bed.queued.push(message), count: async () => 0 },
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

export async function setState(batch: string | undefined, status: string): Promise<void> {
  const answer = await bed.platform.plain("POST", `/__local/batches/${batch}`, {}, JSON.stringify({ status }));
  expect(answer.status).toBe(204);
}
