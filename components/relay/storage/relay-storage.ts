import * as pulumi from "@pulumi/pulumi";
import { containerNames, type EventQueue, eventQueues } from "../../../relay/core/names.ts";
import { derive } from "../../settings/inputs.ts";
import { compactStem, formerNames } from "../azure/azure-names.ts";
import type { AzurePart } from "../azure/azure-parts.ts";
import type { AzureProfile } from "../azure/azure-profile.ts";
import { RelayAccount, type RelayAccountArgs } from "./relay-account.ts";

export interface RelayStorageArgs extends RelayAccountArgs {
  /** Name of the relay, on which the account's name is based. */
  relayName: string;
  /** Number of queues of events. */
  eventQueues: number;
  profile: Pick<AzureProfile, "storageRedundancy" | "softDeleteDays" | "protect">;
}

/** A queue of the relay's storage account. */
interface RelayQueue {
  readonly name: string;
  /** Events, or messages on which the forwarder failed too often. */
  readonly holds: "events" | "poison";
  /** Azure Resource Manager id. */
  readonly id: pulumi.Output<string>;
}

/**
 * Days after which a claim without a message is deleted: longer than any message can exist, since a claim
 * that is still needed would be lost.
 */
const claimDays = 90;

/** The storage of accepted events: queues, bodies too large for them, and dead letters. */
export class RelayStorage extends pulumi.ComponentResource {
  readonly account: RelayAccount;
  readonly queues: readonly RelayQueue[];
  /** Azure Resource Manager id of the first queue of events, which has the marks. */
  readonly eventsQueueId: pulumi.Output<string>;
  readonly claimsId: pulumi.Output<string>;
  readonly deadLettersId: pulumi.Output<string>;
  readonly parts: Readonly<Record<string, AzurePart>>;

  constructor(name: string, { relayName, ...args }: RelayStorageArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:RelayStorage", name, {}, options);
    const { softDeleteDays, protect } = args.profile;
    const account = new RelayAccount(name, compactStem(relayName), args, {
      parent: this,
      aliases: formerNames("storageAccount", relayName),
      // Without it, the account has the option of the component.
      ...(protect && { protect }),
    });
    account.declare("blob-service", "blobServices/default", {
      formerType: "BlobServiceProperties",
      properties: derive(softDeleteDays, recoveryOf),
    });
    const declareQueue = (name: string, holds: RelayQueue["holds"]): RelayQueue => {
      const { id } = account.declare(name, `queueServices/default/queues/${name}`, { formerType: "Queue" });
      return { name, holds, id };
    };
    const declarePair = ({ events, poison }: EventQueue) =>
      [declareQueue(events, "events"), declareQueue(poison, "poison")] as const;
    const [first, ...others] = eventQueues(args.eventQueues);
    const firstPair = declarePair(first);
    this.eventsQueueId = firstPair[0].id;
    this.queues = [...firstPair, ...others.flatMap(declarePair)];
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
