import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { listen } from "../listen.ts";
import { Account, type WorkspaceOptions } from "./account.ts";
import { customerIoAdminRoutes } from "./admin.ts";
import { appApi, type Region } from "./app-api/app-api.ts";
import { AdjustableClock } from "./clock.ts";
import { Faults } from "./faults.ts";
import { DeliveryLog } from "./sending/delivery-log.ts";
import { Dispatcher } from "./sending/dispatcher.ts";
import { WebhookSender } from "./sending/sender.ts";
import { type CustomerIoSwitches, defaultCustomerIoSwitches } from "./switches.ts";

export interface CustomerIoOptions {
  /** The account's workspaces; at least one. */
  readonly workspaces: readonly WorkspaceOptions[];
  /** Region of the returned address list; a real key works only in its own region. Default: `us`. */
  readonly region?: Region;
  /** Behaviors that no source settles; see `CustomerIoSwitches`. */
  readonly switches?: Partial<CustomerIoSwitches>;
  /** Default: real time. */
  readonly clock?: AdjustableClock;
}

export interface CustomerIoStandIn {
  /** Origin of the App API (`CUSTOMERIO_APP_API_URL`) and of the admin routes (`/__local`, see `customerIoAdminRoutes`). */
  readonly url: string;
  /** Answers as its port does, without a connection: for callers in the same process. */
  readonly fetch: (request: Request) => Response | Promise<Response>;
  /** Stops sending and answering. */
  close(): Promise<void>;
}

/** Starts a stand-in for Customer.io on a free port of 127.0.0.1: its App API, and the dispatch of reporting webhooks. */
export async function startCustomerIo(options: CustomerIoOptions): Promise<CustomerIoStandIn> {
  const clock = options.clock ?? AdjustableClock.running();
  const switches = { ...defaultCustomerIoSwitches, ...options.switches };
  const account = new Account(options.workspaces, clock);
  const faults = new Faults();
  const log = new DeliveryLog();
  const dispatcher = new Dispatcher({ switches, clock, log, faults, sender: new WebhookSender() });
  const app = new Hono<{ Bindings: HttpBindings }>()
    .route("/__local", customerIoAdminRoutes({ account, clock, dispatcher, log, faults }))
    .route(
      "/v1",
      appApi({
        account,
        region: options.region ?? "us",
        switches,
        clock,
        faults,
        webhookChanged: (workspace, id) => dispatcher.webhookChanged(workspace, id),
      }),
    );
  const listener = await listen(app.fetch);
  return {
    url: `http://127.0.0.1:${listener.port}`,
    fetch: (request) => app.fetch(request),
    async close() {
      dispatcher.close();
      await listener.close();
      await clock.untilSettled();
    },
  };
}
