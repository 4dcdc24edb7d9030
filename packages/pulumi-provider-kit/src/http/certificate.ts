/**
 * Codes of a certificate that Node refuses, before it sends anything: "X509 certificate error codes" in the documentation of `node:tls`, and
 * Node's own for another host's certificate.
 */
const codes =
  /^(CERT_|CRL_|DEPTH_ZERO_|ERROR_IN_C|ERR_TLS_CERT_|HOSTNAME_MISMATCH$|INVALID_(CA|PURPOSE)$|PATH_LENGTH_EXCEEDED$|SELF_SIGNED_|UNABLE_TO_)/;

/** Whether the code of a network error means that a server's certificate can't be verified: no retry fixes that. */
export function isCertificateFault(code: string | undefined): boolean {
  return code !== undefined && codes.test(code);
}

/** What to do about a certificate that can't be verified. */
export const certificateRemedy =
  "Its certificate can't be verified. If a proxy replaces certificates here, set NODE_EXTRA_CA_CERTS to the file with the proxy's own certificate.";
