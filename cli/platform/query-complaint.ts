import { certificateRemedy, isCertificateFault, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";

/** Query Service did not answer a query. The message says why, and what to do. */
export class QueryServiceError extends Error {}

/** The parts of errors of PostgreSQL, of sockets and of TLS. */
const shape = z.object({ code: z.string().optional(), message: z.string() });

/** PostgreSQL's codes for which a new session helps: a token that is no longer accepted, and a server that shuts down. */
const lost = /^(28P01|28000|57P0\d|08\w{3})$/;
const network = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EPIPE)$/;
const tls = /^(ERR_SSL_|EPROTO)|SSL connection|certificate/;

/** Whether a new session may answer what this one did not. */
export function isSessionLost(error: unknown): boolean {
  const { code = "", message } = partsOf(error);
  return (
    lost.test(code) || code === "ECONNRESET" || code === "EPIPE" || /^Connection terminated|not queryable/.test(message)
  );
}

/** @param place host and port */
export function explainQueryError(error: unknown, place: string): Error {
  // Platform's own answer to the call for the connection parameters has its remedy.
  if (error instanceof VendorError) return new QueryServiceError(`${error.message} ${without}`);
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return new QueryServiceError(
      `Query Service answered with columns other than the query's (${issue?.path.join(".")}: ${issue?.message}). ${without}`,
    );
  }
  const { code, message } = partsOf(error);
  const told = code === undefined ? message : `${code}: ${message}`;
  return new QueryServiceError(
    `Query Service (${place}) did not answer: ${told}. ${remedyOf(code ?? "", message)} ${without}`,
  );
}

const without = "Without --sql, the audit reads the dataset's files, for which it needs no license.";

function remedyOf(code: string, message: string): string {
  if (/session limit/i.test(message) || code === "53300") {
    return "Another session is open, and the license allows no more at the same time, in all sandboxes together. Close it, and run the same command again.";
  }
  if (code === "53400" || /timeout exceeded|Query read timeout/i.test(message)) {
    return "A query may take ten minutes. Choose fewer days, or a smaller --lookback.";
  }
  if (code === "28P01" || code === "28000") {
    return "It does not accept the access token of the stack's credential: check that the credential's role has the permission Manage Queries in this sandbox.";
  }
  if (code === "42P01" || code === "42P12") {
    return "It does not know the dataset's table. A new dataset appears after some minutes; otherwise check that the credential's role has the permission View Datasets in this sandbox.";
  }
  if (code === "42703") {
    return "It does not know one of the dataset's fields: run `npx pulumi refresh` to see how the schema differs.";
  }
  if (isCertificateFault(code) || tls.test(code) || tls.test(message)) return certificateRemedy;
  if (network.test(code)) {
    return "Check that this machine may connect to that host and port: it is not HTTP, so an HTTP proxy does not help.";
  }
  if (code.startsWith("58")) return "That is an error inside Query Service: run the same command again later.";
  return "Run the same command again later.";
}

function partsOf(error: unknown): z.output<typeof shape> {
  const read = shape.safeParse(error instanceof Error ? { ...error, message: error.message } : error);
  return read.success ? read.data : { message: String(error) };
}
