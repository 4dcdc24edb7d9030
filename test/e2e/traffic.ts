import { setTimeout as wait } from "node:timers/promises";
import type { Vendors } from "../../packages/local-cloud/src/demo/vendors.ts";
import { until } from "../../packages/local-cloud/test/until.ts";
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

  /** See `findMissing`. */
  missing(): Promise<string[]> {
    return findMissing(this.#vendors, this.sent);
  }
}

/** The events that are not in the dataset after some minutes, which a busy machine needs; skips Customer.io's hours of waiting. */
export async function findMissing(vendors: Vendors, sent: readonly string[]): Promise<string[]> {
  const end = Date.now() + 150_000;
  for (;;) {
    await vendors.passTime(3600);
    const delivered = new Set(await vendors.deliveredIds());
    const absent = sent.filter((id) => !delivered.has(id));
    if (absent.length === 0 || Date.now() > end) return absent;
    await wait(500);
  }
}

/** Waits until Platform has mapped each of these events. */
export async function untilDelivered(vendors: Vendors, ids: readonly string[]): Promise<void> {
  const findRest = async () => {
    const delivered = new Set(await vendors.deliveredIds());
    return ids.filter((id) => !delivered.has(id));
  };
  await until(findRest, (rest) => rest.length === 0);
}

/** Makes events that Platform refuses for good. */
export async function makeDeadLetters(vendors: Vendors, ...ids: readonly string[]): Promise<void> {
  await vendors.refuseEvents(400);
  await vendors.emit(ids.map(eventOf));
  const dead = await until(
    () => vendors.deadLetteredIds(),
    (found) => found.length >= ids.length,
  );
  await vendors.endFaults();
  expect(dead.toSorted()).toEqual(ids);
}
