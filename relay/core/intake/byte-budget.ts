/** Bytes that may be held at a time, by all calls together. */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoomFor(bytes: number): boolean {
    return this.#held + bytes <= this.#limit;
  }

  /** @returns false if there is no room for them: then none is taken */
  take(bytes: number): boolean {
    if (!this.hasRoomFor(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  /** @param bytes that were taken before */
  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}
