type Json = { [key: string]: unknown };

/** A row of the dataset in one line for people: when, what, to whom, and what else is set. */
export function showRow(row: Json): string {
  const tenant = Object.keys(row).find((key) => key.startsWith("_") && key !== "_id");
  const fields = ((tenant && (row[tenant] as Json)?.customerio) ?? {}) as Json;
  const { object_type, metric, email, id, timestamp: _seconds, event_id: _id, ...rest } = fields;
  const others = Object.entries(rest)
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([name, value]) => `${name} ${shorten(value)}`);
  const who = [email, id].filter(Boolean).join(" / ") || "somebody unknown";
  return `  ${String(row.timestamp)}  ${String(object_type)} ${String(metric)}  ${who}  (${others.join(", ")})`;
}

function shorten(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 37)}…` : text;
}
