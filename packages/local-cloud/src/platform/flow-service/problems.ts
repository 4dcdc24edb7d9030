import type { PlatformState } from "../state/state.ts";
import type { JsonObject } from "../web/json.ts";
import { Problem } from "../web/problem.ts";

/** An error of Flow Service, with the codes and texts of its error page and the body of its samples. */
export function flowProblem(code: string, title: string, message: string, report: JsonObject = {}): Problem {
  const status = Number(code.slice(-3));
  return new Problem(status, message, ({ requestId }) => ({
    type: `https://ns.adobe.com/aep/errors/FLOW-${code}`,
    title,
    status,
    report: { "detailed-message": message, "request-id": requestId, ...report },
    errorMessage: message,
    errorDetails: message,
  }));
}

export function invalidRequest(code: string, message: string): Problem {
  return flowProblem(code, "Invalid request", message);
}

export function notFound({ switches }: PlatformState, kind: string, id: string): Problem {
  return flowProblem(
    `1439-${switches.goneFlowObject}`,
    "Resource not found",
    `The requested ${kind} resource ${id} is not found. Verify the resource ID before trying again.`,
    { id, type: kind },
  );
}

/** An unknown id in a request. */
export function unknownId(): Problem {
  return flowProblem(
    "1101-404",
    "Resource not found",
    "The requested resource is not found. Error from flow provider: Resource with given id does not exist.",
  );
}

export function invalidSpec(): Problem {
  return invalidRequest("1413-400", "The spec ID provided is  invalid. Please provide a valid spec ID and try again.");
}
