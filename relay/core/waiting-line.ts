/** Callers that wait for one place, which only one of them has at a time. */
export class WaitingLine {
  /** The first is the next. */
  readonly #waiting: { readonly rank: number; readonly go: (hasPlace: boolean) => void }[] = [];
  #isTaken = false;

  /** How many wait for the place. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Waits for the place.
   *
   * @param rank callers wait behind all of the same or a lower rank
   * @returns whether the caller has it, and must leave it; false if it was dismissed
   */
  enter(rank: number): Promise<boolean> {
    const { promise, resolve: go } = Promise.withResolvers<boolean>();
    if (this.#isTaken) {
      const before = this.#waiting.findLastIndex((other) => other.rank <= rank);
      this.#waiting.splice(before + 1, 0, { rank, go });
    } else {
      this.#isTaken = true;
      go(true);
    }
    return promise;
  }

  /** @param choose who is next, given the number of those who wait, in their order: 0 is the first */
  leave(choose: (waiting: number) => number): void {
    const [next] = this.#waiting.splice(choose(this.#waiting.length), 1);
    if (next) next.go(true);
    else this.#isTaken = false;
  }

  /** Dismisses all who wait. */
  dismiss(): void {
    for (const { go } of this.#waiting.splice(0)) go(false);
  }
}
