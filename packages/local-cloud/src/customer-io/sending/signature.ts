import { createHmac } from "node:crypto";

/**
 * The value of `X-CIO-Signature`: lower-case hex HMAC-SHA256 of `v0:<timestamp>:<body>`, keyed with the signing key's text
 * verbatim (Customer.io's reporting webhook docs, "Securely verifying requests").
 *
 * @param timestamp the value of `X-CIO-Timestamp`
 */
export function sign(signingKey: string, timestamp: number, body: string): string {
  return createHmac("sha256", signingKey).update(`v0:${timestamp}:${body}`).digest("hex");
}
