const beginning = Date.parse("2026-11-20T10:00:00.000Z");

/** Virtual time: it advances at once to the next moment that something waits for. Everything that waits has to use it. */
export class VirtualTime {
  /** Milliseconds since the start. */
  now = 0;
  readonly #waiting: { readonly at: number; readonly go: () => void }[] = [];

  readonly clock = (): Date => new Date(beginning + this.now);
  readonly monotonic = (): number => this.now;

  readonly sleep = (milliseconds: number): Promise<void> =>
    new Promise((go) => {
      const at = this.now + Math.max(0, milliseconds);
      let low = 0;
      let high = this.#waiting.length;
      // Sorted with the latest first. Among those of one time the first to wait comes last, so it is the first to continue.
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((this.#waiting[middle]?.at ?? 0) > at) low = middle + 1;
        else high = middle;
      }
      this.#waiting.splice(low, 0, { at, go });
    });

  /** Advances time until then, or until the condition holds. */
  async pass(until: number, isOver: () => boolean = () => false): Promise<void> {
    for (;;) {
      // Everything that does not wait for time runs first.
      await new Promise(setImmediate);
      const next = this.#waiting.at(-1);
      if (isOver() || next === undefined || next.at > until) break;
      this.now = next.at;
      while (this.#waiting.at(-1)?.at === this.now) this.#waiting.pop()?.go();
    }
    if (!isOver()) this.now = Math.max(this.now, until);
  }
}
