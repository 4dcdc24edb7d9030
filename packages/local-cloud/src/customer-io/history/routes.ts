import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type { Workspace } from "../account.ts";
import type { AdjustableClock } from "../clock.ts";
import type { AppApiOperation } from "../faults.ts";
import type { CustomerIoSwitches } from "../switches.ts";
import { listActivities } from "./activities.ts";
import type { ParentAttribute } from "./message-log.ts";
import { listMessages, showMessage } from "./messages.ts";
import { countMetrics } from "./metrics.ts";

type Env = { Bindings: HttpBindings };

export interface HistoryParts {
  readonly clock: AdjustableClock;
  readonly switches: CustomerIoSwitches;
  /** Guards an operation: key, rights, rate limit, faults. */
  readonly guard: (
    operation: AppApiOperation,
    act: (workspace: Workspace, context: Context<Env>) => Response,
  ) => (context: Context<Env>) => Promise<Response>;
  readonly refuse: (status: number, detail: string) => Response;
}

/** What sends messages, by the name of its collection in paths. */
const parents: Readonly<Record<string, ParentAttribute>> = {
  campaigns: "campaign_id",
  broadcasts: "broadcast_id",
  newsletters: "newsletter_id",
  transactional: "transactional_message_id",
};

/** The App API's routes for history: messages, activities and metrics. */
export function addHistoryRoutes(app: Hono<Env>, { clock, switches, guard, refuse }: HistoryParts): Hono<Env> {
  const options = () => ({ now: clock.now(), switches });
  app.get(
    "/messages",
    guard("messages", ({ history }, { req }) => Response.json(listMessages(history, req.query(), options()))),
  );
  app.get(
    "/messages/:id",
    guard("message", ({ history }, { req }) => {
      const message = history.get(req.param("id") ?? "");
      return message ? Response.json({ message: showMessage(message, switches) }) : refuse(404, "message not found");
    }),
  );
  app.get(
    "/activities",
    guard("activities", ({ history }, { req }) =>
      Response.json(listActivities(history, req.query(), clock.now(), switches)),
    ),
  );
  for (const [collection, attribute] of Object.entries(parents)) {
    app.get(
      `/${collection}/:id/messages`,
      guard("messages", ({ history }, { req }) => {
        const parent = { attribute, id: Number(req.param("id")) };
        return Response.json(listMessages(history, req.query(), { ...options(), parent }));
      }),
    );
    app.get(
      `/${collection}/:id/metrics`,
      guard("metrics", ({ history }, { req }) => {
        const id = Number(req.param("id"));
        const theirs = history.messages().filter(({ attributes }) => attributes[attribute] === id);
        // Newsletters and transactional messages have only the first version.
        const { version, ...rest } = req.query();
        const hasSecond = collection === "campaigns" || collection === "broadcasts";
        const query = hasSecond && version !== undefined ? { ...rest, version } : rest;
        const counted = countMetrics(theirs, query, clock.now());
        return typeof counted === "string" ? refuse(400, counted) : Response.json(counted);
      }),
    );
  }
  return app;
}
