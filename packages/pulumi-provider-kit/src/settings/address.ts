import { z } from "zod";

const loopback: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * A setting for a vendor's address, without a trailing slash. Plain http is allowed only on loopback, since credentials
 * are sent there.
 */
export const address = z
  .url({ protocol: /^https?$/, error: "it must be a URL that begins with https://", abort: true })
  .refine(
    // By its host: `http://localhost:x@example.org` leads to example.org.
    (url) => url.startsWith("https:") || loopback.includes(new URL(url).hostname),
    "it must begin with https://, because credentials are sent there",
  )
  .transform((url) => url.replace(/\/+$/, ""));
