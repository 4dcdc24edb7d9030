interface WaitingBody {
  readonly bytes: number;
  readonly go: (hasRoom: boolean) => void;
}

/**
 * Room for the bodies of large events that an instance holds while it delivers them. The host runs 40 messages at a time, each with up to 64
 * events, and the body of each may have 8 MiB: without a limit, a backlog of large events would end the process, again and again.
 */
export class BodyRoom {
  readonly #size: number;
  #free: number;
  /** The first is the next. */
  readonly #waiting: WaitingBody[] = [];

  /** @param bytes of all bodies together; a larger body has the room for itself */
  constructor(bytes: number) {
    this.#size = bytes;
    this.#free = bytes;
  }

  /**
   * Waits for room, behind all that wait already.
   *
   * @param patience maximum wait in milliseconds
   * @returns whether there is room, which the caller must `leave`
   */
  async enter(bytes: number, patience: number): Promise<boolean> {
    const { promise, resolve: go } = Promise.withResolvers<boolean>();
    const waiting: WaitingBody = { bytes: this.#limit(bytes), go };
    this.#waiting.push(waiting);
    this.#admit();
    const timer = setTimeout(() => {
      const place = this.#waiting.indexOf(waiting);
      if (place === -1) return;
      this.#waiting.splice(place, 1);
      go(false);
      this.#admit();
    }, patience);
    return promise.finally(() => clearTimeout(timer));
  }

  /** @param bytes as when the body came */
  leave(bytes: number): void {
    this.#free += this.#limit(bytes);
    this.#admit();
  }

  #admit(): void {
    for (let [next] = this.#waiting; next && next.bytes <= this.#free; [next] = this.#waiting) {
      this.#waiting.shift();
      this.#free -= next.bytes;
      next.go(true);
    }
  }

  #limit(bytes: number): number {
    return Math.min(bytes, this.#size);
  }
}
