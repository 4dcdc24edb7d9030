/** One record of Application Insights, as far as the relay's queries read it. */
export interface LogRecord {
  readonly TimeGenerated: Date;
  readonly [column: string]: unknown;
}

/** Records by their table. */
export type Tables = Readonly<Record<string, readonly LogRecord[]>>;

type Row = Readonly<Record<string, unknown>>;
type Expression = (row: Row) => unknown;
type Token = { readonly kind: "name" | "number" | "text" | "duration" | "sign"; readonly text: string };

/**
 * Evaluates a query over given records, in the subset of KQL that the relay's alerts use: `union isfuzzy=true` of one
 * table, `where`, `extend`, and `summarize` with `countif`, `sum` and `max`. It has no other operator or function, and fails on anything it
 * doesn't know.
 */
export function runQuery(query: string, tables: Tables, now: Date): readonly Row[] {
  const [source = "", ...steps] = query.split("|").map((step) => step.trim());
  const table = source.replace(/^union isfuzzy=true /, "");
  if (!/^\w+$/.test(table)) throw new Error(`Unknown source: ${source}`);
  return steps.reduce<readonly Row[]>((rows, step) => run(step, rows, now), tables[table] ?? []);
}

function run(step: string, rows: readonly Row[], now: Date): readonly Row[] {
  const [, operator, rest = ""] = step.match(/^(\w+)\s+([\s\S]*)$/) ?? [];
  const parser = new Parser(tokensOf(rest), now);
  switch (operator) {
    case "where": {
      const condition = parser.whole();
      // A null condition is not met.
      return rows.filter((row) => condition(row) === true);
    }
    case "extend": {
      const columns = parser.assignments();
      return rows.map((row) => ({ ...row, ...Object.fromEntries(columns.map(([name, value]) => [name, value(row)])) }));
    }
    case "summarize": {
      const columns = parser.aggregates();
      return [Object.fromEntries(columns.map(([name, aggregate]) => [name, aggregate(rows)]))];
    }
    default:
      throw new Error(`Unknown operator: ${step}`);
  }
}

function tokensOf(text: string): Token[] {
  const pattern = /\s*(?:(\d+[hmd]\b)|(\d+)|"([^"]*)"|([A-Za-z_]\w*)|(==|=~|!=|>=|<=|[><=(),.]))/gy;
  const tokens: Token[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    const [whole, duration, number, quoted, name, sign] = found;
    end = found.index + whole.length;
    if (duration !== undefined) tokens.push({ kind: "duration", text: duration });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (quoted !== undefined) tokens.push({ kind: "text", text: quoted });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else tokens.push({ kind: "sign", text: sign ?? "" });
  }
  if (text.slice(end).trim() !== "") throw new Error(`Not understood: ${text.slice(end)}`);
  return tokens;
}

class Parser {
  readonly #tokens: Token[];
  readonly #now: Date;

  constructor(tokens: Token[], now: Date) {
    this.#tokens = tokens;
    this.#now = now;
  }

  whole(): Expression {
    const expression = this.#or();
    if (this.#tokens.length > 0) throw new Error(`Not understood: ${this.#tokens.map(({ text }) => text).join(" ")}`);
    return expression;
  }

  assignments(): [string, Expression][] {
    return this.#list(() => {
      const name = this.#name();
      this.#expect("=");
      return [name, this.#or()];
    });
  }

  aggregates(): [string, (rows: readonly Row[]) => unknown][] {
    return this.#list(() => {
      const name = this.#name();
      this.#expect("=");
      const aggregate = this.#name();
      this.#expect("(");
      const inner = this.#or();
      this.#expect(")");
      if (aggregate === "countif") return [name, (rows) => rows.filter((row) => inner(row) === true).length];
      if (aggregate === "sum") return [name, (rows) => rows.reduce((sum, row) => sum + Number(inner(row) ?? 0), 0)];
      if (aggregate === "max") return [name, (rows) => rows.map(inner).reduce(later, null)];
      throw new Error(`Unknown aggregate: ${aggregate}`);
    });
  }

  #list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.#take(",")) items.push(item());
    if (this.#tokens.length > 0) throw new Error(`Not understood: ${this.#tokens.map(({ text }) => text).join(" ")}`);
    return items;
  }

  #or(): Expression {
    const parts = [this.#and()];
    while (this.#take("or")) parts.push(this.#and());
    return parts.length === 1 ? (parts[0] as Expression) : (row) => parts.some((part) => part(row) === true);
  }

  #and(): Expression {
    const parts = [this.#comparison()];
    while (this.#take("and")) parts.push(this.#comparison());
    return parts.length === 1 ? (parts[0] as Expression) : (row) => parts.every((part) => part(row) === true);
  }

  #comparison(): Expression {
    const left = this.#operand();
    for (const sign of ["==", "=~", "!=", ">=", "<=", ">", "<", "startswith", "has"]) {
      if (!this.#take(sign)) continue;
      const right = this.#operand();
      return (row) => compare(sign, left(row), right(row));
    }
    return left;
  }

  #operand(): Expression {
    if (this.#take("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens.shift();
    if (token?.kind === "number") return () => Number(token.text);
    if (token?.kind === "text") return () => token.text;
    if (token?.kind !== "name") throw new Error(`Not understood: ${token?.text}`);
    if (token.text === "ago") return this.#ago();
    if (this.#take("(")) {
      const inner = this.#or();
      this.#expect(")");
      return this.#call(token.text, inner);
    }
    if (!this.#take(".")) return (row) => column(row, token.text);
    const property = this.#name();
    return (row) => {
      const value = column(row, token.text);
      return typeof value === "object" && value !== null ? ((value as Row)[property] ?? null) : null;
    };
  }

  #ago(): Expression {
    this.#expect("(");
    const [, count, unit = ""] = this.#tokens.shift()?.text.match(/^(\d+)([hmd])$/) ?? [];
    this.#expect(")");
    const milliseconds = { h: 3_600_000, m: 60_000, d: 86_400_000 }[unit];
    if (milliseconds === undefined) throw new Error("ago() takes a duration such as 1h.");
    return () => new Date(this.#now.getTime() - Number(count) * milliseconds);
  }

  #call(name: string, inner: Expression): Expression {
    switch (name) {
      case "toint":
        return (row) => {
          const value = inner(row);
          const number = value === null || value === "" ? Number.NaN : Number(value);
          return Number.isNaN(number) ? null : Math.trunc(number);
        };
      case "tostring":
        return (row) => String(inner(row) ?? "");
      case "isnotnull":
        return (row) => (inner(row) ?? null) !== null;
      case "isnotempty":
        return (row) => String(inner(row) ?? "") !== "";
      case "parse_json":
        return (row) => {
          try {
            return JSON.parse(String(inner(row)));
          } catch {
            return null;
          }
        };
      default:
        throw new Error(`Unknown function: ${name}`);
    }
  }

  #take(text: string): boolean {
    const [next] = this.#tokens;
    if (next?.text !== text || next.kind === "text") return false;
    this.#tokens.shift();
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw new Error(`"${text}" is missing before ${this.#tokens[0]?.text}`);
  }

  #name(): string {
    const token = this.#tokens.shift();
    if (token?.kind !== "name") throw new Error(`A name is missing before ${token?.text}`);
    return token.text;
  }
}

function column(row: Row, name: string): unknown {
  if (!(name in row)) throw new Error(`There is no column ${name}.`);
  return row[name];
}

/** Null with anything is null, which is neither true nor false. */
function compare(sign: string, left: unknown, right: unknown): boolean | null {
  if (left === null || right === null || left === undefined || right === undefined) return null;
  const [a, b] = [left, right].map((value) => (value instanceof Date ? value.getTime() : value)) as [number, number];
  switch (sign) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case ">":
      return a > b;
    case "<":
      return a < b;
    case ">=":
      return a >= b;
    case "<=":
      return a <= b;
    case "=~":
      return String(left).toLowerCase() === String(right).toLowerCase();
    case "has":
      return new RegExp(`\\b${right}\\b`, "i").test(String(left));
    default:
      return String(left).toLowerCase().startsWith(String(right).toLowerCase());
  }
}

function later(one: unknown, other: unknown): unknown {
  return one === null || (other as Date) > (one as Date) ? other : one;
}
