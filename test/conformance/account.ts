import { type Exception, exceptionFor, exceptions } from "./exceptions.ts";
import type { Exchange, Finding, Validator } from "./validator.ts";

export interface Account {
  /** `conformance: 400 calls, 300 validated, 100 by listed exceptions, 0 unexplained`. */
  readonly summary: string;
  /** Differences without an exception, each once. */
  readonly unexplained: readonly string[];
  /** Exceptions that no call needed. */
  readonly deadExceptions: readonly string[];
}

/** Compares all calls with their descriptions, and the differences with the list of exceptions. */
export function account(validator: Validator, exchanges: readonly Exchange[]): Account {
  const used = new Set<Exception>();
  const unexplained = new Set<string>();
  let [validated, excepted] = [0, 0];
  for (const exchange of exchanges) {
    const { findings } = validator.validate(exchange);
    const explained = findings.map((finding) => exceptionFor(finding, exchange.answer.body));
    for (const [index, exception] of explained.entries()) {
      if (exception) used.add(exception);
      else unexplained.add(textOf(findings[index]));
    }
    if (findings.length === 0) validated++;
    else if (!explained.includes(undefined)) excepted++;
  }
  const open = exchanges.length - validated - excepted;
  return {
    summary:
      `conformance: ${exchanges.length} calls, ${validated} validated, ${excepted} by listed exceptions, ` +
      `${open} unexplained`,
    unexplained: [...unexplained].sort(),
    deadExceptions: exceptions
      .filter((exception) => !exception.standInOnly && !used.has(exception))
      .map(({ where, description }) => `${where}: ${description}`),
  };
}

function textOf(finding: Finding | undefined): string {
  return finding ? `${finding.operation}: ${finding.difference}` : "";
}
