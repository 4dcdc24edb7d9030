import { operatorCommand } from "../../../relay/core/operator-command.ts";
import { unusual } from "../../../relay/core/unusual.ts";
import { isOutcome, lineField, lineNumber, relayLines } from "./relay-log.ts";

/** A log query whose every row is a reason to wake somebody. */
export interface RelayAlert {
  readonly description: string;
  readonly query: string;
  /** How far back a look goes, and how often there is one (ISO 8601 durations that Azure's log alerts take). */
  readonly window: string;
  readonly every: string;
  /** What can't happen yet is not looked for. */
  readonly enabled: boolean;
}

/** The alerts by name. */
export const relayAlertNames = ["dead-letters", "held", "late", "unavailable", "refused", "silent", "untaken"] as const;
type RelayAlertName = (typeof relayAlertNames)[number];

/**
 * The alerts, as queries over the relay's outcomes. None of them waits for a line that the broken part would have
 * to write: refused and missing calls show in the intake's lines, that a queue stands still from those of the
 * functions that answer HTTP. Whether those answer at all is asked from outside: see `AvailabilityTest`.
 *
 * @param expectsEvents whether Customer.io's webhook is enabled: before that only strangers call, and nobody needs an alert about them
 * @param silenceHours how many hours may pass without a call before that is unusual; 0: any number
 */
export function relayAlerts({
  expectsEvents,
  silenceHours,
}: {
  expectsEvents: boolean;
  silenceHours: number;
}): Readonly<Record<RelayAlertName, RelayAlert>> {
  const soon = { window: "PT5M", every: "PT5M", enabled: true };
  return {
    "dead-letters": {
      ...soon,
      description: "Events were refused for good or given up, and wait as dead letters. They can be replayed.",
      query: `${relayLines} | where ${isOutcome("dead")}`,
    },
    held: {
      ...soon,
      description: "Platform refuses the relay (401, 403 or 404): events are held until the dataflow is repaired.",
      query: `${relayLines} | where ${lineNumber("held")} > 0 and SeverityLevel >= 3`,
    },
    late: {
      ...soon,
      description: "Events wait for more than an hour: Platform is away, or takes less than comes in.",
      query: `${relayLines} | where ${lineNumber("oldestSeconds")} > ${unusual.waitSeconds}`,
    },
    unavailable: {
      ...soon,
      enabled: expectsEvents,
      description: "The relay could not take events, so Customer.io holds back all that follow.",
      query: `${relayLines} | where ${lineNumber("unavailable")} > 0`,
    },
    refused: {
      ...soon,
      enabled: expectsEvents,
      window: `PT${unusual.refusedHours}H`,
      description:
        "Calls are refused and none is accepted: most likely the signing key is not Customer.io's. Customer.io repeats the first event and " +
        `holds back all others for 7 days, then gives them up. Copy the key anew: ${operatorCommand("status")} says how.`,
      query: `${relayLines}
| summarize refused = countif(${lineNumber("refused")} > 0),
    taken = countif(${lineNumber("accepted")} > 0 or ${lineNumber("filtered")} > 0 or isnotnull(${lineField("setAside")}))
| where refused > 0 and taken == 0`,
    },
    silent: {
      window: "P2D",
      every: "PT1H",
      enabled: expectsEvents && silenceHours > 0,
      description:
        `No call has come from Customer.io for ${silenceHours} hours, although the webhook is enabled and calls came before. ` +
        `${operatorCommand("status")} says what to look at; silenceAlertHours sets the time, or switches this off.`,
      query: `${relayLines}
| where ${lineNumber("accepted")} > 0 or ${lineNumber("filtered")} > 0 or isnotnull(${lineField("setAside")})
| summarize last = max(TimeGenerated)
| where last < ago(${silenceHours}h)`,
    },
    untaken: {
      ...soon,
      window: "PT15M",
      description:
        "Nobody takes messages from a queue of the relay: its function does not run. Events are safe, but none is delivered. " +
        `${operatorCommand("status")} says what to do.`,
      query: `${relayLines} | where ${lineNumber("untakenSeconds")} > 0`,
    },
  };
}
