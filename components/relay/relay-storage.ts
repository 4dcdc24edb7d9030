import * as storage from "@pulumi/azure-native/storage/index.js";
import * as pulumi from "@pulumi/pulumi";
import { ArmResource } from "../../relay/deploy/sdk.ts";
import { derive } from "../settings/inputs.ts";
import { addName, azureName, compactStem, formerNames } from "./azure/azure-names.ts";
import { type AzurePart, nativePart } from "./azure/azure-parts.ts";
import type { AzureProfile } from "./azure/azure-profile.ts";
import { safeAccount, storageApiVersion } from "./azure/safe-properties.ts";

export interface RelayStorageArgs {
  resourceGroupName: pulumi.Input<string>;
  /** Name of the relay, of which the account's name is made. */
  relayName: string;
  /** The account's name, in place of one that is made. */
  accountName?: pulumi.Input<string> | undefined;
  profile: Pick<AzureProfile, "storageRedundancy" | "softDeleteDays" | "protect">;
}

/**
 * Days after which a claim is swept that no message refers to any more: longer than any message can live, since one
 * that is still needed would be lost.
 */
const claimDays = 90;

type ConnectionPart = "blobServiceUri" | "queueServiceUri" | "tableServiceUri" | "credential" | "clientId";
/** The app settings of an identity-based connection. */
type StorageConnection<Name extends string> = Readonly<Record<`${Name}__${ConnectionPart}`, pulumi.Input<string>>>;

/** Where the relay keeps what it has accepted: queues, the bodies too large for them, dead letters, and its own code. */
export class RelayStorage extends pulumi.ComponentResource {
  readonly accountId: pulumi.Output<string>;
  readonly eventsQueueId: pulumi.Output<string>;
  readonly poisonQueueId: pulumi.Output<string>;
  readonly codeContainerUrl: pulumi.Output<string>;
  readonly parts: Readonly<Record<string, AzurePart>>;
  /** Everything that has to be there before the app starts. */
  readonly resources: pulumi.Resource[];
  readonly #endpoints: pulumi.Output<{ blob: string; queue: string; table: string }>;

  constructor(name: string, args: RelayStorageArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:RelayStorage", name, {}, options);
    const parent = { parent: this };
    const { resourceGroupName, relayName, accountName, profile } = args;
    const account = new storage.StorageAccount(
      azureName("storageAccount", compactStem(relayName)),
      {
        resourceGroupName,
        ...addName("accountName", accountName),
        kind: "StorageV2",
        sku: { name: derive(profile.storageRedundancy, (redundancy) => `Standard_${redundancy}`) },
        ...safeAccount,
      },
      {
        ...parent,
        aliases: formerNames("storageAccount", relayName),
        protect: profile.protect,
        // Azure takes it when it makes an account, and never again: an account that an earlier version made stays as it is.
        ignoreChanges: ["encryption"],
      },
    );
    // Azure refuses parallel writes below one account (409 ConcurrentModification), so each waits for the one before.
    const made: pulumi.Resource[] = [];
    // Their names are fixed, so azure-native would not go on after an `up` that was killed between Azure's effect and the state.
    const part = (logicalName: string, path: string, formerType: string, properties: pulumi.Input<object> = {}) => {
      const resource = new ArmResource(
        `${name}-${logicalName}`,
        { parentId: account.id, path, apiVersion: storageApiVersion, body: { properties } },
        {
          ...parent,
          dependsOn: made.slice(-1),
          aliases: [{ type: `azure-native:storage:${formerType}` }],
          // They go with the account alone, which goes last. So nothing deletes a queue while its name stays in use.
          retainOnDelete: true,
        },
      );
      made.push(resource);
      return resource;
    };
    part("blob-service", "blobServices/default", "BlobServiceProperties", derive(profile.softDeleteDays, recoveryOf));
    const queue = (queueName: string) => part(queueName, `queueServices/default/queues/${queueName}`, "Queue");
    const container = (containerName: string) =>
      part(containerName, `blobServices/default/containers/${containerName}`, "BlobContainer");
    const events = queue("events");
    const poison = queue("events-poison");
    container("claims");
    container("dead-letters");
    const code = container("code");
    part("sweep", "managementPolicies/default", "ManagementPolicy", derive(profile.softDeleteDays, sweep));

    this.accountId = account.id;
    this.parts = { "storage account": nativePart(account) };
    this.eventsQueueId = events.id;
    this.poisonQueueId = poison.id;
    this.codeContainerUrl = pulumi.all([account.primaryEndpoints, code.id]).apply(([{ blob }]) => `${blob}code`);
    this.resources = made;
    this.#endpoints = account.primaryEndpoints;
    this.registerOutputs({ accountId: this.accountId });
  }

  /** The app settings that make an identity-based connection of that name. */
  connection<Name extends string>(setting: Name, clientId: pulumi.Input<string>): StorageConnection<Name> {
    const connection: StorageConnection<string> = {
      [`${setting}__blobServiceUri`]: this.#endpoints.blob,
      [`${setting}__queueServiceUri`]: this.#endpoints.queue,
      [`${setting}__tableServiceUri`]: this.#endpoints.table,
      [`${setting}__credential`]: "managedidentity",
      // Required for a user-assigned identity (azure-functions-host#10089).
      [`${setting}__clientId`]: clientId,
    };
    return connection as StorageConnection<Name>;
  }
}

/** How long Azure can give back what was deleted or overwritten by mistake. */
function recoveryOf(days: number) {
  const retention = days > 0 ? { enabled: true, days } : { enabled: false };
  return {
    deleteRetentionPolicy: retention,
    containerDeleteRetentionPolicy: retention,
    isVersioningEnabled: days > 0,
  };
}

/** What Azure deletes by itself. */
function sweep(softDeleteDays: number) {
  const rule = (name: string, prefixMatch: string[] | undefined, actions: object) => ({
    name,
    enabled: true,
    type: "Lifecycle",
    definition: { filters: { blobTypes: ["blockBlob"], ...(prefixMatch && { prefixMatch }) }, actions },
  });
  const claims = rule("sweep-claims", ["claims/"], {
    baseBlob: { delete: { daysAfterModificationGreaterThan: claimDays } },
  });
  // With versions, whatever the relay deletes stays as one, and so would each large event that was delivered. Azure can give back a
  // version that this rule deletes, like everything else, for `softDeleteDays`.
  const versions = rule("sweep-versions", undefined, { version: { delete: { daysAfterCreationGreaterThan: 1 } } });
  return { policy: { rules: softDeleteDays > 0 ? [claims, versions] : [claims] } };
}
