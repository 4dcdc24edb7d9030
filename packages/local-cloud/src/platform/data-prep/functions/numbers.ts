import { TransformError, type Value } from "../value.ts";
import { compare, type Evaluations, eager, numberOf } from "./evaluation.ts";

/** A conversion of a string to a number; null stays null. */
function conversion(convert: (value: Value) => Value): (values: readonly Value[]) => Value {
  return ([value = null]) => (value === null ? null : convert(value));
}

export const numberEvaluations = {
  // The page's own example keeps the fraction: to_bigint("1000000.34") is 1000000.34.
  to_bigint: eager(conversion(numberOf)),
  to_decimal: eager(conversion(numberOf)),
  to_float: eager(conversion(numberOf)),
  to_integer: eager(
    conversion((value) => {
      const number = numberOf(value);
      if (!Number.isInteger(number)) throw new TransformError(`${String(value)} is not an integer`);
      return number;
    }),
  ),
  min: eager((values) => values.reduce((least, value) => (compare(value, least) < 0 ? value : least))),
  max: eager((values) => values.reduce((most, value) => (compare(value, most) > 0 ? value : most))),
} satisfies Evaluations;
