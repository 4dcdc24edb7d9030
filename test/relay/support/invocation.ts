import { createHmac } from "node:crypto";
import { HttpRequest, InvocationContext } from "@azure/functions";
import { SummedLines } from "../../../relay/azure/summed-lines.ts";
import { eventPolicy } from "../../../relay/core/policy/policy.ts";

/** The key that signs the tests' calls. */
export const signingKey = "cio-test-signing-key";

/** Settings of an intake that accepts every event unchanged. */
export const takeAll = { policy: eventPolicy.parse({}), maximumAgeSeconds: 0 };

/** A context as the host creates for each invocation, and the lines that were logged to it. */
export function invocation(triggerMetadata: Record<string, string> = {}) {
  const lines: { readonly level: string; readonly text: string; readonly outcome: Record<string, unknown> }[] = [];
  const context = new InvocationContext({
    invocationId: "invocation",
    functionName: "function",
    triggerMetadata,
    logHandler: (level, logged) => {
      const text = String(logged);
      // Parsed only if it is read: a simulation logs many lines.
      lines.push({
        level,
        text,
        get outcome() {
          return JSON.parse(text);
        },
      });
    },
  });
  return { context, lines };
}

/** A call as Customer.io sends it: signed with `key`, with its body as raw bytes. */
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
    // The host passes the body as bytes, which the library's type for tests does not allow.
    body: { bytes: Buffer.from(body) } as never,
  });
}

/** Lines of calls without an event. Sums are never written, since a test ends within the first second. */
export function linesAtOnce(): SummedLines {
  return new SummedLines({ schedule: () => undefined });
}
