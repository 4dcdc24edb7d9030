import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { type Context, Hono } from "hono";
import { subscriptionNames } from "pulumi-customerio/events";
import type { Account, ReportingWebhook, Workspace } from "../account.ts";
import type { AdjustableClock } from "../clock.ts";
import type { AppApiOperation, Faults } from "../faults.ts";
import { addHistoryRoutes } from "../history/routes.ts";
import type { CustomerIoSwitches } from "../switches.ts";
import { CallLimit } from "./call-limit.ts";
import { readWebhookInput } from "./webhook-input.ts";

export type Region = "us" | "eu";

/** The source addresses of Customer.io's calls, from its docs ("IP addresses"); the lists grow over time. */
const ipAddresses: Record<Region, readonly string[]> = {
  us: [
    "35.188.196.183",
    "104.198.177.219",
    "104.154.232.87",
    "130.211.229.195",
    "104.198.221.24",
    "104.197.27.15",
    "35.194.9.154",
    "104.154.144.51",
    "104.197.210.12",
    "35.225.6.73",
    "35.192.215.166",
    "34.170.204.100",
  ],
  eu: [
    "34.76.143.229",
    "34.78.91.47",
    "34.77.94.252",
    "35.187.188.242",
    "34.78.122.90",
    "35.195.137.235",
    "130.211.108.156",
    "104.199.50.18",
    "34.78.44.80",
    "35.205.31.154",
  ],
};

export const requestsPerSecond = 10;

export interface AppApiParts {
  readonly account: Account;
  readonly region: Region;
  readonly switches: CustomerIoSwitches;
  readonly clock: AdjustableClock;
  readonly faults: Faults;
  /** Called after a webhook was changed or deleted. */
  readonly webhookChanged: (workspace: Workspace, id: number) => void;
}

type Env = { Bindings: HttpBindings };
type Act = (workspace: Workspace, context: Context<Env>) => Response | Promise<Response>;

/** The parts of Customer.io's App API about reporting webhooks and about history, under `/v1`. */
export function appApi(parts: AppApiParts): Hono<Env> {
  return new AppApi(parts).routes();
}

class AppApi {
  readonly #parts: AppApiParts;
  readonly #limits = new Map<string, CallLimit>();
  /** Calls for history so far, by workspace and day. */
  readonly #historyCalls = new Map<string, number>();

  constructor(parts: AppApiParts) {
    this.#parts = parts;
  }

  routes(): Hono<Env> {
    const { account, region, clock, switches } = this.#parts;
    const webhook = "/reporting_webhooks/:id";
    const operations: readonly (readonly [method: string, path: string, AppApiOperation, Act])[] = [
      ["GET", "/reporting_webhooks", "list", (workspace) => this.#list(workspace)],
      ["POST", "/reporting_webhooks", "create", (...call) => this.#create(...call)],
      ["GET", webhook, "read", this.#onWebhook((found) => this.#single(found))],
      ["PUT", webhook, "update", this.#onWebhook((...call) => this.#update(...call))],
      ["DELETE", webhook, "delete", this.#onWebhook((found, workspace) => this.#delete(found, workspace))],
      [
        "GET",
        "/workspaces",
        "workspaces",
        () => Response.json({ workspaces: account.workspaces.map(workspaceSummary) }),
      ],
      ["GET", "/info/ip_addresses", "ip_addresses", () => Response.json({ ip_addresses: ipAddresses[region] })],
    ];
    const app = new Hono<Env>();
    for (const [method, path, operation, act] of operations) app.on(method, path, this.#guard(operation, act));
    const guard = (...call: [AppApiOperation, Act]) => this.#guard(...call);
    const refuse = (status: number, detail: string) => this.#refusal(status, detail);
    return addHistoryRoutes(app, { clock, switches, guard, refuse }).all("*", () => this.#refusal(404, "not found"));
  }

  #list({ webhooks }: Workspace): Response {
    const list = [...webhooks.values()].map((webhook) => this.#describeWebhook(webhook));
    const isNull = list.length === 0 && this.#parts.switches.emptyList === "null";
    return Response.json({ reporting_webhooks: isNull ? null : list });
  }

  async #create(workspace: Workspace, context: Context<Env>): Promise<Response> {
    const { account, switches } = this.#parts;
    const input = readWebhookInput(await context.req.text(), undefined, switches);
    if (Array.isArray(input)) return this.#problem(400, input);
    const webhook: ReportingWebhook = { id: account.newWebhookId(), type: "webhook", ...input };
    workspace.webhooks.set(webhook.id, webhook);
    return this.#single(webhook);
  }

  #update(current: ReportingWebhook, workspace: Workspace, body: string): Response {
    const input = readWebhookInput(body, current, this.#parts.switches);
    if (Array.isArray(input)) return this.#problem(400, input);
    const webhook: ReportingWebhook = { id: current.id, type: current.type, ...input };
    workspace.webhooks.set(webhook.id, webhook);
    this.#parts.webhookChanged(workspace, webhook.id);
    return this.#single(webhook);
  }

  #delete({ id }: ReportingWebhook, workspace: Workspace): Response {
    workspace.webhooks.delete(id);
    this.#parts.webhookChanged(workspace, id);
    return new Response(null, { status: this.#parts.switches.deleteStatus });
  }

  #problem(status: number, complaints: readonly { detail: string; pointer?: string }[]) {
    const errors = complaints.map(({ detail, pointer }) => ({
      detail,
      status: this.#parts.switches.errorStatusType === "number" ? status : String(status),
      ...(pointer !== undefined && { source: { pointer } }),
    }));
    return Response.json({ errors }, { status });
  }

  #refusal(status: number, detail: string): Response {
    return this.#problem(status, [{ detail }]);
  }

  #tooMany(detail: string): Response {
    return this.#refusal(429, `${detail} (reference ${randomBytes(3).toString("hex")})`);
  }

  #workspaceOf(context: Context<Env>): Workspace | undefined {
    const authorization = context.req.header("Authorization");
    return this.#parts.account.workspaces.find(({ appApiKey }) => authorization === `Bearer ${appApiKey}`);
  }

  #isForbidden(operation: AppApiOperation): boolean {
    if (this.#parts.switches.appApiKeyAccess === "address-refused") return true;
    // Any App API key may list the workspaces and addresses.
    if (operation === "workspaces" || operation === "ip_addresses") return false;
    return this.#parts.switches.appApiKeyAccess === (isOfHistory(operation) ? "no-history" : "no-reporting-webhooks");
  }

  #isWithinQuota(workspace: Workspace, operation: AppApiOperation): boolean {
    const { switches, clock } = this.#parts;
    if (switches.historyCallsPerDay === 0 || !isOfHistory(operation)) return true;
    const key = `${workspace.name} ${new Date(clock.now()).toISOString().slice(0, 10)}`;
    const calls = (this.#historyCalls.get(key) ?? 0) + 1;
    this.#historyCalls.set(key, calls);
    return calls <= switches.historyCallsPerDay;
  }

  #isWithinLimit(workspace: Workspace): boolean {
    const scope = this.#parts.switches.rateLimitScope === "account" ? "account" : workspace.name;
    const limit = this.#limits.get(scope) ?? new CallLimit(requestsPerSecond, this.#parts.clock);
    this.#limits.set(scope, limit);
    return limit.allow();
  }

  #rateLimited(): Response {
    const response = this.#tooMany(`rate limited to ${requestsPerSecond} requests per 1s`);
    if (this.#parts.switches.rateLimitHeader === "retry-after") response.headers.set("Retry-After", "1");
    return response;
  }

  /** Guards an operation: key, rights, rate limit, faults. */
  #guard(operation: AppApiOperation, act: Act) {
    return async (context: Context<Env>): Promise<Response> => {
      const workspace = this.#workspaceOf(context);
      if (workspace === undefined) return this.#refusal(401, "unauthorized");
      if (this.#isForbidden(operation)) return this.#refusal(403, "forbidden");
      if (!this.#isWithinLimit(workspace)) return this.#rateLimited();
      if (!this.#isWithinQuota(workspace, operation)) return this.#tooMany("daily quota exceeded");
      const fault = this.#parts.faults.forCall(operation);
      if (fault?.kind === "status" && fault.status === 429) return this.#rateLimited();
      if (fault?.kind === "status") return this.#refusal(fault.status, "something went wrong");
      if (fault?.kind === "quota") return this.#tooMany("daily quota exceeded");
      const response = await act(workspace, context);
      if (fault?.kind === "slow") await sleep(fault.seconds * 1000);
      if (fault?.kind !== "drop") return response;
      context.env.incoming.socket.destroy();
      return RESPONSE_ALREADY_SENT;
    };
  }

  #describeWebhook(webhook: ReportingWebhook): object {
    const events = this.#parts.switches.eventOrder === "as-sent" ? webhook.events : inCatalogueOrder(webhook.events);
    return { ...webhook, events, ...(this.#parts.switches.undocumentedField && { health: "ok" }) };
  }

  #single(webhook: ReportingWebhook): Response {
    return Response.json(
      this.#parts.switches.singleObject === "wrapped"
        ? { reporting_webhook: this.#describeWebhook(webhook) }
        : this.#describeWebhook(webhook),
    );
  }

  /** Finds the webhook that the path names, in the key's own workspace only. */
  #onWebhook(act: (webhook: ReportingWebhook, workspace: Workspace, body: string) => Response): Act {
    return async (workspace, context) => {
      const body = await context.req.text();
      const id = context.req.param("id") ?? "";
      const webhook = /^\d+$/.test(id) ? workspace.webhooks.get(Number(id)) : undefined;
      return webhook === undefined ? this.#refusal(404, "reporting webhook not found") : act(webhook, workspace, body);
    };
  }
}

function isOfHistory(operation: AppApiOperation): boolean {
  return ["messages", "message", "activities", "metrics"].includes(operation);
}

function inCatalogueOrder(names: readonly string[]): string[] {
  const listed: readonly string[] = subscriptionNames.filter((name) => names.includes(name));
  return [...listed, ...names.filter((name) => !listed.includes(name))];
}

function workspaceSummary({ id, name }: Workspace): object {
  return { id, name, messages_sent: 0, billable_messages_sent: 0, people: 0, object_types: 0, objects: 0 };
}
