import type { QueuedEvent } from "../../core/event/envelope.ts";
import { maxBodyBytes } from "../../core/intake/body-limit.ts";

interface WaitingBody {
  readonly bytes: number;
  readonly go: (hasRoom: boolean) => void;
}

/**
 * Room for the bodies of large events that an instance holds while it delivers or buries them. The host runs 40 messages at a time, each
 * with up to 64 events, and the body of each may have 8 MiB: without a limit, a backlog of large events would end the process, again and
 * again.
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

/**
 * Does something that may read the event's claim, once there is room for it.
 *
 * @param patience maximum wait in milliseconds
 * @param otherwise called if there is no room in time
 */
export async function withRoom<T>(
  event: QueuedEvent,
  { room, patience, otherwise }: { room: BodyRoom; patience: number; otherwise: () => T },
  work: () => Promise<T>,
): Promise<T> {
  if ("body" in event) return work();
  // Only messages of earlier versions don't know the size.
  const { claimBytes: bytes = maxBodyBytes } = event;
  if (!(await room.enter(bytes, patience))) return otherwise();
  try {
    return await work();
  } finally {
    room.leave(bytes);
  }
}
