import { hasDescriptions } from "../../../../test/conformance/descriptions.ts";
import { type Exception, exceptionFor } from "../../../../test/conformance/exceptions.ts";
import { Validator } from "../../../../test/conformance/validator.ts";

export interface ContractCheck {
  /** The operation that describes this answer, or undefined if none does. */
  readonly operation: string | undefined;
  readonly violations: readonly string[];
  readonly excepted: readonly Exception[];
}

let validator: Validator | undefined;

/** Differences that only say that a description is silent. Here only answers are checked; the conformance tests check whole calls. */
const silence =
  /: (this status|no body|no schema of the body|the media type .*) is( not)? described$|: the body is missing$/;

/** Checks an answer of the stand-in against the description of its operation and status, where there is one. */
export function checkContract(method: string, url: string, status: number, body: string): ContractCheck {
  if (!hasDescriptions) return { operation: undefined, violations: [], excepted: [] };
  validator ??= new Validator();
  const request = { method, url, headers: {}, body: "" };
  const answer = { status, headers: { "content-type": "application/json" }, body };
  const verdict = validator.validate({ vendor: "platform", request, answer });
  const excepted: Exception[] = [];
  const violations: string[] = [];
  for (const finding of verdict.findings) {
    const { operation, difference } = finding;
    if (!difference.startsWith("answer ") || silence.test(difference)) continue;
    const exception = exceptionFor(finding, body);
    if (exception) excepted.push(exception);
    else violations.push(`${operation}: ${difference}`);
  }
  const described = verdict.findings.every(
    ({ difference }) => !/(operation|status) is not described$/.test(difference),
  );
  return { operation: described ? verdict.operation : undefined, violations, excepted };
}
