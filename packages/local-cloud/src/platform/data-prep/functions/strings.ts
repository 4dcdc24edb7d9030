import { arrayOf, type Evaluations, eager, numberOf, ofStrings, stringValueOf } from "./evaluation.ts";

export const stringEvaluations = {
  concat: eager((values) => values.map((value) => stringValueOf(value) ?? "").join("")),
  explode: eager(ofStrings((text, regex = ",") => text.split(new RegExp(regex)))),
  instr: eager(([input = null, sought = null, start = 0, occurrence = 1]) =>
    ofStrings((text, substring) => {
      let found = numberOf(start) - 1;
      for (let i = 0; i < numberOf(occurrence); i++) {
        found = text.indexOf(substring, found + 1);
        if (found === -1) break;
      }
      return found;
    })([input, sought]),
  ),
  replacestr: eager(ofStrings((text = "", find = "", replacement = "") => text.replaceAll(find, () => replacement))),
  substr: eager(([input = null, start, length]) =>
    ofStrings((text) => text.slice(numberOf(start), numberOf(start) + numberOf(length)))([input]),
  ),
  lower: eager(ofStrings((text = "") => text.toLowerCase())),
  upper: eager(ofStrings((text = "") => text.toUpperCase())),
  split: eager(
    ofStrings((text = "", separators = "") => {
      const parts = [""];
      for (const character of text) {
        if (separators.includes(character)) parts.push("");
        else parts.push((parts.pop() ?? "") + character);
      }
      return parts.filter((part) => part !== "");
    }),
  ),
  join: eager(([separator = null, items]) => {
    const texts = arrayOf(items).map((item) => stringValueOf(item) ?? "");
    return texts.join(stringValueOf(separator) ?? "");
  }),
  lpad: eager(([input = null, count, padding = null]) =>
    (stringValueOf(input) ?? "").padStart(numberOf(count), stringValueOf(padding) || " "),
  ),
  rpad: eager(([input = null, count, padding = null]) =>
    (stringValueOf(input) ?? "").padEnd(numberOf(count), stringValueOf(padding) || " "),
  ),
  left: eager(([input = null, count]) => ofStrings((text) => text.slice(0, numberOf(count)))([input])),
  right: eager(([input = null, count]) =>
    ofStrings((text) => text.slice(Math.max(0, text.length - numberOf(count))))([input]),
  ),
  ltrim: eager(ofStrings((text = "") => text.trimStart())),
  rtrim: eager(ofStrings((text = "") => text.trimEnd())),
  trim: eager(ofStrings((text = "") => text.trim())),
  extract_regex: eager(
    ofStrings((text = "", regex = "") => {
      const match = new RegExp(`^(?:${regex})$`).exec(text);
      return match === null ? [] : Array.from(match, (group: string | undefined) => group ?? null);
    }),
  ),
  matches_regex: eager(ofStrings((text = "", regex = "") => new RegExp(`^(?:${regex})$`).test(text))),
} satisfies Evaluations;
