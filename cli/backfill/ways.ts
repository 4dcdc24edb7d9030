import { setTimeout as sleep } from "node:timers/promises";
import { previewMappings } from "pulumi-aep/client";
import { operatorCommand } from "../../relay/core/operator-command.ts";
import type { AuditParts } from "../audit/audit.ts";
import type { Ledger } from "../audit/ledger.ts";
import { platformOf } from "../clients.ts";
import type { Progress } from "../output/progress.ts";
import { BatchIngestion } from "../platform/batch-ingestion.ts";
import { mappingDraftOf } from "../preview/mapping-draft.ts";
import { RelayQueues } from "../relay/relay-queues.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import type { StackSource } from "../stack/source.ts";
import { policyOf } from "../stack/source-settings.ts";
import { type TrialParts, tryOneEvent } from "./batch/trial.ts";
import { uploadMissing } from "./batch/upload-missing.ts";
import { abortLoadingUploads, type UploadService } from "./batch/uploads.ts";
import type { BackfillCounts } from "./counts.ts";
import { mostWaiting, sendMissing } from "./send-missing.ts";

/** Milliseconds between two checks of a batch's state, and of the dataset for streamed rows. */
const [statePause, rowsPause] = [10_000, 60_000];

/** What both ways need. */
export interface BackfillRun {
  readonly source: StackSource;
  readonly parts: AuditParts;
  readonly ledger: Ledger;
  /** Events a second at most, through the relay. */
  readonly rate: number;
  /** Unix seconds of the newest planned event. */
  readonly newest: number;
  readonly signal: AbortSignal;
  /** Shows how many events are done. */
  readonly show: (done: number) => void;
  /** Prints a line for people. */
  readonly print: (line: string) => void;
  readonly progress: Pick<Progress, "showWhile">;
}

/** Sends the planned events through the relay's own queue. A batch that an earlier run did not complete is given up for that. */
export async function sendThroughRelay(run: BackfillRun, counts: BackfillCounts): Promise<void> {
  const { source, ledger, rate, signal, show, print } = run;
  await abortLoadingUploads(uploadServiceOf(source, ledger, signal));
  const [storage, queues] = await Promise.all([RelayStorageAccount.open(source), RelayQueues.open(source)]);
  let isTold = false;
  await sendMissing(
    {
      ...commonParts(run),
      perSecond: rate,
      onWait: (messages) => {
        if (!isTold) print(waitWords(messages, source));
        isTold = true;
      },
      queue: { enqueue: (message) => storage.enqueue(message), count: () => queues.count() },
      sleep: (milliseconds) => pause(milliseconds, signal),
      progress: ({ sent }) => show(sent),
    },
    counts,
  );
}

function waitWords(messages: number, { target }: StackSource): string {
  return (
    `About ${messages} messages wait in the relay's queue. The backfill sends only while there are fewer than ${mostWaiting}. If that ` +
    `takes long: ${operatorCommand("status", target)}`
  );
}

/** Tries one event both ways, and uploads the planned events as a batch. @returns the batches that are stalled */
export async function uploadAsBatch(run: BackfillRun, counts: BackfillCounts): Promise<string[]> {
  const { source, parts, signal, show, print, progress } = run;
  const storage = await RelayStorageAccount.open(source);
  const draft = mappingDraftOf(source);
  const upload = {
    ...commonParts(run),
    ...uploadServiceOf(source, run.ledger, signal),
    map: (records: Parameters<typeof previewMappings>[2]) =>
      previewMappings(platformOf(source), draft, records, signal),
    folder: parts.folder,
    progress: show,
    showWait: <T>(batch: string, work: Promise<T>) => {
      print(`Platform processes the batch ${batch}. Large ones take hours.`);
      return progress.showWhile(`waiting for the batch ${batch}`, work);
    },
  };
  const trial: TrialParts = {
    ...upload,
    access: parts.access,
    enqueue: (message) => storage.enqueue(message),
    pauseForRows: () => pause(rowsPause, signal),
    showTrial: (work) => {
      print("One event was sent both ways. Waiting for both of its rows, which may take an hour.");
      return progress.showWhile("waiting for both rows of the trial", work);
    },
  };
  await tryOneEvent(trial, counts);
  return await uploadMissing(upload, counts);
}

export function uploadServiceOf(source: StackSource, ledger: Ledger, signal: AbortSignal): UploadService {
  const ingestion = new BatchIngestion(platformOf(source), source.datasetId);
  return { ledger, ingestion, pause: () => pause(statePause, signal), now: () => new Date(), signal };
}

function commonParts({ source, parts, ledger, newest, signal }: BackfillRun) {
  return {
    ledger,
    history: parts.history,
    policy: policyOf(source),
    signal,
    created: { from: parts.range.createdFrom, to: newest + 1 },
    now: () => new Date(),
  };
}

/** Waits; returns early after Ctrl-C. */
function pause(milliseconds: number, signal: AbortSignal): Promise<unknown> {
  return sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
