import { isObject } from "../core/json.ts";

/** Platform's answer to one event, or that there was none. */
export type PlatformAnswer =
  | { readonly status: number; readonly retryAfter: string | null; readonly detail: string }
  | { readonly failure: string };

/** Node's fetch throws a TimeoutError, or a TypeError whose cause has the code; either message could hold the address. */
export function failureOf(error: unknown): string {
  if (!isObject(error)) return "no answer";
  if (error.name === "TimeoutError") return "no answer in time";
  const code = isObject(error.cause) ? error.cause.code : undefined;
  return typeof code === "string" ? `no answer: ${code}` : "no answer";
}
