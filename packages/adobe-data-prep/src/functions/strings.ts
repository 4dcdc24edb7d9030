import type { FunctionTable } from "../function-entry.ts";

export const stringFunctions = {
  concat: {
    description: "Joins strings to one.",
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
    description: "Tells at which character a part of a string begins, counted from 0; -1 if it is not there.",
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
    description: "Takes so many characters from a place on.",
    parameters: "INPUT, START_INDEX, LENGTH",
    returns: "string",
    example: 'substr("This is a substring test", 7, 8)',
  },
  lower: {
    synonyms: ["lcase"],
    description: "Writes a string in lower case.",
    parameters: "INPUT",
    returns: "string",
    example: 'lower("HeLLo")',
  },
  upper: {
    synonyms: ["ucase"],
    description: "Writes a string in upper case.",
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
    description: "Fills a string up to a length on its left side.",
    parameters: "INPUT, COUNT, PADDING",
    returns: "string",
    example: 'lpad("bat", 8, "yz")',
  },
  rpad: {
    description: "Fills a string up to a length on its right side.",
    parameters: "INPUT, COUNT, PADDING",
    returns: "string",
    example: 'rpad("bat", 8, "yz")',
  },
  left: {
    description: "Takes the first characters of a string.",
    parameters: "STRING, COUNT",
    returns: "string",
    example: 'left("abcde", 2)',
  },
  right: {
    description: "Takes the last characters of a string.",
    parameters: "STRING, COUNT",
    returns: "string",
    example: 'right("abcde", 2)',
  },
  ltrim: {
    description: "Takes off blanks at the beginning.",
    parameters: "STRING",
    returns: "string",
    example: 'ltrim(" hello")',
  },
  rtrim: {
    description: "Takes off blanks at the end.",
    parameters: "STRING",
    returns: "string",
    example: 'rtrim("hello ")',
  },
  trim: {
    description: "Takes off blanks at the beginning and the end.",
    parameters: "STRING",
    returns: "string",
    example: 'trim(" hello ")',
  },
} as const satisfies FunctionTable;

export const regularExpressionFunctions = {
  extract_regex: {
    description:
      "Takes out the groups of a regular expression that matches the whole string; the string itself is first.",
    parameters: "STRING, REGEX",
    returns: "string[]",
    example: 'extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
  },
  matches_regex: {
    description: "Tells whether a regular expression matches the whole string.",
    parameters: "STRING, REGEX",
    returns: "boolean",
    example: 'matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
  },
} as const satisfies FunctionTable;
