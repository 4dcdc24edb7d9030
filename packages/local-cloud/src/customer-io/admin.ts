import { setImmediate as breathe, setTimeout as sleep } from "node:timers/promises";
import { type Context, Hono } from "hono";
import { z } from "zod";
import { type Account, isForeign, type Workspace } from "./account.ts";
import type { AdjustableClock } from "./clock.ts";
import { blast, blastRequest } from "./events/blast.ts";
import { eventRequest, makeEvent, testEvent, testVariants } from "./events/emit.ts";
import type { EventBody } from "./events/event-body.ts";
import { ulid } from "./events/ulid.ts";
import { type Faults, fault } from "./faults.ts";
import type { DeliveryLog } from "./sending/delivery-log.ts";
import type { Dispatcher } from "./sending/dispatcher.ts";
import { isAccepted } from "./sending/sender.ts";

export interface AdminParts {
  readonly account: Account;
  readonly clock: AdjustableClock;
  readonly dispatcher: Dispatcher;
  readonly log: DeliveryLog;
  readonly faults: Faults;
}

/** Given bodies are sent unchanged, except that a missing `event_id` or `timestamp` is filled in. */
const givenEvent = z.looseObject({
  event_id: z.string().min(1).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
const eventsBody = z.strictObject({
  events: z.array(givenEvent).default([]),
  make: z.array(eventRequest).default([]),
  reported: z.boolean().default(true),
});
const testBody = z.strictObject({ variant: z.enum(testVariants).default("usual") });
const rotateBody = z.strictObject({ overlapSeconds: z.number().min(0).default(0) });
const idleBody = z.strictObject({ timeoutSeconds: z.number().min(0).default(60) });
const clockBody = z.strictObject({ advanceSeconds: z.number().min(0).default(0) });
const faultsBody = z.strictObject({ faults: z.array(fault) });
const deliveriesQuery = z.strictObject({
  status: z.enum(["waiting", "accepted", "given-up", "lost"]).optional(),
  webhook: z.coerce.number().optional(),
  limit: z.coerce.number().int().min(1).default(1000),
});

class BadRequest extends Error {}

/**
 * Routes under `/__local` that stand in for Customer.io's UI and internal processes. Bodies and answers are JSON; an invalid
 * request gets 400 and `{ error }`. Routes marked * take `?workspace=<name>` (default: the first workspace).
 *
 * - `POST /events` * `{ events?: [body…], make?: [{ object_type, metric, origin?, identifiers?, person?, delivery_id?,
 *   content_bytes?, days_ago? }…], reported?: true }`: triggers events: bodies as given (absent `event_id` and `timestamp` are filled),
 *   then made-up ones (`eventRequest`) → `{ events: [{ id, webhooks: [id…] }…] }` with the webhooks that each is sent to. With
 *   `reported` false the workspace only records them, as if no webhook had existed.
 * - `DELETE /people/:id` *: deletes a person → `{ messages }`, the number of those that lose their identifiers.
 * - `POST /blast` * `{ recipients, object_type?, metrics?: { sent: 1, … }, origin?, identifiers?, content_bytes?, days_ago? }`
 *   (`blastRequest`) → `{ events, deliveries }`, the numbers of both. Answers when all are queued.
 * - `POST /webhooks/:id/test` `{ variant?: "usual" | "no-object-type" | "string-timestamp" }`: the UI's "Send test", for
 *   disabled webhooks too → `{ id, accepted, status, milliseconds }`, status as in deliveries.
 * - `GET /signing-key` * → `{ signingKey, replaces?: { signingKey, switchesAt } }`.
 * - `POST /signing-key/rotate` * `{ overlapSeconds?: 0 }`: makes a new key, which signs after the overlap → as GET.
 * - `GET /deliveries?status=&webhook=&limit=1000` → `{ counts: { waiting, accepted, "given-up", lost },
 *   acknowledgementMilliseconds?: { p50, p95, p99, max }, deliveries: [{ id, webhook, status, attempts, lastStatus?,
 *   nextAttemptAt? }…] }`, the latest `limit`, oldest first; `lastStatus` is the answer's status, or the error in words.
 * - `POST /idle` `{ timeoutSeconds?: 60 }` (real time): answers once nothing waits, or at the timeout →
 *   `{ idle, counts, waiting: [delivery…] }` with up to 20 of those that wait.
 * - `POST /clock` `{ advanceSeconds?: 0 }`: lets the time pass at once, retries included → `{ now }`.
 * - `POST /faults` `{ faults: [{ kind: "status" | "quota" | "slow" | "drop", operation?, times?, status?, seconds? } |
 *   { kind: "duplicate", times? }…] }` (`fault`): replaces all faults still to come → `{ faults }`, their number.
 * - `GET /census` → `{ webhooks, foreign, foreignChanged }`: webhooks made through the App API, those that were there
 *   before, and how many of the latter are gone or changed.
 */
export function customerIoAdminRoutes({ account, clock, dispatcher, log, faults }: AdminParts): Hono {
  return new Hono()
    .post("/events", async (context) => {
      const workspace = workspaceNamed(account, context.req.query("workspace"));
      const { events, make, reported } = await read(eventsBody, context);
      const given = events.map((event): EventBody => {
        const { data, ...rest } = event;
        return { event_id: ulid(clock.now()), timestamp: clock.seconds(), ...rest, ...(data && { data }) };
      });
      for (const event of given) workspace.history.record(event, clock.now());
      const made = make.map((request) => ({ ...makeEvent(request, clock) }));
      for (const event of made) workspace.history.record(event, event.timestamp * 1000);
      const all: EventBody[] = [...given, ...made];
      const dispatch = (event: EventBody) => (reported ? dispatcher.dispatch(workspace, event) : []);
      return context.json({ events: all.map((event) => ({ id: event.event_id, webhooks: dispatch(event) })) });
    })
    .delete("/people/:id", (context) => {
      const { history } = workspaceNamed(account, context.req.query("workspace"));
      return context.json({ messages: history.deletePerson(context.req.param("id")) });
    })
    .post("/blast", async (context) => {
      const workspace = workspaceNamed(account, context.req.query("workspace"));
      const request = await read(blastRequest, context);
      let events = 0;
      let deliveries = 0;
      for (const event of blast(request, clock)) {
        events += 1;
        workspace.history.record({ ...event }, event.timestamp * 1000);
        deliveries += dispatcher.dispatch(workspace, { ...event }).length;
        // Let current calls complete in between; otherwise they would seem to take as long as the whole blast.
        if (events % 100 === 0) await breathe();
      }
      return context.json({ events, deliveries });
    })
    .post("/webhooks/:id/test", async (context) => {
      const id = Number(context.req.param("id"));
      const { variant } = await read(testBody, context);
      const workspace = account.workspaces.find(({ webhooks }) => webhooks.has(id));
      const webhook = workspace?.webhooks.get(id);
      if (!workspace || !webhook || isForeign(workspace, id)) {
        throw new BadRequest(`There is no webhook ${id} that was created here.`);
      }
      const event = testEvent(variant, clock);
      const result = await dispatcher.send(workspace, webhook, event);
      return context.json({ id: event.event_id, accepted: isAccepted(result), ...result });
    })
    .get("/signing-key", (context) =>
      context.json(workspaceNamed(account, context.req.query("workspace")).signingKey.describe()),
    )
    .post("/signing-key/rotate", async (context) => {
      const { signingKey } = workspaceNamed(account, context.req.query("workspace"));
      const { overlapSeconds } = await read(rotateBody, context);
      signingKey.rotate(overlapSeconds * 1000);
      return context.json(signingKey.describe());
    })
    .get("/deliveries", (context) => {
      const { limit, ...filter } = parse(deliveriesQuery, context.req.query());
      const acknowledgementMilliseconds = log.acknowledgementTimes();
      return context.json({
        counts: log.counts(),
        ...(acknowledgementMilliseconds && { acknowledgementMilliseconds }),
        deliveries: log.list(filter, limit),
      });
    })
    .post("/idle", async (context) => {
      const { timeoutSeconds } = await read(idleBody, context);
      const stop = new AbortController();
      const timeout = sleep(timeoutSeconds * 1000, undefined, { signal: stop.signal, ref: false });
      await Promise.race([log.idle(), timeout.catch(() => undefined)]);
      stop.abort();
      const counts = log.counts();
      return context.json({ idle: counts.waiting === 0, counts, waiting: log.list({ status: "waiting" }, 20) });
    })
    .post("/clock", async (context) => {
      const { advanceSeconds } = await read(clockBody, context);
      await clock.advance(advanceSeconds * 1000);
      return context.json({ now: new Date(clock.now()).toISOString() });
    })
    .post("/faults", async (context) => {
      const body = await read(faultsBody, context);
      faults.set(body.faults);
      return context.json({ faults: body.faults.length });
    })
    .get("/census", (context) => context.json(account.census()))
    .onError((error, context) => {
      if (error instanceof BadRequest) return context.json({ error: error.message }, 400);
      throw error;
    });
}

function workspaceNamed(account: Account, name: string | undefined): Workspace {
  const found = account.workspaces.find((workspace) => name === undefined || workspace.name === name);
  if (found === undefined) throw new BadRequest(`There is no workspace "${name}".`);
  return found;
}

/** The request's JSON body, `{}` if there is none. */
async function read<T extends z.ZodType>(schema: T, context: Context): Promise<z.output<T>> {
  const text = await context.req.text();
  let body: unknown;
  try {
    body = JSON.parse(text || "{}");
  } catch {
    throw new BadRequest("The body is not JSON.");
  }
  return parse(schema, body);
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadRequest(z.prettifyError(result.error));
}
