import { z } from "zod";

const loopback = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/]|$)/;

/**
 * A setting for a vendor's address, without a trailing slash. Plain http is allowed only on loopback, since credentials
 * are sent there.
 */
export const address = z
  .url({ protocol: /^https?$/, error: "it must be a URL that begins with https://", abort: true })
  .refine(
    (url) => url.startsWith("https:") || loopback.test(url),
    "it must begin with https://, because credentials are sent there",
  )
  .transform((url) => url.replace(/\/+$/, ""));
