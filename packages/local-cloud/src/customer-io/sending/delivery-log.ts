import type { Workspace } from "../account.ts";

/** `waiting` for its turn or a retry, or ended: `accepted`, `given-up` after seven days, or `lost` with its webhook. */
export type DeliveryStatus = "waiting" | "accepted" | "given-up" | "lost";

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  readonly workspace: Workspace;
  readonly webhookId: number;
  readonly eventId: string;
  /** Emptied once the delivery has ended. */
  body: string;
  status: DeliveryStatus;
  attempts: number;
  /** Status of the last answer, or the error if there was none. */
  lastStatus?: number | string;
  /** Time of the first attempt, in milliseconds since 1970, and its `X-CIO-Timestamp`. */
  first?: { readonly time: number; readonly timestamp: number };
  /** Milliseconds before the latest or the next attempt. */
  lastWait: number;
  /** In milliseconds since 1970. */
  nextAttemptAt?: number;
}

/** A delivery in the answer of `GET /__local/deliveries`. */
export interface ShownDelivery {
  readonly id: string;
  readonly webhook: number;
  readonly status: DeliveryStatus;
  readonly attempts: number;
  readonly lastStatus?: number | string;
  readonly nextAttemptAt?: string;
}

export interface AcknowledgementTimes {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** All deliveries so far and their outcomes. */
export class DeliveryLog {
  readonly #deliveries: WebhookDelivery[] = [];
  readonly #acknowledgements: number[] = [];
  #waiting = 0;
  #whenIdle: (() => void)[] = [];

  open(delivery: Pick<WebhookDelivery, "workspace" | "webhookId" | "eventId" | "body">): WebhookDelivery {
    const opened: WebhookDelivery = { ...delivery, status: "waiting", attempts: 0, lastWait: 0 };
    this.#deliveries.push(opened);
    this.#waiting += 1;
    return opened;
  }

  /** Ends a delivery, unless it has already ended. */
  end(delivery: WebhookDelivery, status: Exclude<DeliveryStatus, "waiting">): undefined {
    if (delivery.status !== "waiting") return;
    delivery.status = status;
    delivery.body = "";
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Notes how many milliseconds an endpoint took to accept an event. */
  noteAcknowledgement(milliseconds: number): void {
    this.#acknowledgements.push(milliseconds);
  }

  /** Resolves once no delivery waits. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#waiting === 0) resolve();
      else this.#whenIdle.push(resolve);
    });
  }

  counts(): Record<DeliveryStatus, number> {
    const counts = { waiting: 0, accepted: 0, "given-up": 0, lost: 0 };
    for (const { status } of this.#deliveries) counts[status] += 1;
    return counts;
  }

  /** How long endpoints took to accept events, in milliseconds; undefined before the first. */
  acknowledgementTimes(): AcknowledgementTimes | undefined {
    const times = this.#acknowledgements.toSorted((a, b) => a - b);
    const at = (part: number) => times[Math.min(times.length - 1, Math.floor(part * times.length))];
    const [p50, p95, p99, max] = [at(0.5), at(0.95), at(0.99), at(1)];
    if (p50 === undefined || p95 === undefined || p99 === undefined || max === undefined) return undefined;
    return { p50, p95, p99, max };
  }

  /** The latest `limit` deliveries, oldest first. */
  list(filter: { status?: DeliveryStatus; webhook?: number }, limit: number): ShownDelivery[] {
    return this.#deliveries
      .filter(({ status }) => filter.status === undefined || filter.status === status)
      .filter(({ webhookId }) => filter.webhook === undefined || filter.webhook === webhookId)
      .slice(-limit)
      .map(({ eventId, webhookId, status, attempts, lastStatus, nextAttemptAt }) => ({
        id: eventId,
        webhook: webhookId,
        status,
        attempts,
        ...(lastStatus !== undefined && { lastStatus }),
        ...(status === "waiting" && nextAttemptAt && { nextAttemptAt: new Date(nextAttemptAt).toISOString() }),
      }));
  }
}
