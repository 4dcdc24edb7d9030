import type { AdjustableClock } from "../clock.ts";
import type { WebhookDelivery } from "./delivery-log.ts";

/**
 * A first-in-first-out line of deliveries. A delivery that fails keeps its lane until it succeeds or is given up, so
 * with one lane it holds up all later ones.
 */
export class DispatchLine {
  readonly #lanes: number;
  readonly #clock: AdjustableClock;
  readonly #attempt: (delivery: WebhookDelivery) => Promise<number | undefined>;
  #queue: WebhookDelivery[] = [];
  #taken = 0;
  #sending = 0;
  readonly #retries = new Map<WebhookDelivery, () => void>();

  /** @param attempt makes one attempt; returns the time of the next (milliseconds since 1970), or undefined once it ended */
  constructor(
    lanes: number,
    clock: AdjustableClock,
    attempt: (delivery: WebhookDelivery) => Promise<number | undefined>,
  ) {
    this.#lanes = lanes;
    this.#clock = clock;
    this.#attempt = attempt;
  }

  push(deliveries: readonly WebhookDelivery[]): void {
    for (const delivery of deliveries) this.#queue.push(delivery);
    this.#fillLanes();
  }

  /** Removes and returns the matching deliveries, in order. Deliveries that are being sent stay. */
  withdraw(fits: (delivery: WebhookDelivery) => boolean): WebhookDelivery[] {
    const heads = [...this.#retries].filter(([delivery]) => fits(delivery));
    for (const [delivery, cancel] of heads) {
      cancel();
      this.#retries.delete(delivery);
    }
    const queued = this.#queue.slice(this.#taken);
    this.#queue = queued.filter((delivery) => !fits(delivery));
    this.#taken = 0;
    this.#fillLanes();
    return [...heads.map(([delivery]) => delivery), ...queued.filter(fits)];
  }

  #fillLanes(): void {
    while (this.#sending + this.#retries.size < this.#lanes) {
      const delivery = this.#next();
      if (delivery === undefined) return;
      this.#start(delivery);
    }
  }

  #next(): WebhookDelivery | undefined {
    const delivery = this.#queue[this.#taken];
    if (delivery === undefined) return undefined;
    this.#taken += 1;
    // Array.shift would move the whole rest each time, which is slow in a blast.
    if (this.#taken === 1024) {
      this.#queue = this.#queue.slice(this.#taken);
      this.#taken = 0;
    }
    return delivery;
  }

  #start(delivery: WebhookDelivery): void {
    this.#sending += 1;
    this.#clock.holdFor(this.#run(delivery));
  }

  async #run(first: WebhookDelivery): Promise<void> {
    for (let delivery: WebhookDelivery | undefined = first; delivery !== undefined; delivery = this.#next()) {
      const retryAt = await this.#attempt(delivery);
      if (retryAt !== undefined) {
        this.#waitUntil(retryAt, delivery);
        break;
      }
    }
    this.#sending -= 1;
  }

  #waitUntil(time: number, delivery: WebhookDelivery): void {
    const retry = () => {
      this.#retries.delete(delivery);
      this.#start(delivery);
    };
    this.#retries.set(delivery, this.#clock.at(time, retry));
  }
}
