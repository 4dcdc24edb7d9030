interface Waiting<Item, Result> {
  readonly item: Item;
  readonly done: PromiseWithResolvers<Result>;
}

export interface GatheringOptions<Item, Result> {
  /** Processes some items of one group. @returns one result per item, in order */
  readonly work: (group: string, items: readonly Item[]) => Promise<readonly Result[]>;
  /** Maximum number of items per call of `work`. */
  readonly most: number;
}

/**
 * Batches work without waiting for a batch to fill: a single item is processed at once, and items of the same group that arrive meanwhile
 * form the next batch.
 */
export class Gathering<Item, Result> {
  readonly #options: GatheringOptions<Item, Result>;
  /** Waiting items of each group that is being processed. */
  readonly #groups = new Map<string, Waiting<Item, Result>[]>();

  constructor(options: GatheringOptions<Item, Result>) {
    this.#options = options;
  }

  /** @throws what `work` throws for the batch with this item */
  add(group: string, item: Item): Promise<Result> {
    const done = Promise.withResolvers<Result>();
    const waiting = this.#groups.get(group);
    if (waiting) waiting.push({ item, done });
    else {
      const begun = [{ item, done }];
      this.#groups.set(group, begun);
      void this.#workOff(group, begun);
    }
    return done.promise;
  }

  async #workOff(group: string, waiting: Waiting<Item, Result>[]): Promise<void> {
    // Items added in the same tick, such as the events of one message, join the batch.
    await Promise.resolve();
    while (waiting.length > 0) {
      const together = waiting.splice(0, this.#options.most);
      try {
        const results = await this.#options.work(
          group,
          together.map(({ item }) => item),
        );
        for (const [at, { done }] of together.entries()) done.resolve(results[at] as Result);
      } catch (error) {
        for (const { done } of together) done.reject(error);
      }
    }
    this.#groups.delete(group);
  }
}
