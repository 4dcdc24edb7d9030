import { isDeepStrictEqual } from "node:util";
import type { AdjustableClock } from "./clock.ts";
import { MessageLog } from "./history/message-log.ts";
import { SigningKey } from "./signing-key.ts";

/** The settings of a reporting webhook that callers of the App API choose. */
export interface ReportingWebhookInput {
  readonly name: string;
  readonly endpoint: string;
  readonly events: readonly string[];
  readonly disabled: boolean;
  readonly full_resolution: boolean;
  readonly with_content: boolean;
}

/** A reporting webhook in the App API's answers. */
export interface ReportingWebhook extends ReportingWebhookInput {
  readonly id: number;
  /** `js` webhooks run JavaScript inside Customer.io; the App API lists them, but can't create them. */
  readonly type: "webhook" | "js";
}

export interface WorkspaceOptions {
  readonly name: string;
  /** Key for this workspace only. */
  readonly appApiKey: string;
  readonly signingKey: string;
}

/** Number of webhooks created through the App API, and of foreign ones. */
export interface WebhookCensus {
  readonly webhooks: number;
  readonly foreign: number;
  /** Foreign webhooks that were deleted or changed. */
  readonly foreignChanged: number;
}

export interface Workspace {
  readonly id: number;
  readonly name: string;
  readonly appApiKey: string;
  readonly signingKey: SigningKey;
  readonly webhooks: Map<number, ReportingWebhook>;
  /** Its messages, whether or not a webhook reported them. */
  readonly history: MessageLog;
  /** Existing webhooks of others: a plain one and one of type `js`. The stand-in has no receivers for them. */
  readonly foreign: readonly ReportingWebhook[];
}

/** Whether the webhook existed before the account's user created any. */
export function isForeign(workspace: Workspace, webhookId: number): boolean {
  return workspace.foreign.some(({ id }) => id === webhookId);
}

/** The customer's account: its workspaces with their reporting webhooks. */
export class Account {
  readonly workspaces: readonly Workspace[];
  #lastId = 0;

  constructor(workspaces: readonly WorkspaceOptions[], clock: AdjustableClock) {
    const keys = new Set(workspaces.map(({ appApiKey }) => appApiKey));
    if (workspaces.length === 0 || keys.size < workspaces.length) {
      throw new Error("Customer.io's stand-in needs at least one workspace, and an App API key of its own for each.");
    }
    this.workspaces = workspaces.map(({ name, appApiKey, signingKey }, index) => {
      const foreign = [this.#foreignWebhook("webhook"), this.#foreignWebhook("js")];
      const webhooks = new Map(foreign.map((webhook) => [webhook.id, webhook]));
      const own = { signingKey: new SigningKey(signingKey, clock), webhooks, foreign, history: new MessageLog() };
      return { id: index + 1, name, appApiKey, ...own };
    });
  }

  newWebhookId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  census(): WebhookCensus {
    const all = this.workspaces.flatMap(({ webhooks }) => [...webhooks.values()]);
    const foreign = this.workspaces.flatMap((workspace) =>
      workspace.foreign.map((before) => ({ before, now: workspace.webhooks.get(before.id) })),
    );
    const stillThere = foreign.filter(({ now }) => now !== undefined).length;
    return {
      webhooks: all.length - stillThere,
      foreign: stillThere,
      foreignChanged: foreign.filter(({ before, now }) => !isDeepStrictEqual(before, now)).length,
    };
  }

  #foreignWebhook(type: ReportingWebhook["type"]): ReportingWebhook {
    return {
      id: this.newWebhookId(),
      type,
      name: type === "js" ? "Score leads" : "Warehouse",
      endpoint: "https://warehouse.example.com/customerio",
      events: ["email_sent", "email_delivered", "email_opened"],
      disabled: false,
      full_resolution: false,
      with_content: false,
    };
  }
}
