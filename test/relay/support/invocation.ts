import { createHmac } from "node:crypto";
import { HttpRequest, InvocationContext } from "@azure/functions";
import { SummedLines } from "../../../relay/azure/summed-lines.ts";
import { eventPolicy } from "../../../relay/core/policy/policy.ts";

/** The one key that the tests' calls are signed with. */
export const signingKey = "cio-test-signing-key";

/** Settings of an intake that takes every event as it is. */
export const takeAll = { policy: eventPolicy.parse({}), maximumAgeSeconds: 0 };

/** A context as the host makes one for each invocation, and the lines that were logged to it. */
export function invocation(triggerMetadata: Record<string, string> = {}) {
  const lines: { level: string; text: string; outcome: Record<string, unknown> }[] = [];
  const context = new InvocationContext({
    invocationId: "invocation",
    functionName: "function",
    triggerMetadata,
    logHandler: (level, text) => lines.push({ level, text: String(text), outcome: JSON.parse(String(text)) }),
  });
  return { context, lines };
}

/** A call as Customer.io makes it: signed with `key`, its body in raw bytes. */
export function signedCall(body: string | Uint8Array, key = signingKey): HttpRequest {
  const timestamp = "1717430405";
  const signature = createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest("hex");
  return call(body, { "x-cio-timestamp": timestamp, "x-cio-signature": signature });
}

export function call(body: string | Uint8Array, headers: Record<string, string>): HttpRequest {
  return new HttpRequest({
    method: "POST",
    url: "https://relay.example.org/customerio",
    headers: { "content-type": "application/json", ...headers },
    // The host hands the body over as bytes, which the library's type for tests doesn't foresee.
    body: { bytes: Buffer.from(body) } as never,
  });
}

/** Lines of calls without an event, of which those that come later are never written: a test is over before its second is. */
export function linesAtOnce(): SummedLines {
  return new SummedLines({ schedule: () => undefined });
}
