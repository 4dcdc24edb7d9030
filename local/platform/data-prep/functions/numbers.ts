import { TransformError, type Value } from "../value.ts";
import { any, compare, type MapperFunction, mapperFunction, numberOf } from "./mapper-function.ts";

const category = "Type conversion";

/** A conversion of a string to a number; null stays null. */
function conversion(convert: (value: Value) => Value): (values: readonly Value[]) => Value {
  return ([value = null]) => (value === null ? null : convert(value));
}

export const numberFunctions: readonly MapperFunction[] = [
  mapperFunction({
    names: ["to_bigint"],
    category,
    description: "Converts a string to a BigInteger.",
    syntax: "to_bigint(STRING)",
    example: 'to_bigint("1000000.34")',
    takes: 1,
    // The page's own example keeps the fraction: to_bigint("1000000.34") is 1000000.34.
    of: conversion(numberOf),
  }),
  mapperFunction({
    names: ["to_decimal"],
    category,
    description: "Converts a string to a Double.",
    syntax: "to_decimal(STRING)",
    example: 'to_decimal("20.5")',
    takes: 1,
    of: conversion(numberOf),
  }),
  mapperFunction({
    names: ["to_float"],
    category,
    description: "Converts a string to a Float.",
    syntax: "to_float(STRING)",
    example: 'to_float("12.3456")',
    takes: 1,
    of: conversion(numberOf),
  }),
  mapperFunction({
    names: ["to_integer"],
    category,
    description: "Converts a string to an Integer.",
    syntax: "to_integer(STRING)",
    example: 'to_integer("12")',
    takes: 1,
    of: conversion((value) => {
      const number = numberOf(value);
      if (!Number.isInteger(number)) throw new TransformError(`${String(value)} is not an integer`);
      return number;
    }),
  }),
  mapperFunction({
    names: ["min"],
    category: "Aggregation",
    description: "Returns the minimum of the given arguments. Uses natural ordering.",
    syntax: "min(OPTIONS)",
    example: "min(3, 1, 4)",
    takes: [1, any],
    of: (values) => values.reduce((least, value) => (compare(value, least) < 0 ? value : least)),
  }),
  mapperFunction({
    names: ["max"],
    category: "Aggregation",
    description: "Returns the maximum of the given arguments. Uses natural ordering.",
    syntax: "max(OPTIONS)",
    example: "max(3, 1, 4)",
    takes: [1, any],
    of: (values) => values.reduce((most, value) => (compare(value, most) > 0 ? value : most)),
  }),
];
