import type { HttpHandler, HttpResponseInit, InvocationContext } from "@azure/functions";
import { healthAnswerLasts } from "../core/delivery/time-limits.ts";
import type { Health } from "../core/health.ts";
import { runWithinBudget } from "./budget.ts";
import { countForwarders } from "./counts/census.ts";
import { describeError, logOutcome } from "./log.ts";
import type { Marks } from "./marks-reader.ts";
import type { QueueWatch } from "./queue-watch.ts";
import type { RelayStorageClient } from "./storage/storage.ts";
import type { Tables } from "./storage/tables.ts";

/** The maximum count of dead letters: the size of a page of Azure's list. */
const mostCounted = 5_000;

export interface HealthPorts {
  /** Of the relay's package. */
  readonly version: string;
  /** Digest of the code and its host.json; default: not known. */
  readonly build?: string;
  /** Names of the app settings whose secrets did not arrive; default: none. */
  readonly unresolved?: readonly string[];
  readonly signingKeys: readonly string[];
  /** Digest of the settings in force. */
  readonly configuration?: string | undefined;
  readonly storage: Pick<RelayStorageClient, "check" | "countDeadLetters">;
  /** Whether the intake is closed. */
  readonly marks: Marks;
  /** Reads the forwarders' rows; without it the forwarders' settings are unknown. */
  readonly tables?: Pick<Tables, "ages">;
  /** Timeout of the storage in milliseconds. */
  readonly budget: number;
  /** Also checks whenever this checks, so that a stopped queue is found without events. */
  readonly watch?: Pick<QueueWatch, "check" | "untaken">;
  /** Milliseconds of a monotonic clock; Node's by default. */
  readonly monotonic?: () => number;
}

interface Answer extends HttpResponseInit {
  readonly jsonBody: Omit<Health, "ageSeconds">;
}

/**
 * `GET /health`: 200 if queues and containers can be reached, otherwise 503 with the status `unavailable`; see `Health`.
 * The endpoint is public, so the answer has no reason.
 *
 * Since anyone may call as often as they like, only one check of the storage runs at a time, and its result, good or
 * bad, is cached for five seconds: the queue's request rate is reserved for events.
 */
export function healthHandler({
  version,
  build,
  unresolved = [],
  signingKeys,
  configuration,
  storage,
  marks,
  tables,
  budget,
  watch,
  monotonic = () => performance.now(),
}: HealthPorts): HttpHandler {
  const state = {
    version,
    ...(build !== undefined && { build }),
    ...(unresolved.length > 0 && { unresolved }),
    signingKeys: signingKeys.length > 0,
    ...(configuration !== undefined && { configuration }),
  };

  const report = async (signal: AbortSignal): Promise<Answer["jsonBody"]> => {
    const [{ closed }, dead, census, { waiting }] = await Promise.all([
      marks(),
      // With half of the time, so that a slow list does not make a healthy relay look unhealthy.
      storage
        .countDeadLetters(mostCounted, AbortSignal.any([signal, AbortSignal.timeout(budget / 2)]))
        .catch(() => undefined),
      tables && countForwarders(tables, signal).catch(() => undefined),
      storage.check(signal),
      watch?.check(),
    ]);
    const forwarders = census?.configurations;
    const hasTakenEvents = waiting > 0 || census?.haveSent;
    const untaken = watch?.untaken ?? [];
    return {
      status: "ok",
      ...state,
      ...(forwarders && Object.keys(forwarders).length > 0 && { forwarders }),
      ...(hasTakenEvents !== undefined && { hasTakenEvents }),
      ...(untaken.length > 0 && { untaken }),
      ...(closed && { intake: "closed" }),
      ...(dead && { deadLetters: dead }),
    };
  };
  const look = async (context: InvocationContext): Promise<Answer> => {
    try {
      return { status: 200, jsonBody: await runWithinBudget(budget, report) };
    } catch (error) {
      logOutcome(context, { outcome: "unavailable", reason: describeError(error) });
      return { status: 503, jsonBody: { status: "unavailable", ...state } };
    }
  };

  const answer = shareAnswers(look, monotonic);
  return (_request, context) => answer(context);
}

/** Runs one check at a time, and gives its result to every caller until it is old. */
function shareAnswers(
  look: (context: InvocationContext) => Promise<Answer>,
  monotonic: () => number,
): (context: InvocationContext) => Promise<HttpResponseInit> {
  let last: { readonly answer: Answer; readonly since: number; readonly until: number } | undefined;
  let looking: { readonly answer: Promise<Answer>; readonly since: number } | undefined;

  /** @param since when the check started: later changes may not be in its result */
  const again = (answer: Answer, since: number) =>
    withAge(answer, Math.max(1, Math.ceil((monotonic() - since) / 1_000)));

  return async (context) => {
    if (last && monotonic() < last.until) return again(last.answer, last.since);
    if (looking) {
      const { answer, since } = looking;
      return again(await answer, since);
    }
    const since = monotonic();
    looking = { answer: look(context), since };
    const answer = await looking.answer;
    looking = undefined;
    last = { answer, since, until: monotonic() + healthAnswerLasts };
    return withAge(answer, 0);
  };
}

function withAge(answer: Answer, ageSeconds: number): HttpResponseInit {
  const jsonBody: Health = { ...answer.jsonBody, ageSeconds };
  return { ...answer, jsonBody };
}
