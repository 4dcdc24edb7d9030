import { StorageAccount } from "@pulumi/azure-native/storage/storageAccount.js";
import * as pulumi from "@pulumi/pulumi";
import { storageApiVersion } from "../../../relay/deploy/api-versions.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { derive } from "../../settings/inputs.ts";
import { addName, azureName } from "../azure/azure-names.ts";
import { type AzurePart, nativePart } from "../azure/azure-parts.ts";
import type { AzureProfile } from "../azure/azure-profile.ts";
import { networkRules, safeAccount } from "../azure/safe-properties.ts";

export interface RelayAccountArgs {
  resourceGroupName: pulumi.Input<string>;
  /** The account's name, instead of a generated one. */
  accountName?: pulumi.Input<string> | undefined;
  profile: Pick<AzureProfile, "storageRedundancy">;
  /** Whether it can be reached from outside; undefined: Azure's default, which allows it. */
  publicAccess?: "Enabled" | "Disabled" | undefined;
}

type ConnectionPart = "blobServiceUri" | "queueServiceUri" | "tableServiceUri" | "credential" | "clientId";
/** The app settings of an identity-based connection. */
type StorageConnection<Name extends string> = Readonly<Record<`${Name}__${ConnectionPart}`, pulumi.Input<string>>>;

/** A storage account that only identities can access, with the program's resources in it. */
export class RelayAccount {
  readonly id: pulumi.Output<string>;
  readonly part: AzurePart;
  /** The resources in it so far. */
  readonly contents: pulumi.Resource[] = [];
  readonly #name: string;
  readonly #endpoints: pulumi.Output<{ blob: string; queue: string; table: string }>;
  readonly #parent: pulumi.Resource;

  /**
   * @param name the prefix of the logical names of resources in it
   * @param stem the account's own logical name
   */
  constructor(
    name: string,
    stem: string,
    { resourceGroupName, accountName, profile, publicAccess }: RelayAccountArgs,
    options: pulumi.CustomResourceOptions & { parent: pulumi.Resource },
  ) {
    const account = new StorageAccount(
      azureName("storageAccount", stem),
      {
        resourceGroupName,
        ...addName("accountName", accountName),
        kind: "StorageV2",
        sku: { name: derive(profile.storageRedundancy, (redundancy) => `Standard_${redundancy}`) },
        ...safeAccount,
        ...(publicAccess && { publicNetworkAccess: publicAccess, networkRuleSet: networkRules(publicAccess) }),
      },
      // Azure accepts it only when it creates an account: an account of an earlier version stays unchanged.
      { ...options, ignoreChanges: ["encryption"] },
    );
    this.id = account.id;
    this.part = nativePart(account);
    this.#name = name;
    this.#endpoints = account.primaryEndpoints;
    this.#parent = options.parent;
  }

  /**
   * Declares a part of the account.
   *
   * @param path the part's path below the account's id
   * @param formerType azure-native's type with which an earlier version declared it
   */
  declare(
    logicalName: string,
    path: string,
    { formerType, properties = {} }: { formerType?: string; properties?: pulumi.Input<object> } = {},
  ): ArmResource {
    // Their names are fixed, so azure-native could not continue after an `up` that was killed before the state recorded them.
    const resource = new ArmResource(
      `${this.#name}-${logicalName}`,
      { parentId: this.id, path, apiVersion: storageApiVersion, body: { properties } },
      {
        parent: this.#parent,
        // Azure refuses parallel writes below one account (409 ConcurrentModification), so each waits for the previous one.
        dependsOn: this.contents.slice(-1),
        ...(formerType && { aliases: [{ type: `azure-native:storage:${formerType}` }] }),
        // They are deleted only with the account, which is deleted last. So no queue is deleted while its name is in use.
        retainOnDelete: true,
      },
    );
    this.contents.push(resource);
    return resource;
  }

  /** Declares a blob container. */
  declareContainer(name: string): ArmResource {
    return this.declare(name, `blobServices/default/containers/${name}`, { formerType: "BlobContainer" });
  }

  /** Declares the container of the relay's code, and returns its address. */
  declareCode(): pulumi.Output<string> {
    const { id } = this.declareContainer("code");
    return pulumi.all([this.#endpoints, id]).apply(([{ blob }]) => `${blob}code`);
  }

  /** The app settings of an identity-based connection with this name. */
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
