/** What has taken effect in Azure, in its order, so that a test can stop whoever asked for it before they know. */
export class EffectLog {
  readonly #effects: string[] = [];
  #holdAt = Number.POSITIVE_INFINITY;
  #held: string | undefined;
  #release: () => void = () => undefined;

  /** Effects since the last `hold`, and the one whose answer is being kept back. */
  get state(): { readonly effects: readonly string[]; readonly held: string | undefined } {
    return { effects: this.#effects, held: this.#held };
  }

  /** Notes an effect; the answer waits while it is held. */
  async add(effect: string): Promise<void> {
    this.#effects.push(effect);
    if (this.#effects.length !== this.#holdAt) return;
    this.#held = effect;
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
  }

  /** Lets go of what is held and counts anew: the answer to effect number `at` (from 1) is kept back; 0 is none. */
  hold(at: number): void {
    this.#effects.length = 0;
    this.#held = undefined;
    this.#holdAt = at || Number.POSITIVE_INFINITY;
    this.#release();
  }
}
