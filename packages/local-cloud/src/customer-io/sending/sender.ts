import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { TLSSocket } from "node:tls";
import { transportErrors } from "./retry-schedule.ts";

/** How a call to a webhook's endpoint ended. */
export interface CallResult {
  /** The answer's status, or the error if there was no answer. */
  readonly status: number | string;
  /** From the start of the call to the end of the answer's body. */
  readonly milliseconds: number;
}

/** Only a 2xx within the time limit is a success. */
export function isAccepted({ status }: CallResult): boolean {
  return typeof status === "number" && status >= 200 && status < 300;
}

// Close idle connections before a receiver does: a call on a closing connection would look like a failure of
// the receiver and cost an hour. Node's HTTP servers keep idle connections for five seconds.
const connections = { keepAlive: true, timeout: 1000 };

/** Calls webhook endpoints. Checks certificates with Node's default trust, and does not follow redirects. */
export class WebhookSender {
  readonly #http = new HttpAgent(connections);
  readonly #https = new HttpsAgent(connections);

  /** Posts `body`; never rejects. The timeout is in milliseconds and applies to the whole call. */
  post(endpoint: string, body: string, headers: Record<string, string>, timeout: number): Promise<CallResult> {
    const secure = new URL(endpoint).protocol === "https:";
    const started = performance.now();
    return new Promise((resolve) => {
      const end = (status: number | string) => {
        clearTimeout(timer);
        resolve({ status, milliseconds: performance.now() - started });
      };
      const bytes = Buffer.from(body);
      const request = (secure ? httpsRequest : httpRequest)(endpoint, {
        method: "POST",
        agent: secure ? this.#https : this.#http,
        headers: { ...headers, "Content-Type": "application/json", "Content-Length": bytes.length },
      });
      const timer = setTimeout(() => {
        end("timeout");
        request.destroy();
      }, timeout);
      request.on("error", (error) => end(inCustomerIoWords(error, request.socket)));
      request.on("response", (response) => {
        response.on("error", (error) => end(inCustomerIoWords(error, request.socket)));
        response.on("end", () => end(response.statusCode ?? transportErrors.endOfFile));
        response.resume();
      });
      request.end(bytes);
    });
  }

  /** Closes all connections; calls under way end with an error. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function inCustomerIoWords(error: NodeJS.ErrnoException, socket: object | null): string {
  const certificateError = (socket as Partial<TLSSocket> | null)?.authorizationError;
  if (certificateError) return transportErrors.certificate;
  switch (error.code) {
    case "ECONNREFUSED":
      return transportErrors.refused;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return transportErrors.nameResolution;
    case "ECONNRESET":
      // Node reports a connection that was closed without an answer as a reset, but without a system call.
      return error.syscall === undefined ? transportErrors.endOfFile : transportErrors.reset;
    default:
      return error.code ?? error.message;
  }
}
