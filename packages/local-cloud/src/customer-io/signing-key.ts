import { randomBytes } from "node:crypto";
import type { AdjustableClock } from "./clock.ts";

/** A workspace's signing key, as shown in the UI. */
export interface ShownSigningKey {
  readonly signingKey: string;
  /**
   * During a rotation with overlap: the key that signs until `switchesAt` (ISO 8601), when `signingKey` replaces it.
   */
  readonly replaces?: { readonly signingKey: string; readonly switchesAt: string };
}

/** The key that signs a workspace's events. The App API never returns it. */
export class SigningKey {
  readonly #clock: AdjustableClock;
  #current: string;
  #previous: string;
  #switchesAt = 0;

  constructor(key: string, clock: AdjustableClock) {
    this.#clock = clock;
    this.#current = key;
    this.#previous = key;
  }

  /** The key for a call made now. */
  get signing(): string {
    return this.#clock.now() < this.#switchesAt ? this.#previous : this.#current;
  }

  describe(): ShownSigningKey {
    if (this.signing === this.#current) return { signingKey: this.#current };
    const switchesAt = new Date(this.#switchesAt).toISOString();
    return { signingKey: this.#current, replaces: { signingKey: this.#previous, switchesAt } };
  }

  /** Creates a new key, which signs after `overlap` milliseconds. */
  rotate(overlap: number): void {
    this.#previous = this.signing;
    this.#current = randomBytes(32).toString("hex");
    this.#switchesAt = this.#clock.now() + overlap;
  }
}
