/**
 * The kind of a value, as far as the expression determines it; `any` depends on the event. A `date-time` is the type that date
 * functions use, and a `date-text` is a date as ISO 8601 text. Platform does not accept the counts as dates.
 */
export type ValueKind =
  | "string"
  | "integer"
  | "number"
  | "boolean"
  | "date-time"
  | "date-text"
  | "epoch-seconds"
  | "epoch-milliseconds"
  | "string[]"
  | "array"
  | "object"
  | "null"
  | "any";

/** A function of Data Prep. */
export interface FunctionEntry {
  /** Other names for it. */
  readonly synonyms?: readonly string[];
  readonly description: string;
  /**
   * The parameters as documented: `?` follows an optional one, `...` one that may be repeated, as in
   * `STRING, REGEX?` and `VALUES...`.
   */
  readonly parameters: string;
  /** The kind of its result unless null; `arguments`: one of its arguments. */
  readonly returns: ValueKind | "arguments";
  readonly example: string;
}

/** The functions of one category on Adobe's functions page, by name. */
export type FunctionTable = Readonly<Record<string, FunctionEntry>>;
