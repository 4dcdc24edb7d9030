import { type CommandTarget, operatorCommand } from "../../relay/core/operator-command.ts";
import { unusual } from "../../relay/core/unusual.ts";
import { utcDateOf } from "../../relay/core/zoned-time.ts";
import { customerIoOf, startTimeLimit } from "../clients.ts";
import { countOf } from "../output/count-of.ts";
import { formatDuration } from "../output/duration.ts";
import type { Finding } from "../output/finding.ts";
import type { RelayCounts } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { silenceHoursOf } from "../stack/source-settings.ts";
import type { SharedAnswers } from "./shared-answers.ts";

const hour = 60 * 60 * 1000;

export const sendTestStep =
  "In Customer.io, open Data & Integrations > Integrations > Reporting Webhooks, open the webhook and press Send test";

/** Steps to set the signing key that Customer.io signs with. @param command `signing-key --add` keeps the keys that the stack has */
export function signingKeySteps(target: CommandTarget, command = "signing-key"): string {
  return (
    "Copy the signing key: in Customer.io, Data & Integrations > Integrations > Reporting Webhooks, in the three-dots menu of the webhook, " +
    `choose "Copy signing key". Then: ${operatorCommand(command, target)}. It asks for the key, stores it, and waits for a test event. ` +
    "Customer.io then sends the events that it has held back, for up to 7 days."
  );
}

/** Checks whether Customer.io calls, and whether the relay accepts the calls. */
export async function checkCalls(source: StackSource, answers: SharedAnswers): Promise<Finding> {
  const { id, modifiedAt } = source.resource("customerio:index:ReportingWebhook");
  const [counts, webhook] = await Promise.all([
    answers.counts(),
    customerIoOf(source).get(Number(id), startTimeLimit()),
  ]);
  return callsFinding({
    counts,
    enabled: webhook?.disabled === false,
    changedAt: modifiedAt,
    now: new Date(),
    target: source.target,
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
  /** Whether the webhook is enabled, so that Customer.io calls. */
  enabled: boolean;
  /** When the webhook was last changed, such as enabled; undefined if unknown. */
  changedAt: Date | undefined;
  /** Hours without a call after which silence is unusual; 0: never. */
  silenceHours: number;
  now: Date;
  target: CommandTarget;
}): Finding {
  const today = days.get(utcDateOf(now));
  const taken = (today?.accepted ?? 0) + (today?.filtered ?? 0) + (today?.setAside ?? 0);
  const refused = today?.refused ?? 0;
  const unsigned = today?.unsigned ?? 0;
  const strangers =
    unsigned > 0
      ? ` ${unsigned} of these had neither of Customer.io's headers: they come from strangers, or a gateway removes the headers.`
      : "";
  const counted = `Today the relay accepted ${countOf(taken, "call")} and refused ${refused}.${strangers}`;
  const last =
    takenAt === undefined ? undefined : `The last call from Customer.io was accepted at ${takenAt.toISOString()}.`;
  const details = [counted, ...(last === undefined ? [] : [last])];
  if (!enabled) return { verdict: "waiting", found: "Customer.io sends none: the webhook is disabled.", details };

  // The same condition as in the alert `refused`.
  const refusedSince =
    refusedAt !== undefined &&
    takenAt !== undefined &&
    refusedAt.getTime() - takenAt.getTime() >= unusual.refusedHours * hour;
  const refusedOnly = takenAt === undefined && refusedAt !== undefined;
  if (refusedSince || refusedOnly) {
    const since =
      takenAt === undefined
        ? "No call has been accepted yet"
        : `No call has been accepted since ${takenAt.toISOString()}`;
    return {
      verdict: "broken",
      runbook: "alert-refused",
      found: `${since}, but calls were refused: their signatures match no signing key of the stack. Meanwhile Customer.io holds back all events.`,
      details: [counted],
      todo: signingKeySteps(target),
    };
  }
  const patience = (silenceHours || unusual.silenceHours) * hour;
  if (takenAt === undefined) {
    const waited = changedAt === undefined ? 0 : now.getTime() - changedAt.getTime();
    const prove = `${sendTestStep}, then: ${operatorCommand("status", target)}`;
    if (waited < patience || silenceHours === 0) {
      return { verdict: "waiting", found: "None has arrived from Customer.io yet.", details: [counted], todo: prove };
    }
    const found = `None has arrived from Customer.io since the webhook was last changed, ${formatDuration(waited)} ago, although it is enabled.`;
    return { verdict: "broken", runbook: "alert-silent", found, details: [counted], todo: prove };
  }
  const silence = now.getTime() - takenAt.getTime();
  if (silenceHours > 0 && silence >= patience) {
    return {
      verdict: "broken",
      runbook: "alert-silent",
      found: `None has arrived from Customer.io for ${formatDuration(silence)}, although the webhook is enabled.`,
      details,
      todo:
        `${sendTestStep}. If it arrives, Customer.io had nothing to send: raise silenceAlertHours. If it does not, the page ` +
        "shows Customer.io's last attempts and their errors.",
    };
  }
  if (refusedAt !== undefined && refusedAt.getTime() > takenAt.getTime()) {
    return {
      verdict: "waiting",
      found: `The last one was refused, at ${refusedAt.toISOString()}. Customer.io repeats it, and holds back all later ones.`,
      details,
      todo: `If the signing key was rotated in Customer.io: ${signingKeySteps(target, "signing-key --add")}`,
    };
  }
  return { verdict: "fine", found: `They arrive. ${last}`, details: [counted] };
}
