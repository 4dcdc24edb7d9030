import { z } from "zod";
import { nearest } from "./nearest.ts";

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object of named values",
  record: "an object of named values",
};

/** Maximum number of allowed values that a message lists. If there are more, it names only the one that was probably meant. */
const mostTold = 12;

/** Describes a mistake for people who don't know zod. Pass it to a parse as `error`; a schema's own messages take precedence. */
export const plainWords: z.core.$ZodErrorMap = (issue) => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined ? "it is missing" : `it must be ${kinds[issue.expected] ?? issue.expected}`;
    case "too_small":
      return boundary(issue.origin, issue.minimum, issue.inclusive === false ? "more than" : "at least");
    case "too_big":
      return boundary(issue.origin, issue.maximum, issue.inclusive === false ? "less than" : "at most");
    case "invalid_value":
      return choice(String(issue.input), issue.values.map(String));
    case "unrecognized_keys":
      return `unknown name; the known ones are ${joinWords(namesOf(issue.inst), "and")}`;
    case "invalid_format":
      return issue.format === "email" ? "it must be an e-mail address" : undefined;
    default:
      return undefined;
  }
};

function boundary(origin: string, limit: number | bigint, words: string): string {
  if (origin === "string") return limit === 1 ? "it is empty" : `it must have ${words} ${limit} characters`;
  if (origin === "array") return limit === 1 ? "it is empty" : `it must have ${words} ${limit} entries`;
  return `it must be ${words} ${limit}`;
}

function choice(given: string, values: readonly string[]): string {
  const meant = nearest(given, values);
  if (values.length <= mostTold) return `it must be ${joinWords(values, "or")}`;
  return `"${given}" is not a valid value${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/** The allowed property names of an object. */
function namesOf(object: unknown): string[] {
  if (object instanceof z.ZodObject) return Object.keys(object.shape);
  if (object instanceof z.ZodRecord && object.keyType instanceof z.ZodEnum) return object.keyType.options.map(String);
  return [];
}

function joinWords(words: readonly string[], conjunction: "and" | "or"): string {
  const [last = "none", ...others] = words.toReversed();
  return others.length === 0 ? last : `${others.toReversed().join(", ")} ${conjunction} ${last}`;
}
