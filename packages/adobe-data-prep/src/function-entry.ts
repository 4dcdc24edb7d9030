/**
 * What a value is, as far as an expression tells. `any` is not known before the event is there. A `date-time` is what the date
 * functions work with, a `date-text` is a date in ISO 8601, and the counts are no dates to Platform.
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
   * What is put between the parentheses: `?` after what may be left out, `...` after what may be repeated, as in
   * `STRING, REGEX?` and `VALUES...`.
   */
  readonly parameters: string;
  /** What it answers where it does not answer null; `arguments`: one of what it was given. */
  readonly returns: ValueKind | "arguments";
  readonly example: string;
}

/** Functions by name, of one category of Adobe's functions page. */
export type FunctionTable = Readonly<Record<string, FunctionEntry>>;
