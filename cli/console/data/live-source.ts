import type { StackSource } from "../../stack/source.ts";

/** A source as its stack has it now: `pulumi up` may run while the console does. */
export class LiveSource {
  readonly #reread: (source: StackSource) => Promise<StackSource>;
  #current: StackSource;
  #revision = 0;

  constructor(source: StackSource, reread: (source: StackSource) => Promise<StackSource>) {
    this.#current = source;
    this.#reread = reread;
  }

  get current(): StackSource {
    return this.#current;
  }

  /** How often the stack has changed since the console started. */
  get revision(): number {
    return this.#revision;
  }

  /** Reads the stack again. Never throws: while it can't be read, the source does not change. */
  async refresh(): Promise<void> {
    const read = await this.#reread(this.#current).catch(() => undefined);
    // The former object has the access tokens.
    if (read === undefined || read.fingerprint === this.#current.fingerprint) return;
    this.#current = read;
    this.#revision += 1;
  }
}
