import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import { RelayTables } from "../../cli/relay/relay-tables.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { make, startTestAzure } from "../../packages/local-cloud/test/azure/support.ts";

/** The relay's storage account in a subscription of its own, opened as the caller. */
export interface TestAccount {
  readonly id: string;
  /** Only what is read to open the account. */
  readonly source: StackSource;
  readonly account: RelayStorageAccount;
  readonly tables: RelayTables;
  readonly endpoints: { readonly blob: string; readonly queue: string; readonly table: string };
  /** The account of a replaced relay, if there is one. */
  readonly formerEndpoints: TestAccount["endpoints"] | undefined;
  stop(): Promise<void>;
}

/**
 * Starts a subscription in which the caller is Owner and has these roles. One per test file, since the login keeps its token.
 */
export async function startAccount(callerRoles: readonly string[], { isReplacing = false } = {}): Promise<TestAccount> {
  const { azure, stop } = await startTestAzure({ callerRoles });
  const { provider } = azure;
  await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group", location: "westeurope" });
  const accountOf = async (accountName: string) => {
    const inAccount = { resourceGroupName: "group", accountName };
    const more = { kind: "StorageV2", sku: { name: "Standard_LRS" }, allowSharedKeyAccess: false };
    const { id, properties } = await make(provider, "storage:StorageAccount", accountName, { ...inAccount, ...more });
    for (const queueName of ["events", "events-poison"]) {
      await make(provider, "storage:Queue", queueName, { ...inAccount, queueName });
    }
    for (const containerName of ["claims", "dead-letters"]) {
      await make(provider, "storage:BlobContainer", containerName, { ...inAccount, containerName });
    }
    return { type: "azure-native:storage:StorageAccount", id, outputs: properties };
  };
  const current = await accountOf("relaystorage");
  const replaced = isReplacing ? [await accountOf("formerstorage")] : [];
  process.env.ARM_USE_MSI = "true";
  process.env.IDENTITY_ENDPOINT = azure.identityEndpoint;
  process.env.IDENTITY_HEADER = azure.identityHeader;
  const source = {
    target: { stack: "dev" },
    eventQueues: 1,
    appSettings: {},
    storageAccount: current,
    replacedStorageAccounts: replaced,
    resource: () => current,
    providerSettings: () => ({ armUrl: azure.armUrl }),
  } as unknown as StackSource;
  const account = await RelayStorageAccount.open(source);
  const tables = await RelayTables.open(source);
  return {
    id: current.id,
    source,
    account,
    tables,
    endpoints: current.outputs.primaryEndpoints as TestAccount["endpoints"],
    formerEndpoints: replaced[0]?.outputs.primaryEndpoints as TestAccount["endpoints"] | undefined,
    async stop() {
      delete process.env.ARM_USE_MSI;
      delete process.env.IDENTITY_ENDPOINT;
      delete process.env.IDENTITY_HEADER;
      await stop();
    },
  };
}

export const blobRole = "Storage Blob Data Contributor";
export const queueRole = "Storage Queue Data Contributor";
export const tableRole = "Storage Table Data Contributor";
