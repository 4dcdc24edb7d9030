import { type Expression, ExpressionParser, type Row } from "./kql-expression.ts";

/** One record of Application Insights, as far as the relay's queries read it. */
export interface LogRecord {
  readonly TimeGenerated: Date;
  readonly [column: string]: unknown;
}

/** Records by their table. */
export type Tables = Readonly<Record<string, readonly LogRecord[]>>;

/**
 * Evaluates a query over given records, in the subset of KQL that the relay's alerts and workbook use: `union isfuzzy=true` of one
 * table, `where`, `extend`, `mv-expand`, `order by`, and `summarize` with `countif`, `sum`, `max` and `maxif`. It has no other operator or
 * function, and fails on anything it doesn't know.
 */
export function runQuery(query: string, tables: Tables, now: Date): readonly Row[] {
  const [source = "", ...steps] = query.split("|").map((step) => step.trim());
  const table = source.replace(/^union isfuzzy=true /, "");
  if (!/^\w+$/.test(table)) throw new Error(`Unknown source: ${source}`);
  return steps.reduce<readonly Row[]>((rows, step) => run(step, rows, now), tables[table] ?? []);
}

function run(step: string, rows: readonly Row[], now: Date): readonly Row[] {
  const [, operator, rest = ""] = step.match(/^([\w-]+)\s+([\s\S]*)$/) ?? [];
  switch (operator) {
    case "where": {
      const condition = new ExpressionParser(rest, now).whole();
      // A null condition is not met.
      return rows.filter((row) => condition(row, rows) === true);
    }
    case "extend": {
      const columns = assignmentsOf(rest, now);
      return rows.map((row) => ({ ...row, ...valuesOf(columns, row, rows) }));
    }
    case "summarize":
      return summarize(rest, rows, now);
    case "mv-expand": {
      const columns = assignmentsOf(rest.replace(/ to typeof\(string\)$/, ""), now);
      return rows.flatMap((row) =>
        columns.flatMap(([name, list]) => (list(row, rows) as unknown[]).map((value) => ({ ...row, [name]: value }))),
      );
    }
    case "order": {
      const [, name = ""] = rest.match(/^by (\w+) asc$/) ?? [];
      if (name === "") throw new Error(`Unknown order: ${rest}`);
      return rows.toSorted((one, other) => Number(one[name]) - Number(other[name]));
    }
    default:
      throw new Error(`Unknown operator: ${step}`);
  }
}

/** One row for each group; without groups one row in any case. */
function summarize(text: string, rows: readonly Row[], now: Date): readonly Row[] {
  const [aggregates = "", by] = text.split(/\s+by\s+/);
  const columns = assignmentsOf(aggregates, now);
  if (by === undefined) return [valuesOf(columns, {}, rows)];
  const keys = assignmentsOf(by, now);
  const groups = Map.groupBy(rows, (row) => JSON.stringify(valuesOf(keys, row, rows)));
  return [...groups.values()].map((group) => ({
    ...valuesOf(keys, group[0] ?? {}, group),
    ...valuesOf(columns, {}, group),
  }));
}

function assignmentsOf(text: string, now: Date): [string, Expression][] {
  const parser = new ExpressionParser(text, now);
  const columns = parser.assignments();
  parser.end();
  return columns;
}

function valuesOf(columns: readonly [string, Expression][], row: Row, group: readonly Row[]): Row {
  return Object.fromEntries(columns.map(([name, value]) => [name, value(row, group)]));
}
