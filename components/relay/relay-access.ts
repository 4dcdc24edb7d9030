import { relayRoles } from "./azure/relay-roles.ts";
import type { RelayMonitoring } from "./monitoring/relay-monitoring.ts";
import type { RelayIdentity } from "./relay-identity.ts";
import type { RelayVault } from "./relay-vault.ts";
import type { RelayAccount } from "./storage/relay-account.ts";
import type { RelayStorage } from "./storage/relay-storage.ts";

/** Resources that the relay uses with its identity. */
export interface UsedResources {
  readonly storage: RelayStorage;
  /** The account of the Functions host and of the code; the events' account unless they are separate. */
  readonly hostAccount: RelayAccount;
  readonly monitoring: RelayMonitoring;
  readonly vault: RelayVault;
  readonly identity: RelayIdentity;
}

/**
 * Gives the relay's identity its roles on what the app settings refer to. Roles on a whole account keep the names of
 * earlier versions, so that a stack keeps these assignments.
 */
export function grantRoles({ storage, hostAccount, monitoring, vault, identity }: UsedResources): void {
  if (hostAccount === storage.account) {
    identity.grant("storage-blob-data-owner", relayRoles.blobs, storage.account.id);
  } else {
    identity.grant("host-storage", relayRoles.host, hostAccount.id);
    identity.grant("claims", relayRoles.claims, storage.claimsId);
    identity.grant("dead-letters", relayRoles.deadLetters, storage.deadLettersId);
  }
  for (const { name, holds, id } of storage.queues) identity.grant(`queue-${name}`, relayRoles[holds], id);
  identity.grant("storage-table-data-contributor", relayRoles.tables, storage.account.id);
  for (const [name, { id }] of vault.secrets) identity.grant(`secret-${name}`, relayRoles.secret, id);
  identity.grant("monitoring-metrics-publisher", relayRoles.metrics, monitoring.componentId);
}
