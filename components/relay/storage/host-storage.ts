import * as pulumi from "@pulumi/pulumi";
import { compactStem } from "../azure/azure-names.ts";
import type { AzurePart } from "../azure/azure-parts.ts";
import { RelayAccount, type RelayAccountArgs } from "./relay-account.ts";

export interface HostStorageArgs extends RelayAccountArgs {
  /** Name of the relay, of which the account's name is made. */
  relayName: string;
}

/**
 * What Azure needs to run the app, and no event: the Functions host's locks and keys, and the relay's code. So anyone who can write here
 * reaches no event, and the host's calls take nothing from the events' share of an account's requests.
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
