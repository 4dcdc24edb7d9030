import * as pulumi from "@pulumi/pulumi";
import { containerNames, queueNames } from "../../../relay/core/names.ts";
import { derive } from "../../settings/inputs.ts";
import { compactStem, formerNames } from "../azure/azure-names.ts";
import type { AzurePart } from "../azure/azure-parts.ts";
import type { AzureProfile } from "../azure/azure-profile.ts";
import { RelayAccount, type RelayAccountArgs } from "./relay-account.ts";

export interface RelayStorageArgs extends RelayAccountArgs {
  /** Name of the relay, on which the account's name is based. */
  relayName: string;
  profile: Pick<AzureProfile, "storageRedundancy" | "softDeleteDays" | "protect">;
}

/**
 * Days after which a claim without a message is deleted: longer than any message can exist, since a claim
 * that is still needed would be lost.
 */
const claimDays = 90;

/** The storage of accepted events: queues, bodies too large for them, and dead letters. */
export class RelayStorage extends pulumi.ComponentResource {
  readonly account: RelayAccount;
  readonly eventsQueueId: pulumi.Output<string>;
  readonly poisonQueueId: pulumi.Output<string>;
  readonly claimsId: pulumi.Output<string>;
  readonly deadLettersId: pulumi.Output<string>;
  readonly parts: Readonly<Record<string, AzurePart>>;

  constructor(name: string, { relayName, ...args }: RelayStorageArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:RelayStorage", name, {}, options);
    const { softDeleteDays, protect } = args.profile;
    const account = new RelayAccount(name, compactStem(relayName), args, {
      parent: this,
      aliases: formerNames("storageAccount", relayName),
      protect,
    });
    account.declare("blob-service", "blobServices/default", {
      formerType: "BlobServiceProperties",
      properties: derive(softDeleteDays, recoveryOf),
    });
    const declareQueue = (queueName: string) =>
      account.declare(queueName, `queueServices/default/queues/${queueName}`, { formerType: "Queue" });
    this.eventsQueueId = declareQueue(queueNames.events).id;
    this.poisonQueueId = declareQueue(queueNames.poison).id;
    this.claimsId = account.declareContainer(containerNames.claims).id;
    this.deadLettersId = account.declareContainer(containerNames.deadLetters).id;
    account.declare("sweep", "managementPolicies/default", {
      formerType: "ManagementPolicy",
      properties: derive(softDeleteDays, sweep),
    });
    this.account = account;
    this.parts = { "storage account": account.part };
    this.registerOutputs({ accountId: account.id });
  }
}

/** How long deleted or overwritten data can be restored. */
function recoveryOf(days: number) {
  const retention = days > 0 ? { enabled: true, days } : { enabled: false };
  return {
    deleteRetentionPolicy: retention,
    containerDeleteRetentionPolicy: retention,
    isVersioningEnabled: days > 0,
  };
}

/** Lifecycle rules by which Azure deletes data. */
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
  // With versioning, everything that the relay deletes stays as a version, including each large event after its delivery. Azure can restore a
  // version that this rule deletes, like everything else, for `softDeleteDays`.
  const versions = rule("sweep-versions", undefined, { version: { delete: { daysAfterCreationGreaterThan: 1 } } });
  return { policy: { rules: softDeleteDays > 0 ? [claims, versions] : [claims] } };
}
