import type { Answer } from "./harness.ts";

/** A refusal of Flow Service: code, status, message and the request's id. */
export function expectFlowProblem(
  answer: Answer,
  code: string,
  message: string | RegExp,
  title = "Invalid request",
): void {
  const status = Number(code.slice(-3));
  expect(answer.status).toBe(status);
  const text = typeof message === "string" ? message : expect.stringMatching(message);
  expect(answer.body).toMatchObject({
    type: `https://ns.adobe.com/aep/errors/FLOW-${code}`,
    title,
    status,
    report: { "detailed-message": text, "request-id": answer.headers.get("x-request-id") },
    errorMessage: text,
    errorDetails: text,
  });
}

/** A refusal of the Schema Registry, at the time at which the harness starts. */
export function expectXdmProblem(answer: Answer, code: string, title: string, message: string): void {
  const status = Number(code.slice(-3));
  expect(answer.status).toBe(status);
  expect(answer.json).toEqual({
    type: `http://ns.adobe.com/aep/errors/XDM-${code}`,
    title,
    status,
    report: {
      registryRequestId: answer.headers.get("x-request-id"),
      timestamp: "05-01-2024 12:00:00",
      "detailed-message": message,
      "sub-errors": [],
    },
    detail: message,
  });
}

/** A refusal without a code of its own. */
export function expectPlainProblem(answer: Answer, status: number, detail: RegExp): void {
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ type: "/placeholder/type/uri", status, detail: expect.stringMatching(detail) });
}
