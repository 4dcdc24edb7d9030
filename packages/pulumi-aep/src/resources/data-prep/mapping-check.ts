import { expressionProblems, pathProblem } from "adobe-data-prep";
import type { Mapping } from "./mapping-set.ts";

/**
 * Finds mistakes in a set's mappings that the schema can't. Warns of functions that Adobe's list lacks. The check of a mapping set
 * loads this module on demand, since nothing else in the provider needs the expression language and its table of functions.
 */
export function checkMappings(
  mappings: readonly Mapping[],
  warn: (message: string) => void,
): { property: string; reason: string }[] {
  return mappings.flatMap((mapping, index) => {
    const at = (property: string) => (reason: string) => ({ property: `mappings[${index}].${property}`, reason });
    const { mistakes, unknownFunctions } = sourceProblems(mapping);
    for (const message of unknownFunctions) {
      warn(`mappings[${index}].source: ${message} It is sent anyway, because Adobe may have added it.`);
    }
    return [...mistakes.map(at("source")), ...destinationProblems(mappings, index).map(at("destination"))];
  });
}

function sourceProblems({ sourceType, source }: Mapping): { mistakes: string[]; unknownFunctions: string[] } {
  if (sourceType === "EXPRESSION") return expressionProblems(source);
  const problem = sourceType === "ATTRIBUTE" ? pathProblem(source) : undefined;
  return { mistakes: problem === undefined ? [] : [problem], unknownFunctions: [] };
}

function destinationProblems(mappings: readonly Mapping[], index: number): string[] {
  const { destination = "" } = mappings[index] ?? {};
  const first = mappings.findIndex((other) => other.destination === destination);
  const problem = pathProblem(destination);
  return [
    ...(problem === undefined ? [] : [problem]),
    ...(first === index ? [] : [`The field "${destination}" is mapped twice, first in mappings[${first}].`]),
  ];
}
