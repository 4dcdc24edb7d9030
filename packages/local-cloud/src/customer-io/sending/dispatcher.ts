import { isForeign, type ReportingWebhook, type Workspace } from "../account.ts";
import type { AdjustableClock } from "../clock.ts";
import { bodyText, type EventBody, isSubscribed, repeatKey } from "../events/event-body.ts";
import type { Faults } from "../faults.ts";
import type { CustomerIoSwitches } from "../switches.ts";
import type { DeliveryLog, WebhookDelivery } from "./delivery-log.ts";
import { DispatchLine } from "./dispatch-line.ts";
import { nextWait, retryPeriod } from "./retry-schedule.ts";
import { type CallResult, isAccepted, type WebhookSender } from "./sender.ts";
import { sign } from "./signature.ts";

export interface DispatcherParts {
  readonly switches: CustomerIoSwitches;
  readonly clock: AdjustableClock;
  readonly log: DeliveryLog;
  readonly sender: WebhookSender;
  readonly faults: Faults;
}

/** Sends a workspace's events to its webhooks, following Customer.io's reporting webhook docs. */
export class Dispatcher {
  readonly #parts: DispatcherParts;
  readonly #lines = new Map<string, DispatchLine>();
  /** Deliveries that wait until their webhook is enabled again, by webhook. */
  readonly #kept = new Map<number, WebhookDelivery[]>();
  readonly #reported = new Map<Workspace, Set<string>>();
  #closed = false;

  constructor(parts: DispatcherParts) {
    this.#parts = parts;
  }

  /** Queues an event for every webhook that subscribed to it, except foreign ones; returns their ids. */
  dispatch(workspace: Workspace, event: EventBody): number[] {
    const isRepeat = this.#isRepeat(workspace, event);
    const takers = [...workspace.webhooks.values()].filter(
      (webhook) =>
        !isForeign(workspace, webhook.id) &&
        (!webhook.disabled || this.#parts.switches.whileDisabled === "kept") &&
        isSubscribed(webhook, event) &&
        (!isRepeat || webhook.full_resolution),
    );
    for (const webhook of takers) this.#queue(workspace, webhook, event);
    return takers.map(({ id }) => id);
  }

  /** Sends an event to one webhook at once, only once, and past all lines, like the UI's "Send test". */
  send(workspace: Workspace, webhook: ReportingWebhook, event: EventBody): Promise<CallResult> {
    const timestamp = this.#parts.clock.seconds();
    return this.#call(workspace, webhook.endpoint, bodyText(event, webhook.with_content), timestamp);
  }

  /** Call this after a webhook was changed or deleted. */
  webhookChanged(workspace: Workspace, id: number): void {
    const line = this.#line(workspace, id);
    const kept = this.#kept.get(id) ?? [];
    this.#kept.delete(id);
    if (workspace.webhooks.get(id)?.disabled === false) {
      line.push(kept);
      return;
    }
    const backlog = line.withdraw(({ webhookId }) => webhookId === id);
    for (const delivery of [...kept, ...backlog]) this.#setAside(delivery);
  }

  /** Stops sending; aborts calls under way. */
  close(): void {
    this.#closed = true;
    for (const line of this.#lines.values()) line.withdraw(() => true);
    this.#parts.sender.close();
  }

  #isRepeat(workspace: Workspace, event: EventBody): boolean {
    const key = repeatKey(event);
    if (key === undefined) return false;
    const reported = this.#reported.get(workspace) ?? new Set();
    this.#reported.set(workspace, reported);
    const isRepeat = reported.has(key);
    reported.add(key);
    return isRepeat;
  }

  #queue(workspace: Workspace, webhook: ReportingWebhook, event: EventBody): void {
    const body = bodyText(event, webhook.with_content);
    const delivery = this.#parts.log.open({ workspace, webhookId: webhook.id, eventId: event.event_id, body });
    if (webhook.disabled) this.#setAside(delivery);
    else this.#line(workspace, webhook.id).push([delivery]);
  }

  #line(workspace: Workspace, webhookId: number): DispatchLine {
    const { switches, clock } = this.#parts;
    const scope = switches.blockingScope === "workspace" ? `workspace ${workspace.id}` : `webhook ${webhookId}`;
    const line =
      this.#lines.get(scope) ?? new DispatchLine(switches.lanes, clock, (delivery) => this.#attempt(delivery));
    this.#lines.set(scope, line);
    return line;
  }

  /** Makes one attempt; returns the time of the next, or undefined once the delivery has ended or was set aside. */
  async #attempt(delivery: WebhookDelivery): Promise<number | undefined> {
    const { clock, log, switches, faults } = this.#parts;
    const now = { time: clock.now(), timestamp: clock.seconds() };
    delivery.first ??= now;
    const endOfRetries = delivery.first.time + retryPeriod;
    const webhook = enabledWebhook(delivery);
    if (webhook === undefined) return this.#setAside(delivery);
    if (now.time >= endOfRetries) return log.end(delivery, "given-up");

    const { timestamp } = switches.timestampOnRetry === "first" ? delivery.first : now;
    const call = () => {
      delivery.attempts += 1;
      return this.#call(delivery.workspace, webhook.endpoint, delivery.body, timestamp);
    };
    const result = await call();
    delivery.lastStatus = result.status;
    if (isAccepted(result)) {
      if (faults.forAcceptedEvent()) await call();
      log.noteAcknowledgement(result.milliseconds);
      return log.end(delivery, "accepted");
    }
    if (this.#closed) return undefined;
    // Disabled or deleted during the call: it comes before everything that was set aside meanwhile.
    if (enabledWebhook(delivery) === undefined) return this.#setAside(delivery, "first");
    delivery.lastWait = nextWait(result.status, delivery.lastWait, switches.shortFirstWaitSeconds * 1000);
    delivery.nextAttemptAt = Math.min(clock.now() + delivery.lastWait, endOfRetries);
    return delivery.nextAttemptAt;
  }

  #call(workspace: Workspace, endpoint: string, body: string, timestamp: number): Promise<CallResult> {
    const headers = {
      "User-Agent": "Customer.io Web Hooks 1.0",
      "X-CIO-Timestamp": String(timestamp),
      "X-CIO-Signature": sign(workspace.signingKey.signing, timestamp, body),
    };
    return this.#parts.sender.post(endpoint, body, headers, this.#parts.switches.callTimeoutSeconds * 1000);
  }

  /** Keeps a delivery for a disabled webhook, if the switch says so; otherwise it is lost. */
  #setAside(delivery: WebhookDelivery, place: "first" | "last" = "last"): undefined {
    const webhook = delivery.workspace.webhooks.get(delivery.webhookId);
    if (webhook === undefined || this.#parts.switches.whileDisabled === "lost") {
      return this.#parts.log.end(delivery, "lost");
    }
    const kept = this.#kept.get(delivery.webhookId) ?? [];
    this.#kept.set(delivery.webhookId, place === "first" ? [delivery, ...kept] : kept.concat(delivery));
    return undefined;
  }
}

function enabledWebhook({ workspace, webhookId }: WebhookDelivery): ReportingWebhook | undefined {
  const webhook = workspace.webhooks.get(webhookId);
  return webhook?.disabled === false ? webhook : undefined;
}
