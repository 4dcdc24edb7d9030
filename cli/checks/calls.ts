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

/** What decides whether the calls are as they should be. */
interface CallFacts {
  readonly counts: Pick<RelayCounts, "days" | "takenAt" | "refusedAt">;
  /** Whether the webhook is enabled, so that Customer.io calls. */
  readonly enabled: boolean;
  /** When the webhook was last changed, such as enabled; undefined if unknown. */
  readonly changedAt: Date | undefined;
  /** Hours without a call after which silence is unusual; 0: never. */
  readonly silenceHours: number;
  readonly now: Date;
  readonly target: CommandTarget;
}

export function callsFinding(facts: CallFacts): Finding {
  const { takenAt, refusedAt } = facts.counts;
  const counted = describeToday(facts);
  if (takenAt === undefined) {
    if (!facts.enabled) return disabledFinding([counted]);
    return refusedAt === undefined ? neverCalledFinding(facts, counted) : refusedFinding(facts, counted);
  }
  const last = `The last call from Customer.io was accepted at ${takenAt.toISOString()}.`;
  const details = [counted, last];
  if (!facts.enabled) return disabledFinding(details);
  // The same condition as in the alert `refused`.
  const refusedFor = refusedAt === undefined ? 0 : refusedAt.getTime() - takenAt.getTime();
  if (refusedFor >= unusual.refusedHours * hour) return refusedFinding(facts, counted);
  const silence = facts.now.getTime() - takenAt.getTime();
  if (facts.silenceHours > 0 && silence >= facts.silenceHours * hour) return silentFinding(silence, details);
  if (refusedAt !== undefined && refusedFor > 0) {
    return {
      verdict: "waiting",
      found: `The last one was refused, at ${refusedAt.toISOString()}. Customer.io repeats it, and holds back all later ones.`,
      details,
      todo: `If the signing key was rotated in Customer.io: ${signingKeySteps(facts.target, "signing-key --add")}`,
    };
  }
  return { verdict: "fine", found: `They arrive. ${last}`, details: [counted] };
}

function describeToday({ counts: { days }, now }: CallFacts): string {
  const today = days.get(utcDateOf(now));
  const taken = (today?.accepted ?? 0) + (today?.filtered ?? 0) + (today?.setAside ?? 0);
  const unsigned = today?.unsigned ?? 0;
  const strangers =
    unsigned > 0
      ? ` ${unsigned} of these had neither of Customer.io's headers: they come from strangers, or a gateway removes the headers.`
      : "";
  return `Today the relay accepted ${countOf(taken, "call")} and refused ${today?.refused ?? 0}.${strangers}`;
}

function disabledFinding(details: readonly string[]): Finding {
  return { verdict: "waiting", found: "Customer.io sends none: the webhook is disabled.", details };
}

function refusedFinding({ counts: { takenAt }, target }: CallFacts, counted: string): Finding {
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

function neverCalledFinding({ changedAt, silenceHours, now, target }: CallFacts, counted: string): Finding {
  const waited = changedAt === undefined ? 0 : now.getTime() - changedAt.getTime();
  const prove = `${sendTestStep}, then: ${operatorCommand("status", target)}`;
  if (silenceHours === 0 || waited < silenceHours * hour) {
    return { verdict: "waiting", found: "None has arrived from Customer.io yet.", details: [counted], todo: prove };
  }
  const found = `None has arrived from Customer.io since the webhook was last changed, ${formatDuration(waited)} ago, although it is enabled.`;
  return { verdict: "broken", runbook: "alert-silent", found, details: [counted], todo: prove };
}

function silentFinding(silence: number, details: readonly string[]): Finding {
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
