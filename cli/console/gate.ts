import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** What the gate decides about a request. */
type PageAdmission =
  /** It came with the session's cookie. */
  | { readonly kind: "inside" }
  /** It came with the token of the printed address: it gets this cookie. */
  | { readonly kind: "enters"; readonly cookie: string }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string };

/**
 * Lets in only the browser that was given the printed address. Other users of the machine lack the token. Pages of other sites can't
 * send the cookie (SameSite=Strict), and `Origin`, or `Host` after DNS rebinding, gives them away.
 */
export class ConsoleGate {
  readonly #token = createSecret();
  readonly #session = createSecret();
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  /** The address to open, with the token. */
  get address(): string {
    return `http://127.0.0.1:${this.#port}/?token=${this.#token}`;
  }

  admit({ headers, method }: Pick<IncomingMessage, "headers" | "method">, url: URL): PageAdmission {
    const host = headers.host ?? "";
    if (host !== `127.0.0.1:${this.#port}` && host !== `localhost:${this.#port}`) {
      return { kind: "refused", status: 421, reason: "This console answers only at the address that it printed." };
    }
    const { origin } = headers;
    const isForeign = origin !== undefined && origin !== `http://${host}`;
    const site = headers["sec-fetch-site"];
    const isWrite = method !== "GET" && method !== "HEAD";
    if (isForeign || (isWrite && (origin === undefined || (site !== undefined && site !== "same-origin")))) {
      return { kind: "refused", status: 403, reason: "This console accepts no requests from other pages." };
    }
    const token = url.searchParams.get("token");
    if (token !== null && url.pathname === "/" && method === "GET" && isSame(token, this.#token)) {
      const cookie = `${this.#cookieName}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
      return { kind: "enters", cookie };
    }
    const cookies = (headers.cookie ?? "").split(/; */).map((pair) => pair.split("="));
    if (cookies.some(([name, value]) => name === this.#cookieName && isSame(value ?? "", this.#session))) {
      return { kind: "inside" };
    }
    return { kind: "refused", status: 401, reason: "Open the address that customerio-aep console has printed." };
  }

  /** Browsers send cookies to all ports of a host, so the consoles of several stacks need different names. */
  get #cookieName(): string {
    return `customerio-aep-console-${this.#port}`;
  }
}

function createSecret(): string {
  return randomBytes(32).toString("base64url");
}

/** Takes the same time for each wrong value. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
