import { dayOf } from "../../relay/core/counts/counts.ts";
import { type CommandTarget, operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { unusual } from "../../relay/core/unusual.ts";
import { customerIoOf, startTimeLimit } from "../clients.ts";
import { formatDuration } from "../output/duration.ts";
import type { Finding } from "../output/finding.ts";
import { type RelayCounts, RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { silenceHoursOf } from "../stack/source-settings.ts";

const hour = 60 * 60 * 1000;

export const sendTest =
  "In Customer.io, open Data & Integrations > Integrations > Reporting Webhooks, open the webhook and press Send test";

/** How a signing key is set that fits Customer.io's calls. */
export function copyKeyAnew(target: CommandTarget): string {
  return (
    "Copy the key again: in Customer.io, Data & Integrations > Integrations > Reporting Webhooks, in the three-dots menu of the webhook, " +
    `choose "Copy signing key". Then: ${pulumiCommand("config set --secret signingKeys", target)} (it asks for the key; a program of your ` +
    `own may read it from another setting), and ${pulumiCommand("up", target)}. Events that Customer.io holds back come then, for 7 days.`
  );
}

/** Whether Customer.io's calls come, and are taken. */
export async function checkCalls(source: StackSource): Promise<Finding> {
  const { id, modifiedAt } = source.resource("customerio:index:ReportingWebhook");
  const [counts, webhook] = await Promise.all([
    RelayTables.open(source).then((tables) => tables.counts()),
    customerIoOf(source).get(Number(id), startTimeLimit()),
  ]);
  return callsFinding({
    ...{ counts, enabled: webhook?.disabled === false, changedAt: modifiedAt, now: new Date(), target: source.target },
    silenceHours: silenceHoursOf(source) ?? unusual.silenceHours,
  });
}

export function callsFinding({
  counts: { days, takenAt, refusedAt },
  enabled,
  changedAt,
  silenceHours,
  now,
  target,
}: {
  counts: Pick<RelayCounts, "days" | "takenAt" | "refusedAt">;
  /** Whether Customer.io is to call. */
  enabled: boolean;
  /** When the webhook was changed last, such as enabled; undefined if that isn't known. */
  changedAt: Date | undefined;
  /** How many hours may pass without a call before that is unusual; 0: any number. */
  silenceHours: number;
  now: Date;
  target: CommandTarget;
}): Finding {
  const today = days.get(dayOf(now));
  const taken = (today?.accepted ?? 0) + (today?.filtered ?? 0) + (today?.setAside ?? 0);
  const refused = today?.refused ?? 0;
  const counted = `Today ${taken} calls were taken, and ${refused} refused.`;
  const last =
    takenAt === undefined ? undefined : `The last call of Customer.io's was taken at ${takenAt.toISOString()}.`;
  const details = [counted, ...(last === undefined ? [] : [last])];
  if (!enabled) return { verdict: "waiting", found: "None is to come: the webhook is disabled.", details };

  // As the alert `refused` has it.
  const refusedSince =
    refusedAt !== undefined &&
    takenAt !== undefined &&
    refusedAt.getTime() - takenAt.getTime() >= unusual.refusedHours * hour;
  const refusedOnly = takenAt === undefined && refused > 0 && taken === 0;
  if (refusedSince || refusedOnly) {
    const since = takenAt === undefined ? "No call was ever taken" : `No call was taken since ${takenAt.toISOString()}`;
    return {
      verdict: "broken",
      found: `${since}, but calls were refused: they don't fit a signing key of the stack. Customer.io holds back all events meanwhile.`,
      details: [counted],
      todo: copyKeyAnew(target),
    };
  }
  const patience = (silenceHours || unusual.silenceHours) * hour;
  if (takenAt === undefined) {
    const waited = changedAt === undefined ? 0 : now.getTime() - changedAt.getTime();
    const prove = `${sendTest}, then: ${operatorCommand("status", target)}`;
    if (waited < patience || silenceHours === 0) {
      return { verdict: "waiting", found: "None has come from Customer.io yet.", details: [counted], todo: prove };
    }
    const found = `None has come from Customer.io since the webhook was changed last, ${formatDuration(waited)} ago, although it is enabled.`;
    return { verdict: "broken", found, details: [counted], todo: prove };
  }
  const silence = now.getTime() - takenAt.getTime();
  if (silenceHours > 0 && silence >= patience) {
    return {
      verdict: "broken",
      found: `None has come from Customer.io for ${formatDuration(silence)}, although the webhook is enabled.`,
      details,
      todo:
        `${sendTest}. If that comes, nothing was sent meanwhile: silenceAlertHours says how long that may be. If it does not, the page ` +
        "shows Customer.io's last tries and their errors.",
    };
  }
  return { verdict: "fine", found: `They come. ${last}`, details: [counted] };
}
