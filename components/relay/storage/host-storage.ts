import * as pulumi from "@pulumi/pulumi";
import { compactStem } from "../azure/azure-names.ts";
import type { AzurePart } from "../azure/azure-parts.ts";
import { RelayAccount, type RelayAccountArgs } from "./relay-account.ts";

export interface HostStorageArgs extends RelayAccountArgs {
  /** Name of the relay, on which the account's name is based. */
  relayName: string;
}

/**
 * What Azure needs to run the app, without events: the Functions host's locks and keys, and the relay's code. So anyone who can write here
 * can't access events, and the host's calls do not count against the request limit of the events' account.
 */
export class HostStorage extends pulumi.ComponentResource {
  readonly account: RelayAccount;
  readonly parts: Readonly<Record<string, AzurePart>>;

  constructor(name: string, { relayName, ...args }: HostStorageArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:HostStorage", name, {}, options);
    this.account = new RelayAccount(name, `${compactStem(relayName)}host`, args, { parent: this });
    this.parts = { "storage account of the Functions host": this.account.part };
    this.registerOutputs({ accountId: this.account.id });
  }
}
