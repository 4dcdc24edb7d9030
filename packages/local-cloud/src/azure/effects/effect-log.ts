/** An effect whose answer to hold back: the first, second, … whose text matches a regular expression. */
export interface HeldEffect {
  readonly pattern: string;
  /** From 1. */
  readonly time: number;
}

/** Records effects in Azure in order, so that a test can stop the caller before it gets the answer. */
export class EffectLog {
  readonly #effects: string[] = [];
  #isNext: (effect: string) => boolean = () => false;
  #held: string | undefined;
  #release: () => void = () => undefined;

  /** Effects since the last `hold`, and the one whose answer is being held back. */
  get state(): { readonly effects: readonly string[]; readonly held: string | undefined } {
    return { effects: this.#effects, held: this.#held };
  }

  /** Records an effect, and waits while its answer is held back. */
  async add(effect: string): Promise<void> {
    this.#effects.push(effect);
    if (!this.#isNext(effect)) return;
    this.#held = effect;
    await new Promise<void>((resolve) => {
      this.#release = resolve;
    });
  }

  /** Releases the held answer and restarts the log. If an effect is given, holds back its answer. */
  hold(effect: HeldEffect | undefined): void {
    this.#effects.length = 0;
    this.#held = undefined;
    const pattern = effect && new RegExp(effect.pattern);
    let left = effect?.time ?? 0;
    this.#isNext = (text) => pattern?.test(text) === true && --left === 0;
    this.#release();
  }
}
