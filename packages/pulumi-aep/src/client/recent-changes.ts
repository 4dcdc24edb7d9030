/** Milliseconds for which Platform may still show the former state of what was changed. */
const window = 60_000;

/** What this process has changed in Platform so recently that Platform's services may not know it yet. */
export class RecentChanges {
  readonly #times = new Map<string, number>();
  #lastDeletion = 0;

  /** An object was created, or something about it was changed that others depend on. */
  note(id: string): void {
    this.#times.set(id, Date.now());
  }

  noteDeletion(): void {
    this.#lastDeletion = Date.now();
  }

  /** Whether any of the objects was noted. */
  hasAny(ids: readonly string[]): boolean {
    return ids.some((id) => isRecent(this.#times.get(id) ?? 0));
  }

  get hasDeletion(): boolean {
    return isRecent(this.#lastDeletion);
  }
}

function isRecent(time: number): boolean {
  return Date.now() - time < window;
}
