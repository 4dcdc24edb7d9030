export type Row = Readonly<Record<string, unknown>>;

/** A value of a row; aggregates take it from a group of rows. */
export type Expression = (row: Row, group: readonly Row[]) => unknown;

type Token = { readonly kind: "name" | "number" | "text" | "duration" | "sign"; readonly text: string };

function tokensOf(text: string): Token[] {
  const pattern = /\s*(?:(\d+[hmd]\b)|(\d+(?:\.\d+)?)|"([^"]*)"|([A-Za-z_]\w*)|(==|=~|!=|>=|<=|[><=(),.*/+[\]]))/gy;
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

/** Reads the part of a step that follows its operator. */
export class ExpressionParser {
  readonly #tokens: Token[];
  readonly #now: Date;

  constructor(text: string, now: Date) {
    this.#tokens = tokensOf(text);
    this.#now = now;
  }

  whole(): Expression {
    const expression = this.#or();
    this.end();
    return expression;
  }

  /** `name = expression, …`. A name can be left out of what ends with the column that it is called after: `bin(TimeGenerated, 1h)`. */
  assignments(): [string, Expression][] {
    const items: [string, Expression][] = [];
    do {
      if (this.#tokens[1]?.text === "=") {
        const name = this.name();
        this.#expect("=");
        items.push([name, this.#or()]);
      } else {
        const column = this.#tokens.find(({ kind, text }) => kind === "name" && text !== "bin");
        items.push([column?.text ?? "", this.#or()]);
      }
    } while (this.take(","));
    return items;
  }

  #or(): Expression {
    const parts = [this.#and()];
    while (this.take("or")) parts.push(this.#and());
    return parts.length === 1 ? (parts[0] as Expression) : (...of) => parts.some((part) => part(...of) === true);
  }

  #and(): Expression {
    const parts = [this.#comparison()];
    while (this.take("and")) parts.push(this.#comparison());
    return parts.length === 1 ? (parts[0] as Expression) : (...of) => parts.every((part) => part(...of) === true);
  }

  #comparison(): Expression {
    const left = this.#sum();
    for (const sign of ["==", "=~", "!=", ">=", "<=", ">", "<", "startswith", "has"]) {
      if (!this.take(sign)) continue;
      const right = this.#sum();
      return (...of) => compare(sign, left(...of), right(...of));
    }
    return left;
  }

  /** A time and a duration, or null if either is. */
  #sum(): Expression {
    const left = this.#product();
    if (!this.take("+")) return left;
    const right = this.#product();
    return (...of) => {
      const [time, duration] = [left(...of), right(...of)];
      return time instanceof Date && typeof duration === "number" ? new Date(time.getTime() + duration) : null;
    };
  }

  #product(): Expression {
    let product = this.#operand();
    for (;;) {
      const sign = ["*", "/"].find((one) => this.take(one));
      if (sign === undefined) return product;
      const [left, right] = [product, this.#operand()];
      product = (...of) =>
        sign === "*" ? Number(left(...of)) * Number(right(...of)) : Number(left(...of)) / Number(right(...of));
    }
  }

  #operand(): Expression {
    if (this.take("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    const token = this.#tokens.shift();
    if (token?.kind === "number") return () => Number(token.text);
    if (token?.kind === "text") return () => token.text;
    if (token?.kind === "duration") return () => millisecondsOf(token.text);
    if (token?.kind !== "name") throw new Error(`Not understood: ${token?.text}`);
    if (this.take("(")) {
      const inner: Expression[] = [];
      while (!this.take(")")) {
        inner.push(this.#or());
        this.take(",");
      }
      return this.#call(token.text, inner);
    }
    if (this.take("[")) {
      const key = this.#or();
      this.#expect("]");
      return (row, group) => property(column(row, token.text), String(key(row, group)));
    }
    if (!this.take(".")) return (row) => column(row, token.text);
    const key = this.name();
    return (row) => property(column(row, token.text), key);
  }

  #call(name: string, inner: readonly Expression[]): Expression {
    const aggregate = aggregates[name];
    if (aggregate !== undefined) {
      return (_row, group) => aggregate(group.map((row) => inner.map((value) => value(row, group))));
    }
    if (name === "ago") return (...of) => new Date(this.#now.getTime() - Number(inner[0]?.(...of)));
    const scalar = scalars[name];
    if (scalar === undefined) throw new Error(`Unknown function: ${name}`);
    return (...of) => scalar(...inner.map((value) => value(...of)));
  }

  take(text: string): boolean {
    const [next] = this.#tokens;
    if (next?.text !== text || next.kind === "text") return false;
    this.#tokens.shift();
    return true;
  }

  /** Fails if anything is left. */
  end(): void {
    if (this.#tokens.length > 0) throw new Error(`Not understood: ${this.#tokens.map(({ text }) => text).join(" ")}`);
  }

  #expect(text: string): void {
    if (!this.take(text)) throw new Error(`"${text}" is missing before ${this.#tokens[0]?.text}`);
  }

  name(): string {
    const token = this.#tokens.shift();
    if (token?.kind !== "name") throw new Error(`A name is missing before ${token?.text}`);
    return token.text;
  }
}

/** By name; each takes the values of its arguments for every row. */
const aggregates: Readonly<Record<string, (rows: readonly (readonly unknown[])[]) => unknown>> = {
  countif: (rows) => rows.filter(([condition]) => condition === true).length,
  sum: (rows) => rows.reduce((sum, [value]) => sum + Number(value ?? 0), 0),
  max: (rows) => max(rows),
  maxif: (rows) => max(rows.filter(([, condition]) => condition === true)),
};

/** Of the first argument; null for nothing. */
function max(rows: readonly (readonly unknown[])[]): unknown {
  return rows.reduce<unknown>((one, [other]) => (one === null || (other as Date) > (one as Date) ? other : one), null);
}

// biome-ignore lint/suspicious/noExplicitAny: values of a log have any type
const scalars: Readonly<Record<string, (...values: any[]) => unknown>> = {
  // An int has 32 bits, and a long 64.
  toint: (value) => integerBelow(2 ** 31, value),
  tolong: (value) => integerBelow(2 ** 63, value),
  tostring: (value) => String(value ?? ""),
  coalesce: (...values) => values.find((value) => (value ?? null) !== null) ?? null,
  isnotnull: (value) => (value ?? null) !== null,
  isnotempty: (value) => String(value ?? "") !== "",
  parse_json: (value) => {
    try {
      return JSON.parse(String(value));
    } catch {
      return null;
    }
  },
  iff: (condition, yes, no) => (condition === true ? yes : no),
  bin: (time: Date, size: number) => new Date(Math.floor(time.getTime() / size) * size),
  bag_pack: (key: string, value) => ({ [key]: value }),
  bag_keys: (bag) => Object.keys(bag ?? {}),
};

function millisecondsOf(duration: string): number {
  const unit = { h: 3_600_000, m: 60_000, d: 86_400_000 }[duration.slice(-1)];
  return Number(duration.slice(0, -1)) * (unit ?? Number.NaN);
}

function property(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? ((value as Row)[key] ?? null) : null;
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

/** An integer of a type with that limit; null, as in Kusto, for what it can't hold. */
function integerBelow(limit: number, value: unknown): number | null {
  const number = value === null || value === undefined || value === "" ? Number.NaN : Math.trunc(Number(value));
  return Number.isNaN(number) || number >= limit || number < -limit ? null : number;
}
