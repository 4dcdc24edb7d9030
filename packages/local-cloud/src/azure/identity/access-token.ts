import { createHmac, timingSafeEqual } from "node:crypto";

/** Claims of an access token, with the names of Microsoft Entra ID's v1 tokens; times in epoch seconds. */
export interface AccessTokenClaims {
  readonly aud: string;
  readonly iss: string;
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  /** Object id of the principal: what role assignments refer to. */
  readonly oid: string;
  /** Client id of the principal. */
  readonly appid: string;
  readonly tid: string;
}

export interface TokenRequest {
  readonly audience: string;
  readonly tenantId: string;
  readonly objectId: string;
  readonly clientId: string;
  /** Lifetime in seconds; default an hour. */
  readonly lifetime?: number;
}

/**
 * Issues a JWT. Azurite checks only the claims (its `--oauth basic`: issuer prefix, audience, times). The stand-ins also check
 * the signature, with a secret that never leaves the local cloud.
 */
export function issueToken(secret: string, request: TokenRequest): { token: string; expiresOn: number } {
  const now = Math.floor(Date.now() / 1000);
  const claims: AccessTokenClaims = {
    aud: request.audience,
    iss: `https://sts.windows.net/${request.tenantId}/`,
    iat: now,
    nbf: now,
    exp: now + (request.lifetime ?? 3600),
    oid: request.objectId,
    appid: request.clientId,
    tid: request.tenantId,
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const body = `${encode({ typ: "JWT", alg: "HS256" })}.${encode(claims)}`;
  return { token: `${body}.${sign(secret, body)}`, expiresOn: claims.exp };
}

/** The claims of a token signed with this secret; undefined for any other text. The caller checks the expiry. */
export function readToken(secret: string, token: string): AccessTokenClaims | undefined {
  const [header, payload, signature] = token.split(".");
  if (header === undefined || payload === undefined || signature === undefined) return undefined;
  const expected = Buffer.from(sign(secret, `${header}.${payload}`));
  const actual = Buffer.from(signature);
  if (expected.length !== actual.length || !timingSafeEqual(expected, actual)) return undefined;
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as AccessTokenClaims;
}

/** Whether a token's audience is Azure Resource Manager, under either of its names. */
export function isForManagement(audience: string): boolean {
  return ["https://management.azure.com", "https://management.core.windows.net"].includes(audience.replace(/\/+$/, ""));
}

/** The bearer token of an `Authorization` header. */
export function bearerToken(header: string | undefined): string | undefined {
  return header?.match(/^Bearer (\S+)$/i)?.[1];
}

function sign(secret: string, body: string): string {
  return createHmac("sha256", secret).update(body).digest("base64url");
}
