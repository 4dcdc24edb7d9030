import type { Json } from "./json.ts";

/** The parts of a call that an error body may quote. */
export interface ProblemContext {
  readonly requestId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** A refusal. Handlers throw it, and it becomes the answer. */
export class Problem extends Error {
  readonly status: number;
  readonly body: ((context: ProblemContext) => Json) | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    body?: (context: ProblemContext) => Json,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/**
 * The gateway's flat error: `{"error_code","message"}`. The status is the code's first three digits, as in all samples of
 * Adobe's API troubleshooting guide.
 */
export function gatewayProblem(code: string, message: string, headers: Readonly<Record<string, string>> = {}): Problem {
  return new Problem(Number(code.slice(0, 3)), message, () => ({ error_code: code, message }), headers);
}

const titles: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  403: "ForbiddenError",
  404: "NotFoundError",
  405: "MethodNotAllowedError",
  406: "NotAcceptableError",
};

/**
 * The body of several services for errors without a published code:
 * `{"type":"/placeholder/type/uri","status","title","detail"}` (older pages of the XDM troubleshooting guide).
 */
export function plainProblem(status: number, detail: string): Problem {
  return new Problem(status, detail, () => ({
    type: "/placeholder/type/uri",
    status,
    title: titles[status] ?? "Error",
    detail,
  }));
}

/**
 * A refusal of the streaming host. 403 has no body: it means that the address isn't on the allow-list (Adobe's
 * allow-listing page).
 */
export function inletProblem(
  status: number,
  title: string,
  message = title,
  headers: Readonly<Record<string, string>> = {},
): Problem {
  if (status === 403) return new Problem(status, title, undefined, headers);
  return new Problem(
    status,
    message,
    () => ({
      type: "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet",
      status,
      title,
      report: { message },
    }),
    headers,
  );
}

/** The refusal of an authenticated inlet; in Adobe's sample its status is a string (http.md). */
export function tokenProblem(message: string): Problem {
  return new Problem(401, message, () => ({
    type: "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",
    status: "401",
    title: "Authorization",
    report: { message },
  }));
}
