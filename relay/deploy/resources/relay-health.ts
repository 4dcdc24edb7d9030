import { healthAnswerLasts } from "../../core/delivery/time-limits.ts";
import { jsonOf } from "../../core/event/json.ts";
import { type RelayHealth, relayHealth } from "../../core/health.ts";
import type { AzureClient } from "../client/client.ts";

/** Seconds for which a relay caches its health. Earlier versions do not report the age of their answer. */
const oldest = healthAnswerLasts / 1_000;

/** Maximum milliseconds since the relay checked its health. */
export function ageOf({ ageSeconds = oldest }: RelayHealth): number {
  return ageSeconds * 1_000;
}

/** Milliseconds until the relay checks again; at least a second, since ages are rounded. */
export function millisecondsToNextCheck({ ageSeconds = 0 }: RelayHealth): number {
  return Math.max(1, oldest - ageSeconds) * 1_000;
}

/** Why a relay's health check gives no result. */
export interface HealthFailure {
  /** The reason, without changing details. */
  readonly failure: string;
  /** The reason, with the relay's answer. */
  readonly detail: string;
  /** HTTP status; undefined without an answer. */
  readonly status?: number;
}

/** Calls the relay's health check; returns why there is no result if it is unhealthy. */
export async function askHealth(
  client: AzureClient,
  url: string,
  signal: AbortSignal,
): Promise<RelayHealth | HealthFailure> {
  const { status, text } = await client.ask(url, signal);
  if (status === undefined) {
    const failure = `${url} does not answer (${text})`;
    return { failure, detail: failure };
  }
  if (status !== 200) {
    return { failure: `${url} answers ${status}`, detail: `${url} answers ${status}: ${text}`, status };
  }
  const parsed = relayHealth.safeParse(jsonOf(text));
  // Code other than the relay's may answer in another format.
  return parsed.success ? parsed.data : { forwarders: {}, unresolved: [] };
}
