import type { HttpHandler, HttpResponseInit, InvocationContext } from "@azure/functions";
import { healthAnswerLasts } from "../core/delivery/time-limits.ts";
import { runWithinBudget } from "./budget.ts";
import { countForwarders } from "./counts/census.ts";
import { describeError, logOutcome } from "./log.ts";
import { type Marks, noMarks } from "./marks-reader.ts";
import type { QueueWatch } from "./queue-watch.ts";
import type { RelayStorageClient } from "./storage/storage.ts";
import type { Tables } from "./storage/tables.ts";

/** From so many dead letters on, it does not matter how many there are: a page of Azure's list has as many. */
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
  /** Says whether the intake is closed; default: it never is. */
  readonly marks?: Marks;
  /** Of the forwarders' rows; without them it is not known which settings forwarders have. */
  readonly tables?: Pick<Tables, "ages">;
  /** Milliseconds for the storage to answer. */
  readonly budget: number;
  /** Is asked to look whenever this looks, so that a stopped queue shows while no event comes. */
  readonly watch?: Pick<QueueWatch, "look">;
  /** Milliseconds of a clock that never goes back; Node's by default. */
  readonly monotonic?: () => number;
}

/** What `GET /health` answers in JSON; what could not be looked at is absent. */
interface Health {
  readonly status: "ok" | "unavailable";
  /** Version of the relay's package, which `customerio-aep status` compares with its own. */
  readonly version: string;
  /** Digest of the code and its host.json, by which a deployment knows its own code. */
  readonly build?: string;
  /** App settings whose Key Vault reference App Service has not resolved; absent if all have their secrets. */
  readonly unresolved?: readonly string[];
  /** Whether there is a key to check Customer.io's signatures with: without one the relay is well, but refuses every event. */
  readonly signingKeys: boolean;
  /** Digest of the settings in force in the instance that answers. */
  readonly configuration?: string | undefined;
  /** Only while the relay is being taken down: it takes no events then. */
  readonly intake?: "closed";
  /** How many instances have sent to Platform lately, by the digest of their settings; "" is one too old to tell. */
  readonly forwarders?: Readonly<Record<string, number>>;
  /** Absent while no event has come that is for Platform. Platform shows rows up to an hour later. */
  readonly hasTakenEvents?: true;
  /** How many there are: they decide whether the relay may be taken down. `more`: there may be others. */
  readonly deadLetters?: { readonly count: number; readonly more: boolean };
  /** Seconds, rounded up, since the look at the storage began; 0 in the answer to the call that it began for. */
  readonly ageSeconds: number;
}

interface Answer extends HttpResponseInit {
  readonly jsonBody: Omit<Health, "ageSeconds">;
}

/**
 * `GET /health`: 200 once queue and containers can be reached, else 503 with the status `unavailable`; see `Health`. Anybody may ask,
 * so there is no word on why.
 *
 * Since anybody may ask as often as they like, there is one look at the storage at a time, and its result, good or bad, counts for five
 * seconds: the queue's request rate is for events.
 */
export function healthHandler({
  version,
  build,
  unresolved = [],
  signingKeys,
  configuration,
  storage,
  marks = noMarks,
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
  let last: { readonly answer: Answer; readonly since: number; readonly until: number } | undefined;
  let looking: { readonly answer: Promise<Answer>; readonly since: number } | undefined;

  const report = async (signal: AbortSignal): Promise<Answer["jsonBody"]> => {
    const [{ closed }, dead, census, { waiting }] = await Promise.all([
      marks(),
      // In half of the time: a slow list must not make a relay that is well look ill.
      storage
        .countDeadLetters(mostCounted, AbortSignal.any([signal, AbortSignal.timeout(budget / 2)]))
        .catch(() => undefined),
      tables && countForwarders(tables, signal).catch(() => undefined),
      storage.check(signal),
    ]);
    const forwarders = census?.configurations;
    return {
      ...{ status: "ok", ...state },
      ...(forwarders && Object.keys(forwarders).length > 0 && { forwarders }),
      ...((waiting > 0 || census?.haveSent) && { hasTakenEvents: true }),
      ...(closed && { intake: "closed" }),
      ...(dead && { deadLetters: dead }),
    };
  };
  const look = async (context: InvocationContext): Promise<Answer> => {
    void watch?.look();
    try {
      return { status: 200, jsonBody: await runWithinBudget(budget, report) };
    } catch (error) {
      logOutcome(context, { outcome: "unavailable", reason: describeError(error) });
      return { status: 503, jsonBody: { status: "unavailable", ...state } };
    }
  };

  /** @param since when the look began: what came meanwhile may not be in its result */
  const again = (answer: Answer, since: number) =>
    withAge(answer, Math.max(1, Math.ceil((monotonic() - since) / 1_000)));

  return async (_request, context) => {
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
