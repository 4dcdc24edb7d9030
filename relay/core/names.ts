/** The queues that every relay has. The metadata of `events` holds the marks. */
export const queueNames = { events: "events", poison: "events-poison" } as const;

/** The relay's functions in Azure. */
export const relayFunctions = {
  intake: "intake",
  health: "health",
  takeover: "takeover",
  forwarder: "forwarder",
  poison: "poison",
} as const;

/**
 * The most queues of events that a relay can have. A storage account takes 20,000 requests a second, which is enough for two and a half full
 * queues; Azure raises that on request.
 */
export const mostEventQueues = 8;

/** One of a relay's queues of events, its poison queue, and the functions that read the two. */
export interface EventQueue {
  readonly events: string;
  readonly poison: string;
  readonly functions: { readonly forwarder: string; readonly poison: string };
}

/** The queues of a relay with this many queues of events: `events`, `events-2` and so on. */
export function eventQueues(count: number): [EventQueue, ...EventQueue[]] {
  return [eventQueue(1), ...Array.from({ length: count - 1 }, (_, index) => eventQueue(index + 2))];
}

function eventQueue(number: number): EventQueue {
  const numbered = (name: string) => (number === 1 ? name : `${name}-${number}`);
  const events = numbered(queueNames.events);
  const { forwarder, poison } = relayFunctions;
  return {
    events,
    poison: poisonQueueOf(events),
    functions: { forwarder: numbered(forwarder), poison: numbered(poison) },
  };
}

/** The Functions host's own rule. */
export function poisonQueueOf(queue: string): string {
  return `${queue}-poison`;
}

/**
 * The queues of a relay among those of its storage account. Azure is asked for these wherever no message may be missed: an interrupted `up`
 * may have added queues that the state does not have.
 */
export function relayQueuesAmong(names: readonly string[]): { readonly events: string[]; readonly poison: string[] } {
  const ofRelay = names.filter((name) => numberOf(name) !== undefined);
  return {
    events: ofRelay.filter((name) => !name.endsWith("-poison")),
    poison: ofRelay.filter((name) => name.endsWith("-poison")),
  };
}

/** How many queues of events a relay has that has at least one of these queues. */
export function countEventQueues(names: readonly string[]): number {
  return Math.max(1, ...names.flatMap((name) => numberOf(name) ?? []));
}

/** The number of a relay's queue, or of the one to which a poison queue belongs; undefined for other queues. */
function numberOf(name: string): number | undefined {
  const parts = name.match(/^events(?:-([2-9]|[1-9]\d+))?(?:-poison)?$/);
  const number = Number(parts?.[1] ?? 1);
  return parts === null || number > mostEventQueues ? undefined : number;
}

/** The blob containers of the relay's storage account. */
export const containerNames = { claims: "claims", deadLetters: "dead-letters" } as const;

/** The table with a row for each instance that sends to Platform. `deliveredTables` names the tables of delivered events. */
export const forwardersTable = "forwarders";
/** The one partition of that table. */
export const forwardersPartition = "forwarder";

/** The table of each instance's counts: see `Tally`. */
export const countsTable = "counts";

/** The prefix of the storage settings, which is also the `connection` of the queue triggers. */
export const storageConnection = "RELAY_STORAGE";

/** The vault's secret with the signing keys, and its value while there are none. */
export const signingKeysSecret = "customerio-signing-keys";
export const noSigningKeyYet = "none yet";

/** The name in the relay's package.json. */
export const relayPackageName = "customerio-aep-relay";

/** The prefix of the ids of test events that `customerio-aep verify` sends. */
export const verificationPrefix = "customerio-aep-verify-";
