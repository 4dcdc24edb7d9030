interface Waiting<Item, Result> {
  readonly item: Item;
  readonly done: PromiseWithResolvers<Result>;
}

export interface GatheringOptions<Item, Result> {
  /** Does the work for some items of one group. @returns one result for each, in their order */
  readonly work: (group: string, items: readonly Item[]) => Promise<readonly Result[]>;
  /** Items that one piece of work takes at most. */
  readonly most: number;
}

/**
 * Does work together without making anybody wait for company: an item that comes alone is worked on at once, and those that come
 * meanwhile, in the same group, are the next piece of work.
 */
export class Gathering<Item, Result> {
  readonly #options: GatheringOptions<Item, Result>;
  /** What waits in each group that is at work. */
  readonly #groups = new Map<string, Waiting<Item, Result>[]>();

  constructor(options: GatheringOptions<Item, Result>) {
    this.#options = options;
  }

  /** @throws what the work throws that this item was part of */
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
    // What comes in the same moment, such as the events of one message, comes along.
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
