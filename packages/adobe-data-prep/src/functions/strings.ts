import type { FunctionTable } from "../function-entry.ts";

export const stringFunctions = {
  concat: {
    description: "Joins strings.",
    parameters: "STRING...",
    returns: "string",
    example: 'concat("Hi, ", "there", "!")',
  },
  explode: {
    description: "Splits a string where a regular expression matches; at commas without one.",
    parameters: "STRING, REGEX?",
    returns: "string[]",
    example: 'explode("Hi, there!", " ")',
  },
  instr: {
    description: "The index, from 0, at which a part of a string begins; -1 if it is not found.",
    parameters: "INPUT, SUBSTRING, START_POSITION?, OCCURRENCE?",
    returns: "integer",
    example: 'instr("adobe.com", "com")',
  },
  replacestr: {
    description: "Replaces each occurrence of a string in another.",
    parameters: "INPUT, TO_FIND, TO_REPLACE",
    returns: "string",
    example: 'replacestr("This is a string re test", "re", "replace")',
  },
  substr: {
    description: "A substring of a given length from a given index.",
    parameters: "INPUT, START_INDEX, LENGTH",
    returns: "string",
    example: 'substr("This is a substring test", 7, 8)',
  },
  lower: {
    synonyms: ["lcase"],
    description: "Converts a string to lower case.",
    parameters: "INPUT",
    returns: "string",
    example: 'lower("HeLLo")',
  },
  upper: {
    synonyms: ["ucase"],
    description: "Converts a string to upper case.",
    parameters: "INPUT",
    returns: "string",
    example: 'upper("HeLLo")',
  },
  split: {
    description: "Splits a string at each of the given characters.",
    parameters: "INPUT, SEPARATOR",
    returns: "string[]",
    example: 'split("Hello world", " ")',
  },
  join: {
    description: "Joins the items of an array to a string, with a separator between them.",
    parameters: "SEPARATOR, OBJECTS",
    returns: "string",
    example: 'join(" ", to_array(true, "Hello", "world"))',
  },
  lpad: {
    description: "Pads a string to a length on the left.",
    parameters: "INPUT, COUNT, PADDING",
    returns: "string",
    example: 'lpad("bat", 8, "yz")',
  },
  rpad: {
    description: "Pads a string to a length on the right.",
    parameters: "INPUT, COUNT, PADDING",
    returns: "string",
    example: 'rpad("bat", 8, "yz")',
  },
  left: {
    description: "The first characters of a string.",
    parameters: "STRING, COUNT",
    returns: "string",
    example: 'left("abcde", 2)',
  },
  right: {
    description: "The last characters of a string.",
    parameters: "STRING, COUNT",
    returns: "string",
    example: 'right("abcde", 2)',
  },
  ltrim: {
    description: "Removes blanks at the beginning.",
    parameters: "STRING",
    returns: "string",
    example: 'ltrim(" hello")',
  },
  rtrim: {
    description: "Removes blanks at the end.",
    parameters: "STRING",
    returns: "string",
    example: 'rtrim("hello ")',
  },
  trim: {
    description: "Removes blanks at the beginning and the end.",
    parameters: "STRING",
    returns: "string",
    example: 'trim(" hello ")',
  },
} as const satisfies FunctionTable;

export const regularExpressionFunctions = {
  extract_regex: {
    description: "The groups of a regular expression that matches the whole string; the string itself comes first.",
    parameters: "STRING, REGEX",
    returns: "string[]",
    example: 'extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
  },
  matches_regex: {
    description: "Whether a regular expression matches the whole string.",
    parameters: "STRING, REGEX",
    returns: "boolean",
    example: 'matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
  },
} as const satisfies FunctionTable;
