import type { Operation } from "pulumi-provider-kit";
import { lookLasts, type WantedConfiguration } from "../../core/delivery/queue-marks.ts";
import { longestRequest } from "../../core/delivery/time-limits.ts";
import type { AzureClient } from "../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../client/patience.ts";
import { queueIsGone } from "./refusal.ts";
import { askHealth } from "./relay-health.ts";

/** Milliseconds after which no instance with other than the marked settings sends events. */
const handoverTime = lookLasts + longestRequest + 500;
const gonePace: CheckPace = { pauses: [1_000, 2_000, 3_000], limit: 10 * 60_000 };

/** A relay and the settings that its instances should have. */
interface RelaySettings {
  readonly hostName: string;
  readonly healthPath: string;
  readonly configuration?: string | undefined;
  readonly queueId?: string | undefined;
}

/**
 * Stops every instance that still has former settings. Azure ends instances some time after a change, but the targets of the former
 * settings may be deleted as soon as this resource is done. Returns what is still missing at the end, if anything.
 */
export async function handOver(
  operation: Operation<AzureClient>,
  values: RelaySettings,
  olds: Pick<RelaySettings, "configuration"> | undefined,
): Promise<string | undefined> {
  const { client, signal, progress } = operation;
  const { queueId, configuration } = values;
  if (queueId === undefined || configuration === undefined) return undefined;
  const marked = await client.markQueue(queueId, (since) => ({ wanted: { configuration, since } }), signal);
  if (marked === undefined) return `its instances could not be informed of their settings. ${queueIsGone(queueId)}`;
  if (mayHaveFormer(configuration, olds, marked.before.wanted, marked.now)) {
    progress("waiting until no instance uses the former settings");
    await client.clock.sleep(handoverTime, signal);
  }
  // An earlier version's code ignores the mark, but reports its settings.
  const gone = await checkPatiently(operation, gonePace, () => checkEarlierVersions(operation, values));
  return "done" in gone
    ? undefined
    : `instances of its earlier version still work ${gone.gaveUp}. Then run: npx pulumi up`;
}

/**
 * Whether instances with former settings may still send. They can't if the relay is new and was never marked, or if it was marked with
 * these settings long enough ago. The age matters because an `up` that was killed during the wait leaves the mark.
 */
function mayHaveFormer(
  configuration: string,
  olds: Pick<RelaySettings, "configuration"> | undefined,
  wanted: WantedConfiguration | undefined,
  now: Date,
): boolean {
  if (olds === undefined) return wanted !== undefined;
  const isSame = olds.configuration === configuration && wanted?.configuration === configuration;
  return !isSame || now.getTime() - wanted.since.getTime() < handoverTime;
}

async function checkEarlierVersions(
  { client, signal }: Operation<AzureClient>,
  values: RelaySettings,
): Promise<Check<true>> {
  const url = `https://${values.hostName}${values.healthPath}`;
  const health = await askHealth(client, url, signal);
  if ("failure" in health) return { notYet: health.failure, detail: health.detail };
  const earlier = health.forwarders[""] ?? 0;
  return earlier === 0 ? { done: true } : { notYet: "waiting for instances with the earlier version's code to end" };
}
