import { VendorError } from "pulumi-provider-kit/http";

/** How to create one kind of object, and how to find it again if the answer was lost. */
export interface Creation<Item> {
  /** The objects that could be the one asked for: those with the resource's mark. */
  list(signal: AbortSignal): Promise<readonly Item[]>;
  /** The object's id. */
  idOf(item: Item): string;
  post(): Promise<Item>;
  /** Whether a refusal says that the object, or another with its name, already exists. Default: no. */
  isThere?(error: VendorError): boolean;
}

/** The parts of an operation that a creation needs. */
export interface CreationCall {
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  /** Waits between two lookups. */
  readonly pause: (signal: AbortSignal) => Promise<void>;
}

/** Number of attempts to create the object. */
const attempts = 3;
/** Number of lookups after an unclear answer. After a timeout Platform may still be working on the call. */
const looks = { usual: 6, afterTimeout: 10 };
/** Milliseconds for the lookup after the operation was stopped. */
const graceTime = 15_000;

/**
 * Creates an object and never a second one. Platform's APIs have no idempotency keys, and most names are not unique. So
 * after an unclear answer (a timeout, a 5xx) an object that has appeared since is taken as the created one. Only if none has
 * appeared, the call is repeated. The same holds for a refusal because the object already exists: a gateway may repeat a
 * call itself. If the process is killed, the next one finds the object: see `mark.ts`.
 *
 * @param before ids of the objects that `creation.list` already returned
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
      progress("no clear answer from Platform; checking whether the object was created");
      const until = signal.aborted ? AbortSignal.timeout(graceTime) : signal;
      const most = error.timedOut ? looks.afterTimeout : looks.usual;
      const made = await lookFor(creation, before, most, { signal: until, pause });
      if (made !== undefined) return made;
      if (isThere || attempt === attempts || signal.aborted) throw error;
    }
  }
}

/** Finds the object that did not exist before. It may appear late, since Platform may still be processing the lost call. */
async function lookFor<Item>(
  creation: Creation<Item>,
  before: ReadonlySet<string>,
  most: number,
  { signal, pause }: Pick<CreationCall, "signal" | "pause">,
): Promise<Item | undefined> {
  for (let look = 1; look <= most; look++) {
    await pause(signal);
    const found = (await creation.list(signal)).filter((item) => !before.has(creation.idOf(item)));
    if (found.length > 1) {
      const ids = found.map(creation.idOf).join(", ");
      throw new Error(
        `Several new objects match the one being created (${ids}), so none is used. ` +
          "Delete the extra ones in Experience Platform, or import the right one with npx pulumi import.",
      );
    }
    if (found[0] !== undefined) return found[0];
  }
  return undefined;
}
