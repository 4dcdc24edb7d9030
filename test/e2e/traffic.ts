import { setTimeout as wait } from "node:timers/promises";
import type { Vendors } from "../../packages/local-cloud/src/demo/vendors.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";

/** Only the first open and click of a delivery would be sent. */
export const eventOf = (id: string) => ({ ...samples[0]?.event, event_id: id });

/** Events during a change of a stack. Each has to arrive. */
export class Traffic {
  /** Ids of all events that have happened. */
  readonly sent: string[] = [];
  readonly #vendors: Vendors;
  readonly #pause: number;
  readonly #repeats: boolean;

  /**
   * @param options.pause milliseconds from one event to the next
   * @param options.repeats whether each is sent again ten events later, as Customer.io does after a late answer; so
   *   some are delivered by one relay and repeated to another
   */
  constructor(vendors: Vendors, { pause, repeats }: { pause: number; repeats: boolean }) {
    this.#vendors = vendors;
    this.#pause = pause;
    this.#repeats = repeats;
  }

  /** Triggers events during the work and for a moment longer. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    let isDone = false;
    const traffic = (async () => {
      const later: string[] = [];
      for (let rest = 10; rest > 0; isDone && rest--) {
        const id = `traffic-${this.sent.length}`;
        this.sent.push(id);
        later.push(id);
        const again = this.#repeats && later.length > 10 ? [later.shift() ?? ""] : [];
        await this.#vendors.emit([id, ...again].map(eventOf));
        await wait(this.#pause);
      }
    })();
    try {
      return await work();
    } finally {
      isDone = true;
      await traffic;
    }
  }

  /** The events that are not in the dataset after some minutes, which a busy machine needs; skips Customer.io's hours of waiting. */
  async missing(): Promise<string[]> {
    const until = Date.now() + 150_000;
    for (;;) {
      await this.#vendors.passTime(3600);
      const delivered = new Set(await this.#vendors.deliveredIds());
      const absent = this.sent.filter((id) => !delivered.has(id));
      if (absent.length === 0 || Date.now() > until) return absent;
      await wait(500);
    }
  }
}
