import type { StackSource } from "../stack/source.ts";
import { RelayQueues } from "./relay-queues.ts";
import { RelayStorageAccount } from "./relay-storage.ts";
import { RelayTables } from "./relay-tables.ts";
import { StoragePermission } from "./storage-permission.ts";

/** A storage account of a relay, by itself: its dead letters have no suffix. */
export interface OpenedAccount {
  readonly storage: RelayStorageAccount;
  readonly queues: RelayQueues;
  readonly tables: RelayTables;
}

/**
 * All accounts of a source: that of its relay first, then those of replaced relays that still exist, as during a replacement or after an
 * interrupted one. These deliver what they hold.
 */
export async function openRelayAccounts(source: StackSource): Promise<[OpenedAccount, ...OpenedAccount[]]> {
  const [current, replaced] = await Promise.all([StoragePermission.of(source), StoragePermission.ofReplaced(source)]);
  return [await openAccount(current), ...(await Promise.all(replaced.map(openAccount)))];
}

async function openAccount(permission: StoragePermission): Promise<OpenedAccount> {
  const [storage, queues] = await Promise.all([RelayStorageAccount.openAt(permission), RelayQueues.openAt(permission)]);
  return { storage, queues, tables: RelayTables.openAt(permission) };
}
