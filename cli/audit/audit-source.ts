import { setTimeout as sleep } from "node:timers/promises";
import { daysOfPeriod, pathOf, paths as platformPaths } from "pulumi-aep/client";
import { z } from "zod";
import { pulumiCommand } from "../../relay/core/operator-command.ts";
import { customerIoOf, historyOf, platformOf, startTimeLimit } from "../clients.ts";
import { BatchIngestion } from "../platform/batch-ingestion.ts";
import { DataAccess } from "../platform/data-access.ts";
import { QueryService } from "../platform/query-service.ts";
import { openRelayAccounts } from "../relay/relay-accounts.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import type { StackSource } from "../stack/source.ts";
import { policyOf } from "../stack/source-settings.ts";
import { valuesOf } from "../stack/state.ts";
import type { AuditParts, KeptRows } from "./audit.ts";
import { rowPathsOf } from "./row-paths.ts";
import type { RelaySide } from "./sides/relay-side.ts";
import type { SqlTable } from "./sides/sql-rows.ts";

const mappingSet = z.object({ mappings: z.array(z.object({ source: z.string(), destination: z.string() })) });
const webhookInputs = z.object({ events: z.array(z.string()).optional() });
const datasetAnswer = z.record(
  z.string(),
  z.object({
    tags: z.record(z.string(), z.array(z.string())).nullish(),
    extensions: z
      .object({
        adobe_lakeHouse: z.object({ rowExpiration: z.object({ ttlValue: z.string().nullish() }).nullish() }).nullish(),
      })
      .nullish(),
  }),
);

/**
 * What an audit of a source compares, and with which settings.
 *
 * @param bySql whether the rows are read by Query Service
 */
export async function collectAuditParts(
  source: StackSource,
  bySql: boolean,
  signal: AbortSignal,
): Promise<Omit<AuditParts, "range" | "folder" | "now" | "signal" | "progress">> {
  refuseIncompleteRelay(source);
  const { inputs } = source.resource("customerio:index:ReportingWebhook");
  const found = await findWebhook(source);
  // One that was deleted has sent what the stack says.
  const { events: subscribed } = "gone" in found ? webhookInputs.parse(inputs) : found;
  const filters = source.hasRelay ? policyOf(source).filters : undefined;
  return {
    subject: describeSubject(source),
    history: historyOf(source),
    access: new DataAccess(platformOf(source), source.datasetId),
    ingestion: new BatchIngestion(platformOf(source), source.datasetId),
    table: bySql ? await openTable(source, signal) : undefined,
    paths: rowPathsOf(mappingSet.parse(valuesOf(source.resource("aep:index:MappingSet"))).mappings),
    kept: keptRows((await readDataset(source, signal))?.extensions?.adobe_lakeHouse?.rowExpiration?.ttlValue),
    deadLetters: source.hasRelay ? await RelayStorageAccount.open(source) : undefined,
    relay: source.hasRelay ? await openRelaySide(source) : undefined,
    expectation: { filters, subscribed, ...("gone" in found && { webhookGone: found.gone }) },
  };
}

/**
 * Half a relay may hold events, or have delivered some, that nobody can tell.
 *
 * @throws if the source has the storage of a relay, and not its code
 */
function refuseIncompleteRelay({ hasRelay, hasStorage, name, target }: StackSource): void {
  if (hasRelay || !hasStorage) return;
  throw new Error(
    `The relay of the source ${name} is incomplete: its storage account exists, but not its code, as after an interrupted up or destroy. So ` +
      "nobody can tell which events it has delivered, or still holds. First finish what was interrupted: " +
      `${pulumiCommand("up", target)}, or ${pulumiCommand("destroy", target)}.`,
  );
}

/**
 * The source's webhook. A key belongs to one workspace, and sees only the webhooks of that one.
 *
 * @returns `gone`, with what to do, if the key's workspace does not have it
 */
export async function findWebhook(
  source: StackSource,
): Promise<{ readonly events: readonly string[] } | { readonly gone: string }> {
  const { id } = source.resource("customerio:index:ReportingWebhook");
  const webhook = await customerIoOf(source).get(Number(id), startTimeLimit());
  if (webhook !== undefined) return webhook;
  return {
    gone:
      `The workspace of the App API key has no reporting webhook ${id}. Either the key belongs to another workspace: check ` +
      `customerio:appApiKey. Or the webhook was deleted: ${pulumiCommand("up --refresh", source.target)}.`,
  };
}

/** A source and its dataset in words, the same in each run, however the user names the stack. */
export function describeSubject(source: StackSource): string {
  const { stack, project } = source.home;
  return `the source ${source.name} of the stack ${stack} in the project ${project}, with the dataset ${source.datasetId}`;
}

/** The dataset as a table of Query Service: a tag in Catalog has its name. */
async function openTable(source: StackSource, signal: AbortSignal): Promise<SqlTable> {
  const [name] = (await readDataset(source, signal))?.tags?.["adobe/pqs/table"] ?? [];
  if (name !== undefined) return { service: new QueryService(platformOf(source)), name };
  throw new Error(
    `Catalog names no table of the dataset ${source.datasetId} (tag adobe/pqs/table), so SQL can't read it. Run the audit without --sql.`,
  );
}

/** Days for which Platform keeps a row whatever the dataset's period (Adobe's "Manage Experience Event dataset retention"). */
const leastDays = 30;

/** @param period such as P90D, as Catalog has it */
export function keptRows(period: string | null | undefined): KeptRows | undefined {
  if (!period) return undefined;
  const days = daysOfPeriod(period);
  return days === undefined
    ? { days: leastDays, reason: `the dataset keeps rows for ${period}, which this version can't read` }
    : { days: Math.max(days, leastDays), reason: "the dataset keeps rows for a shorter time" };
}

/** Whether Real-Time Customer Profile takes the dataset's rows (Adobe's "Enable a dataset for Profile"). */
export async function feedsProfile(source: StackSource, signal: AbortSignal): Promise<boolean> {
  const { tags } = (await readDataset(source, signal)) ?? {};
  return tags?.unifiedProfile?.some((value) => value.replaceAll(" ", "") === "enabled:true") ?? false;
}

async function readDataset(source: StackSource, signal: AbortSignal) {
  const purpose = `read the dataset ${source.datasetId}`;
  const call = { method: "GET", path: pathOf(platformPaths.dataSets, source.datasetId), signal, purpose } as const;
  const [dataset] = Object.values(await platformOf(source).call(call, datasetAnswer));
  return dataset;
}

async function openRelaySide(source: StackSource): Promise<RelaySide> {
  return {
    accounts: await openRelayAccounts(source),
    pause: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
  };
}
