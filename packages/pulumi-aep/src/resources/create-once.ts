import { VendorError } from "pulumi-provider-kit/http";

/** How one kind of object is made, and found again when the answer to its making was lost. */
export interface Creation<Item> {
  /** The objects that could be the one asked for: those with the resource's mark. */
  list(signal: AbortSignal): Promise<readonly Item[]>;
  /** What tells two objects apart. */
  idOf(item: Item): string;
  post(): Promise<Item>;
  /** Whether a refusal says that the object, or another of its name, is there already. Default: no refusal says so. */
  isThere?(error: VendorError): boolean;
}

/** The parts of an operation that making an object needs. */
export interface CreationCall {
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** Waits a moment between two looks. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
}

/** Times that the object is asked for, and times that it is looked for after each lost answer. */
const attempts = 3;
/** Milliseconds for looking, after the operation itself has been stopped. */
const graceTime = 15_000;

/**
 * Makes an object and never a second one. Platform's APIs have no idempotency keys, and most names are not unique; so
 * after an unclear answer (a timeout, a 5xx) the object that has come since is the one that was made. Only when none has
 * come, it is asked for again. The same holds for a refusal because the object is there already: a gateway may repeat a
 * call itself. What a killed process has made is found by the next one: see `mark.ts`.
 *
 * @param before ids of the objects that `creation.list` gives already
 */
export async function createOnce<Item>(
  creation: Creation<Item>,
  before: ReadonlySet<string>,
  { signal, progress, pause }: CreationCall,
): Promise<Item> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await creation.post();
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      const isThere = creation.isThere?.(error) ?? false;
      if (!error.outcomeUnknown && !isThere) throw error;
      progress("no clear answer from Platform; looking whether the object was made");
      const made = await lookFor(creation, before, signal.aborted ? AbortSignal.timeout(graceTime) : signal, pause);
      if (made !== undefined) return made;
      if (isThere || attempt === attempts || signal.aborted) throw error;
    }
  }
}

/** The object that was not there before; it may come late, since Platform may still be at work on the lost call. */
async function lookFor<Item>(
  creation: Creation<Item>,
  before: ReadonlySet<string>,
  signal: AbortSignal,
  pause: CreationCall["pause"],
): Promise<Item | undefined> {
  for (let look = 1; look <= attempts; look++) {
    await pause(signal);
    const found = (await creation.list(signal)).filter((item) => !before.has(creation.idOf(item)));
    if (found.length > 1) {
      const ids = found.map(creation.idOf).join(", ");
      throw new Error(
        `Several new objects fit the one that was being made (${ids}), so none is taken. ` +
          "Delete the superfluous ones in Experience Platform, or import the right one with npx pulumi import.",
      );
    }
    if (found[0] !== undefined) return found[0];
  }
  return undefined;
}
