import type { FindingVerdict } from "../../output/finding.ts";
import type { CheckedPart } from "../../status/check-all.ts";
import type { RelayReading } from "./reading.ts";

/** A number with its name, as the picture shows it. `undefined` could not be read. */
interface Figure {
  readonly name: string;
  readonly value: number | undefined;
  /** `perMinute` and `milliseconds` are formatted by the page. */
  readonly unit: "count" | "perMinute" | "milliseconds";
}

/** A stage that events pass. */
export interface FlowStage {
  readonly name: string;
  /** The worst of its parts. */
  readonly verdict: FindingVerdict | "unknown";
  /** Its parts in `status`. */
  readonly parts: readonly string[];
  readonly figures: readonly Figure[];
}

const order = ["fine", "unknown", "waiting", "broken"] as const;
/** Milliseconds over which rates are measured: the relay counts with a delay of up to 15 seconds. */
const rateWindow = 60_000;

/**
 * The stages in the order in which events pass them.
 *
 * @param readings the oldest first
 * @param rows rows of the last seven days; undefined: Platform refuses to answer
 */
export function describeFlow(
  readings: readonly RelayReading[],
  parts: readonly CheckedPart[],
  { rows, hasRelay }: { rows: number | undefined; hasRelay: boolean },
): FlowStage[] {
  const now = readings.at(-1);
  const stage = (name: string, ofStage: readonly string[], figures: readonly Figure[]): FlowStage => ({
    name,
    parts: ofStage,
    figures,
    verdict: worst(parts.filter(({ part }) => ofStage.includes(part))),
  });
  const count = (name: string, value: number | undefined): Figure => ({ name, value, unit: "count" });
  const age = (name: string, value: number | undefined): Figure => ({ name, value, unit: "milliseconds" });
  const rate = (of: "accepted" | "delivered"): Figure => ({
    name: "a minute",
    value: rateOf(readings, of),
    unit: "perMinute",
  });
  // A day without a row has no events yet.
  const today = (name: "accepted" | "refused" | "delivered") => now?.total && (now.today?.[name] ?? 0);
  const platform = [
    stage("Platform", ["dataflow", "runs"], hasRelay ? [count("delivered today", today("delivered"))] : []),
    stage("Rows", ["batches", "dataset"], [count("in 7 days", rows)]),
  ];
  if (!hasRelay) return [stage("Customer.io", ["webhook"], []), ...platform];
  return [
    stage(
      "Customer.io",
      ["webhook", "calls"],
      [age("last call", now?.takenAgo), count("refused today", today("refused"))],
    ),
    stage("Intake", ["relay"], [count("accepted today", today("accepted")), rate("accepted")]),
    stage("Queue", ["queue"], [count("messages wait", now?.messages), age("oldest", now?.oldest)]),
    stage("Forwarder", ["dead letters", "balance"], [count("dead letters", now?.deadLetters), rate("delivered")]),
    ...platform,
  ];
}

function worst(parts: readonly CheckedPart[]): FlowStage["verdict"] {
  if (parts.length === 0) return "unknown";
  return parts.reduce<FlowStage["verdict"]>(
    (one, { finding }) => (order.indexOf(finding.verdict) > order.indexOf(one) ? finding.verdict : one),
    "fine",
  );
}

/** Events a minute, over the last minute or as much of it as there is. */
function rateOf(readings: readonly RelayReading[], of: "accepted" | "delivered"): number | undefined {
  const now = readings.at(-1);
  const since = readings.find(({ at, total }) => total && now && now.at - at <= rateWindow);
  if (!now?.total || !since?.total || since === now) return undefined;
  return Math.max(0, ((now.total[of] - since.total[of]) / (now.at - since.at)) * 60_000);
}
