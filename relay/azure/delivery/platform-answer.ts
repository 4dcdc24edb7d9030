import { isObject, jsonOf } from "../../core/event/json.ts";

/** The answer to one event, or the fact that there was none. */
export type PlatformAnswer =
  | {
      readonly status: number;
      /** The header `Retry-After`. */
      readonly retryAfter: string | null;
      /** Platform's explanation of a refusal. */
      readonly detail: string;
      /** Something other than Platform's inlet answered with success: a proxy, a login page, another service. */
      readonly isForeign?: true;
    }
  | { readonly failure: string };

/** Maximum bytes of an answer that are read: a receipt has about 150, and a problem report a few thousand. */
export const mostAnswerBytes = 64 * 1024;

/**
 * Whether a text is the receipt with which the streaming inlet accepts one event: `{ "inletId": "…", "xactionId": "…"
 * }` and more (Adobe's streaming ingestion API). Its answer to a batch has `responses` instead, each of which may be a
 * failure.
 */
export function isReceipt(text: string): boolean {
  const answer = jsonOf(text);
  const isText = (value: unknown) => typeof value === "string" && value !== "";
  return isObject(answer) && isText(answer.inletId) && isText(answer.xactionId) && answer.responses === undefined;
}

/** The failure of a request that took too long. */
export const noAnswerInTime = "no answer in time";

/** A description without the error's message, which could contain the address. */
export function failureOf(error: unknown): string {
  if (!isObject(error)) return "no answer";
  if (isObject(error.cause) && error.cause.name === "TimeoutError") return noAnswerInTime;
  return typeof error.code === "string" ? `no answer: ${error.code}` : "no answer";
}
