import { any, arrayOf, type MapperFunction, mapperFunction, numberOf, ofStrings, textOf } from "./mapper-function.ts";

const category = "String";

export const stringFunctions: readonly MapperFunction[] = [
  mapperFunction({
    names: ["concat"],
    category,
    description: "Concatenates the given strings.",
    syntax: "concat(STRING_1, STRING_2)",
    example: 'concat("Hi, ", "there", "!")',
    takes: [1, any],
    of: (values) => values.map((value) => textOf(value) ?? "").join(""),
  }),
  mapperFunction({
    names: ["explode"],
    category,
    description: "Splits the string based on a regex and returns an array of parts.",
    syntax: "explode(STRING, REGEX)",
    example: 'explode("Hi, there!", " ")',
    takes: [1, 2],
    of: ofStrings((text, regex = ",") => text.split(new RegExp(regex))),
  }),
  mapperFunction({
    names: ["instr"],
    category,
    description: "Returns the location/index of a substring.",
    syntax: "instr(INPUT, SUBSTRING, START_POSITION, OCCURRENCE)",
    example: 'instr("adobe.com", "com")',
    takes: [2, 4],
    of: ([input = null, sought = null, start = 0, occurrence = 1]) =>
      ofStrings((text, substring) => {
        let found = numberOf(start) - 1;
        for (let i = 0; i < numberOf(occurrence); i++) {
          found = text.indexOf(substring, found + 1);
          if (found === -1) break;
        }
        return found;
      })([input, sought]),
  }),
  mapperFunction({
    names: ["replacestr"],
    category,
    description: "Replaces the search string if present in original string.",
    syntax: "replacestr(INPUT, TO_FIND, TO_REPLACE)",
    example: 'replacestr("This is a string re test", "re", "replace")',
    takes: 3,
    of: ofStrings((text = "", find = "", replacement = "") => text.replaceAll(find, () => replacement)),
  }),
  mapperFunction({
    names: ["substr"],
    category,
    description: "Returns a substring of a given length.",
    syntax: "substr(INPUT, START_INDEX, LENGTH)",
    example: 'substr("This is a substring test", 7, 8)',
    takes: 3,
    of: ([input = null, start, length]) =>
      ofStrings((text) => text.slice(numberOf(start), numberOf(start) + numberOf(length)))([input]),
  }),
  mapperFunction({
    names: ["lower", "lcase"],
    category,
    description: "Converts a string to lowercase.",
    syntax: "lower(INPUT)",
    example: 'lower("HeLLo")',
    takes: 1,
    of: ofStrings((text = "") => text.toLowerCase()),
  }),
  mapperFunction({
    names: ["upper", "ucase"],
    category,
    description: "Converts a string to uppercase.",
    syntax: "upper(INPUT)",
    example: 'upper("HeLLo")',
    takes: 1,
    of: ofStrings((text = "") => text.toUpperCase()),
  }),
  mapperFunction({
    names: ["split"],
    category,
    description: "Splits an input string on a separator; several characters split on any of them.",
    syntax: "split(INPUT, SEPARATOR)",
    example: 'split("Hello world", " ")',
    takes: 2,
    of: ofStrings((text = "", separators = "") => {
      const parts = [""];
      for (const character of text) {
        if (separators.includes(character)) parts.push("");
        else parts.push((parts.pop() ?? "") + character);
      }
      return parts.filter((part) => part !== "");
    }),
  }),
  mapperFunction({
    names: ["join"],
    category,
    description: "Joins a list of objects using the separator.",
    syntax: "join(SEPARATOR, [OBJECTS])",
    example: 'join(" ", to_array(true, "Hello", "world"))',
    takes: 2,
    of: ([separator = null, items]) => {
      const texts = arrayOf(items).map((item) => textOf(item) ?? "");
      return texts.join(textOf(separator) ?? "");
    },
  }),
  mapperFunction({
    names: ["lpad"],
    category,
    description: "Pads the left side of a string with the other given string.",
    syntax: "lpad(INPUT, COUNT, PADDING)",
    example: 'lpad("bat", 8, "yz")',
    takes: 3,
    of: ([input = null, count, padding = null]) =>
      (textOf(input) ?? "").padStart(numberOf(count), textOf(padding) || " "),
  }),
  mapperFunction({
    names: ["rpad"],
    category,
    description: "Pads the right side of a string with the other given string.",
    syntax: "rpad(INPUT, COUNT, PADDING)",
    example: 'rpad("bat", 8, "yz")',
    takes: 3,
    of: ([input = null, count, padding = null]) =>
      (textOf(input) ?? "").padEnd(numberOf(count), textOf(padding) || " "),
  }),
  mapperFunction({
    names: ["left"],
    category,
    description: 'Gets the first "n" characters of the given string.',
    syntax: "left(STRING, COUNT)",
    example: 'left("abcde", 2)',
    takes: 2,
    of: ([input = null, count]) => ofStrings((text) => text.slice(0, numberOf(count)))([input]),
  }),
  mapperFunction({
    names: ["right"],
    category,
    description: 'Gets the last "n" characters of the given string.',
    syntax: "right(STRING, COUNT)",
    example: 'right("abcde", 2)',
    takes: 2,
    of: ([input = null, count]) => ofStrings((text) => text.slice(Math.max(0, text.length - numberOf(count))))([input]),
  }),
  mapperFunction({
    names: ["ltrim"],
    category,
    description: "Removes the whitespace from the beginning of the string.",
    syntax: "ltrim(STRING)",
    example: 'ltrim(" hello")',
    takes: 1,
    of: ofStrings((text = "") => text.trimStart()),
  }),
  mapperFunction({
    names: ["rtrim"],
    category,
    description: "Removes the whitespace from the end of the string.",
    syntax: "rtrim(STRING)",
    example: 'rtrim("hello ")',
    takes: 1,
    of: ofStrings((text = "") => text.trimEnd()),
  }),
  mapperFunction({
    names: ["trim"],
    category,
    description: "Removes the whitespace from the beginning and the end of the string.",
    syntax: "trim(STRING)",
    example: 'trim(" hello ")',
    takes: 1,
    of: ofStrings((text = "") => text.trim()),
  }),
  mapperFunction({
    names: ["extract_regex"],
    category: "Regular expression",
    description: "Extracts groups from the input string, based on a regular expression.",
    syntax: "extract_regex(STRING, REGEX)",
    example: 'extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
    takes: 2,
    of: ofStrings((text = "", regex = "") => {
      const match = new RegExp(`^(?:${regex})$`).exec(text);
      return match === null ? [] : Array.from(match, (group: string | undefined) => group ?? null);
    }),
  }),
  mapperFunction({
    names: ["matches_regex"],
    category: "Regular expression",
    description: "Checks to see if the string matches against the inputted regular expression.",
    syntax: "matches_regex(STRING, REGEX)",
    example: 'matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
    takes: 2,
    of: ofStrings((text = "", regex = "") => new RegExp(`^(?:${regex})$`).test(text)),
  }),
];
