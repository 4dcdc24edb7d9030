/** Event ids in the logs of sender, relay and Platform. */
export interface EventLogs {
  /** Every event that happened. */
  readonly sent: readonly string[];
  /** Those that the relay answered with 2xx. */
  readonly accepted: readonly string[];
  /** Those that became a row, once for each time that Platform accepted them. */
  readonly delivered: readonly string[];
  readonly dead: readonly string[];
  readonly pending: readonly string[];
  /** Those that the relay's filters left out, as the user asked. */
  readonly suppressed: readonly string[];
}

/** The logs added up. */
export interface Balance {
  readonly sent: number;
  readonly accepted: number;
  /** Distinct events; `duplicates` counts the further deliveries. */
  readonly delivered: number;
  readonly dead: number;
  readonly pending: number;
  readonly suppressed: number;
  readonly duplicates: number;
  /** Accepted, but nowhere. */
  readonly lost: readonly string[];
  /** Somewhere, but never sent. */
  readonly unexpected: readonly string[];
}

/** Conservation: accepted = delivered + dead + pending + suppressed, by id. */
export function balanceOf(logs: EventLogs): Balance {
  const { sent, accepted, delivered, dead, pending, suppressed } = logs;
  const kept = new Set([...delivered, ...dead, ...pending, ...suppressed]);
  const known = new Set(sent);
  const rows = new Set(delivered);
  return {
    sent: known.size,
    accepted: new Set(accepted).size,
    delivered: rows.size,
    dead: new Set(dead).size,
    pending: new Set(pending).size,
    suppressed: new Set(suppressed).size,
    duplicates: delivered.length - rows.size,
    lost: [...new Set(accepted)].filter((id) => !kept.has(id)),
    unexpected: [...kept].filter((id) => !known.has(id)),
  };
}

const columns = ["sent", "accepted", "delivered", "dead", "pending", "suppressed", "duplicates"] as const;

/** One line for each scenario, in columns. */
export function tableOf(rows: readonly { scenario: string; balance: Balance; seconds: number }[]): string {
  const lines = [
    ["scenario", ...columns, "lost", "unexpected", "seconds"],
    ...rows.map(({ scenario, balance, seconds }) => [
      scenario,
      ...columns.map((column) => String(balance[column])),
      String(balance.lost.length),
      String(balance.unexpected.length),
      seconds.toFixed(1),
    ]),
  ];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join("  "),
    )
    .join("\n");
}
