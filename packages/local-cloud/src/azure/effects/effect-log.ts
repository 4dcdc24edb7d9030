/** An effect to keep the answer of: the first whose text a regular expression matches, or the second, and so on. */
export interface HeldEffect {
  readonly pattern: string;
  /** From 1. */
  readonly time: number;
}

/** What has taken effect in Azure, in its order, so that a test can stop the caller before it knows. */
export class EffectLog {
  readonly #effects: string[] = [];
  #isNext: (effect: string) => boolean = () => false;
  #held: string | undefined;
  #release: () => void = () => undefined;

  /** Effects since the last `hold`, and the one whose answer is being kept back. */
  get state(): { readonly effects: readonly string[]; readonly held: string | undefined } {
    return { effects: this.#effects, held: this.#held };
  }

  /** Notes an effect; the answer waits while it is held. */
  async add(effect: string): Promise<void> {
    this.#effects.push(effect);
    if (!this.#isNext(effect)) return;
    this.#held = effect;
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
  }

  /** Lets go of what is held and restarts the log; keeps back the answer to one effect, if one is given. */
  hold(effect: HeldEffect | undefined): void {
    this.#effects.length = 0;
    this.#held = undefined;
    const pattern = effect && new RegExp(effect.pattern);
    let left = effect?.time ?? 0;
    this.#isNext = (text) => pattern?.test(text) === true && --left === 0;
    this.#release();
  }
}
