import * as pulumi from "@pulumi/pulumi";
import { containerNames, queueNames } from "../../../relay/core/names.ts";
import { derive } from "../../settings/inputs.ts";
import { compactStem, formerNames } from "../azure/azure-names.ts";
import type { AzurePart } from "../azure/azure-parts.ts";
import type { AzureProfile } from "../azure/azure-profile.ts";
import { RelayAccount, type RelayAccountArgs } from "./relay-account.ts";

export interface RelayStorageArgs extends RelayAccountArgs {
  /** Name of the relay, of which the account's name is made. */
  relayName: string;
  profile: Pick<AzureProfile, "storageRedundancy" | "softDeleteDays" | "protect">;
}

/**
 * Days after which a claim is swept that no message refers to any more: longer than any message can live, since one
 * that is still needed would be lost.
 */
const claimDays = 90;

/** Where the relay keeps what it has accepted: queues, the bodies too large for them, and dead letters. */
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
