/** A limit of bytes that all concurrent calls together may hold. */
export class ByteBudget {
  readonly #limit: number;
  #held = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  hasRoomFor(bytes: number): boolean {
    return this.#held + bytes <= this.#limit;
  }

  /** @returns false if there is no room for the bytes; then none are reserved */
  take(bytes: number): boolean {
    if (!this.hasRoomFor(bytes)) return false;
    this.#held += bytes;
    return true;
  }

  /** @param bytes that were reserved before */
  giveBack(bytes: number): void {
    this.#held -= bytes;
  }
}
