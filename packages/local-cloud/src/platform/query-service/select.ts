import { QueryRefusal } from "./messages.ts";

/** The most that a query may name as its limit. */
const mostLimit = 100_000;

/** Texts, quoted names and comments, which are not changed; names joined by dots; single names in back quotes. */
const parts =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|((?:[A-Za-z_]\w*|`[^`]+`)(?:\.(?:[A-Za-z_]\w*|`[^`]+`))+)|`([^`]+)`/g;

/**
 * A query of Query Service as PostgreSQL understands it: there, `_acme.customerio.metric` is a field in a field of a column.
 *
 * @param nested the columns with fields
 * @param mostRows returned by an interactive query, whatever it asks for
 * @throws QueryRefusal for anything but one SELECT
 */
export function translateQuery(sql: string, nested: ReadonlySet<string>, mostRows: number): string {
  const text = sql.trim().replace(/;\s*$/, "");
  const bare = text.replaceAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"/g, "''");
  if (!/^(SELECT|WITH)\b/i.test(text) || bare.includes(";")) {
    throw new QueryRefusal("0A000", "Only one SELECT is supported: the organization has ad hoc queries only");
  }
  if (Number(bare.match(/\bLIMIT\s+(\d+)\s*$/i)?.[1] ?? 0) > mostLimit) {
    throw new QueryRefusal("53400", `The LIMIT exceeds the maximum of ${mostLimit}`);
  }
  const translated = text.replaceAll(parts, (found, chain?: string, quoted?: string) => {
    if (quoted !== undefined) return quoteName(quoted);
    return chain === undefined ? found : translateChain(chain, nested);
  });
  return `SELECT * FROM (${translated}\n) AS ad_hoc LIMIT ${mostRows}`;
}

function translateChain(chain: string, nested: ReadonlySet<string>): string {
  const names = [...chain.matchAll(/`([^`]+)`|\w+/g)].map(([name, quoted]) => (quoted ? quoteName(quoted) : name));
  const plain = names.map((name) => name.replaceAll('"', "").toLowerCase());
  // A column, or a column of a table that has another name in the query.
  const column = [0, 1].find((index) => nested.has(plain[index] ?? ""));
  if (column === undefined) return names.join(".");
  const head = names.slice(0, column + 1).join(".");
  return names.slice(column + 1).reduce((inner, name) => `(${inner}).${name}`, head);
}

/** Names are the same in any case. */
export function quoteName(name: string): string {
  return `"${name.toLowerCase().replaceAll('"', '""')}"`;
}
