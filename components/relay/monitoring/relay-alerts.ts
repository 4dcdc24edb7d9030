import { operatorCommand } from "../../../relay/core/operator-command.ts";
import { unusual } from "../../../relay/core/unusual.ts";
import { isOutcome, lineField, lineNumber } from "./relay-log.ts";

/** A log query; each row of its result raises an alert. */
export interface RelayAlert {
  readonly description: string;
  /** 1: no events arrive or none are delivered. 2: some are late, or wait for an operator. */
  readonly severity: 1 | 2;
  /** The table that the query reads. */
  readonly table: "AppTraces" | "AppExceptions" | "_LogOperation";
  /** The query after the table, which contains only records of this relay. */
  readonly steps: string;
  /** How far back the query looks, and how often it runs (ISO 8601 durations that Azure's log alerts accept). */
  readonly window: string;
  readonly every: string;
  /** False for an alert on something that can't happen yet. */
  readonly enabled: boolean;
  /**
   * True: Azure resolves the alert once the query finds nothing, and can raise it again after that. False: each
   * evaluation that finds something raises a separate alert, at most one per hour. That is for events that still need
   * attention after the window has passed.
   */
  readonly resolves: boolean;
}

/** The log alerts by name. Each has a section `alert-<name>` in docs/runbooks.md. */
export const relayAlertNames = [
  "dead-letters",
  "held",
  "late",
  "unavailable",
  "refused",
  "silent",
  "untaken",
  "retrying",
  "paused",
  "exceptions",
  "cap",
] as const;
export type RelayAlertName = (typeof relayAlertNames)[number];

/** The relay writes one line of JSON for each outcome; `line` is that line, parsed. */
const ofLines = { table: "AppTraces" } as const;
/** A call from Customer.io was accepted: an operator's test event says nothing about Customer.io. */
const taken =
  `coalesce(${lineNumber("accepted")}, ${lineNumber("filtered")}) > coalesce(${lineNumber("tests")}, 0) ` +
  `or isnotnull(${lineField("setAside")})`;
const soon = { window: "PT5M", every: "PT5M", enabled: true, resolves: true } as const;
const quarter = { ...soon, window: "PT15M" } as const;

/**
 * The alerts on logs. None depends on a line that the broken part would have to write: refused and missing calls are
 * visible in the intake's lines, and a queue that nothing reads in those of the functions that answer HTTP. Whether
 * those answer at all is checked from outside: see `AvailabilityTest` and `MetricAlerts`.
 *
 * @param expectsEvents whether Customer.io's webhook is enabled: before that only strangers call, which needs no alert
 * @param silenceHours how many hours may pass without a call before that is unusual; 0: any number
 */
export function relayAlerts({
  expectsEvents,
  silenceHours,
}: {
  expectsEvents: boolean;
  silenceHours: number;
}): Readonly<Record<RelayAlertName, RelayAlert>> {
  return {
    "dead-letters": {
      ...soon,
      ...ofLines,
      severity: 2,
      resolves: false,
      description: "Events could not be delivered, and are now dead letters. Fix the cause, then replay them.",
      steps: `where ${isOutcome("dead")}`,
    },
    held: {
      ...soon,
      ...ofLines,
      severity: 1,
      description: "The relay holds all events: Platform refuses it (401, 403 or 404), or a setting can't be used.",
      steps: `where ${lineNumber("held")} > 0 and tostring(${lineField("level")}) == "error"`,
    },
    late: {
      ...soon,
      ...ofLines,
      severity: 2,
      // In an outage, up to an hour may pass from one attempt, and so one line, to the next. A shorter window would resolve the alert meanwhile.
      window: "PT2H",
      description:
        "Events have waited for more than an hour while none was delivered, or for more than four hours. Platform is down, or accepts fewer events than arrive.",
      // Delivering a large blast takes more than an hour, which is normal.
      steps: `summarize oldest = maxif(${lineNumber("oldestSeconds")}, TimeGenerated > ago(15m)),
    lateAt = maxif(TimeGenerated, ${lineNumber("oldestSeconds")} > ${unusual.waitSeconds} and coalesce(${lineNumber("delivered")}, 0) == 0),
    deliveredAt = maxif(TimeGenerated, ${lineNumber("delivered")} > 0)
| where oldest > ${4 * unusual.waitSeconds} or lateAt > coalesce(deliveredAt + 15m, ago(2h))`,
    },
    unavailable: {
      ...soon,
      ...ofLines,
      severity: 1,
      enabled: expectsEvents,
      description:
        "The relay could not accept events, so Customer.io holds back all later ones. It repeats the calls for 7 days.",
      steps: `where ${lineNumber("unavailable")} > 0`,
    },
    refused: {
      ...soon,
      ...ofLines,
      severity: 1,
      window: `PT${unusual.refusedHours}H`,
      enabled: expectsEvents,
      description:
        "Calls are refused, and none is accepted. The signing key is probably not Customer.io's. Customer.io repeats the first event and " +
        `holds back all others for 7 days, then gives up. Copy the key again; this command says how: ${operatorCommand("status")}`,
      // Without Customer.io's headers it is a stranger's call, which comes in quiet hours too.
      steps: `summarize refused = sum(${lineNumber("refused")}), unsigned = sum(${lineNumber("unsigned")}), taken = countif(${taken})
| where refused > unsigned and taken == 0`,
    },
    silent: {
      ...ofLines,
      severity: 2,
      resolves: true,
      window: "P2D",
      every: "PT1H",
      enabled: expectsEvents && silenceHours > 0,
      description:
        `Customer.io has not called for ${silenceHours} hours, although the webhook is enabled and there were calls before. ` +
        `${operatorCommand("status")} says what to check. The setting silenceAlertHours changes the time or disables this alert.`,
      steps: `where ${taken}
| summarize lastCall = max(TimeGenerated)
| where lastCall < ago(${silenceHours}h)`,
    },
    untaken: {
      ...quarter,
      ...ofLines,
      severity: 1,
      description:
        "No function takes messages from a queue of the relay. Its events are safe, but none is delivered. " +
        `${operatorCommand("status")} says what to do.`,
      steps: `where ${lineNumber("untakenSeconds")} > 0`,
    },
    retrying: {
      ...quarter,
      ...ofLines,
      severity: 2,
      description: "Platform answers most events with a temporary error (429 or 5xx). The relay retries them.",
      steps: `summarize retried = sum(${lineNumber("retried")}), delivered = sum(${lineNumber("delivered")}),
    paused = sum(${lineNumber("paused")})
| where retried >= 10 and retried > delivered and paused <= delivered`,
    },
    paused: {
      ...quarter,
      ...ofLines,
      severity: 2,
      description:
        "Platform accepts nothing, so the relay only tries from time to time. It delivers the waiting events once Platform is back.",
      steps: `summarize paused = sum(${lineNumber("paused")}), delivered = sum(${lineNumber("delivered")})
| where paused > 0 and paused > delivered`,
    },
    exceptions: {
      ...quarter,
      table: "AppExceptions",
      severity: 2,
      window: "PT30M",
      enabled: expectsEvents,
      description: "The relay's functions keep failing with an unexpected error.",
      // Over at least ten minutes: while the roles of a new app propagate, its host fails for some minutes.
      steps: `summarize early = countif(TimeGenerated < ago(20m)), recent = countif(TimeGenerated > ago(10m))
| where early >= 5 and recent >= 5`,
    },
    cap: {
      ...quarter,
      table: "_LogOperation",
      severity: 1,
      description:
        "The log workspace has reached its daily cap. Until the next day (UTC), no alert that reads logs can be raised.",
      steps: `where Category =~ "Ingestion" and Detail has "OverQuota"`,
    },
  };
}
