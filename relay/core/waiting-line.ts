/** Callers who wait for one place, which one of them has at a time. */
export class WaitingLine {
  readonly #waiting: ((hasPlace: boolean) => void)[] = [];
  #isTaken = false;

  /** How many wait for the place. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Waits for the place. @returns whether the caller has it, and must leave it; false if it was dismissed */
  enter(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (this.#isTaken) this.#waiting.push(resolve);
    else {
      this.#isTaken = true;
      resolve(true);
    }
    return promise;
  }

  /** @param choose who is next, given the number of those who wait, in the order in which they came: 0 is the first */
  leave(choose: (waiting: number) => number): void {
    const [next] = this.#waiting.splice(choose(this.#waiting.length), 1);
    if (next) next(true);
    else this.#isTaken = false;
  }

  /** Sends everyone away who waits. */
  dismiss(): void {
    for (const go of this.#waiting.splice(0)) go(false);
  }
}
