import { createHmac, timingSafeEqual } from "node:crypto";

/** The start of a setting with a Key Vault reference that App Service could not resolve. */
const unresolvedReference = "@Microsoft.KeyVault(";

/** Whether a setting has a value that is neither blank nor a Key Vault reference that App Service could not resolve. */
export function isSet(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== "" && !isUnresolved(value);
}

/** Whether a setting is a Key Vault reference that App Service could not resolve. */
export function isUnresolved(value: string | undefined): boolean {
  return value?.trim().startsWith(unresolvedReference) ?? false;
}

/**
 * The signing keys in a setting's text, one per line, without blank lines and unresolved Key Vault references.
 *
 * @returns an empty list if signatures can't be checked at all; the relay then answers 503
 */
export function parseSigningKeys(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(isSet);
}

/** What Customer.io writes in the header `X-CIO-Timestamp`. */
const unixSeconds = /^\d{1,12}$/;

/** A received call; its body may be any bytes. */
export interface SignedCall {
  /** The header `X-CIO-Timestamp`, or null. */
  readonly timestamp: string | null;
  /** The header `X-CIO-Signature`, or null. */
  readonly signature: string | null;
  /** The raw bytes: parsing and serializing the JSON again would change them. */
  readonly body: Uint8Array;
}

/** Whether a call has neither of Customer.io's headers: a stranger's, or a gateway removes them. */
export function isUnsigned(headers: Pick<Headers, "get">): boolean {
  return !headers.get("x-cio-timestamp") && !headers.get("x-cio-signature");
}

/**
 * Customer.io's signature, as bytes: HMAC-SHA256 over `v0:<X-CIO-Timestamp>:<raw body>`, with the signing key's text
 * verbatim as its key (Customer.io's reporting webhook docs). The header `X-CIO-Signature` has it in lower-case
 * hexadecimal digits.
 */
export function signatureOf(key: string, { timestamp, body }: { timestamp: string; body: Uint8Array }): Buffer {
  return createHmac("sha256", key).update(`v0:${timestamp}:`).update(body).digest();
}

/**
 * Checks Customer.io's signature: see `signatureOf`.
 *
 * Any of the keys is valid, so that a key can be rotated. All keys are tried in constant time.
 *
 * The age of the timestamp is not checked here: see `freshnessProblem`.
 *
 * @returns undefined if the call is authentic, otherwise the reason, for the log
 */
export function signatureProblem(keys: readonly string[], call: SignedCall): string | undefined {
  if (!call.timestamp) return "the call has no X-CIO-Timestamp header";
  // The hashed text is `v0:<timestamp>:<body>`. If any text were accepted as a timestamp, the colon between the two could
  // be any colon of the body, and one signature would fit many calls that nobody signed.
  if (!unixSeconds.test(call.timestamp)) return "X-CIO-Timestamp is not a time in Unix seconds";
  if (!call.signature) return "the call has no X-CIO-Signature header";
  if (!/^[0-9a-f]{64}$/.test(call.signature)) return "X-CIO-Signature is not 64 lower-case hexadecimal digits";
  const claimed = Buffer.from(call.signature, "hex");
  let authentic = false;
  for (const key of keys) {
    const expected = signatureOf(key, { timestamp: call.timestamp, body: call.body });
    authentic = timingSafeEqual(expected, claimed) || authentic;
  }
  return authentic ? undefined : "no signing key fits X-CIO-Signature";
}

/**
 * Checks that a call was signed recently. This is off by default: no source says that a retried or delayed call gets a
 * fresh timestamp, and a refused call would hold up all later ones for days. A call that an attacker replays only
 * repeats an event that Platform already knows by its `_id`.
 *
 * @param timestamp the header `X-CIO-Timestamp`, or null
 * @param maximumAgeSeconds how far it may be from the current time, in either direction; 0: any distance
 * @returns undefined if it is close enough, otherwise the reason, for the log
 */
export function freshnessProblem(
  timestamp: string | null,
  { now, maximumAgeSeconds }: { now: Date; maximumAgeSeconds: number },
): string | undefined {
  if (maximumAgeSeconds === 0) return undefined;
  const seconds = unixSeconds.test(timestamp ?? "") ? Number(timestamp) : Number.NaN;
  const near = Math.abs(now.getTime() / 1000 - seconds) <= maximumAgeSeconds;
  return near ? undefined : `X-CIO-Timestamp is not within ${maximumAgeSeconds} seconds of the time now`;
}
