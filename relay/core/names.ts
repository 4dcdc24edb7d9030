/** The queues of the relay's storage account. The poison queue's name is the Functions host's own rule: `<queue>-poison`. */
export const queueNames = { events: "events", poison: "events-poison" } as const;

/** The relay's functions in Azure. */
export const relayFunctions = {
  intake: "intake",
  health: "health",
  takeover: "takeover",
  forwarder: "forwarder",
  poison: "poison",
} as const;

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
