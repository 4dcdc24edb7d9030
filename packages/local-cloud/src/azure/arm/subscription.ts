import { isMap, type PropertyMap, type PropertyValue, reveal } from "pulumi-provider-kit";
import { covers, type Grant, isAllowed } from "../identity/data-plane-authorization.ts";
import { SlowChanges } from "../network/slow-changes.ts";
import { armResourceTypes, type ResourceType } from "./resource-types.ts";

/** A resource in Azure; `inputs` and `outputs` still mark secrets. */
export interface Resource {
  readonly id: string;
  readonly type: ResourceType;
  readonly name: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
}

/** A deleted vault that still reserves its name, with its secrets. */
export interface DeletedVault {
  readonly vault: Resource;
  readonly secrets: readonly Resource[];
}

/** One version of a secret in a vault. */
export interface StoredSecret {
  readonly value: string;
  readonly isEnabled: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Seconds since 1970; undefined: it does not expire. */
  readonly expires?: number | undefined;
}

export interface Principal {
  readonly objectId: string;
  readonly clientId: string;
}

/** The resources in the local cloud's one subscription. Like Azure, it ignores case in ids. */
export class Subscription {
  readonly subscriptionId: string;
  readonly tenantId: string;
  /** Deleted vaults by lower-case name: soft delete reserves a name until the vault is purged. */
  readonly deletedVaults = new Map<string, DeletedVault>();
  /** Every version of every secret, by its lower-case id with the version behind it. */
  readonly secretVersions = new Map<string, StoredSecret>();
  /**
   * Where the data planes of vaults answer. Before the local cloud listens, a dead address in the form of the public
   * cloud.
   */
  vaultUri: (name: string) => string = (name) => `https://${name.toLowerCase()}.vault.azure.net/`;
  /** Lower-case ids of secrets deleted in a vault that still exists. */
  readonly deletedSecrets = new Set<string>();
  /** Queues and containers that were deleted in an account that still exists: lower-case ids, and when, in milliseconds since 1970. */
  readonly deletedContents = new Map<string, number>();
  /** Of the network provider, and of apps whose subnets Azure has not freed yet. */
  readonly slowChanges = new SlowChanges<Resource>();
  readonly #resources = new Map<string, Resource>();
  readonly #grants = new Map<string, Grant>();

  constructor(options: { subscriptionId: string; tenantId: string }) {
    this.subscriptionId = options.subscriptionId;
    this.tenantId = options.tenantId;
  }

  get(id: string): Resource | undefined {
    return this.#resources.get(id.toLowerCase());
  }

  put(resource: Resource): void {
    this.#resources.set(resource.id.toLowerCase(), resource);
  }

  remove(id: string): void {
    this.#resources.delete(id.toLowerCase());
    this.#grants.delete(id.toLowerCase());
  }

  /** All resources of a type, such as `web:WebApp`; without a type, all resources. */
  list(type?: string): Resource[] {
    const all = [...this.#resources.values()];
    return type === undefined
      ? all
      : all.filter((resource) => resource.type === armResourceTypes.get(`azure-native:${type}`));
  }

  /** The resource and all its descendants, innermost first. */
  tree(id: string): Resource[] {
    const found = this.list().filter((resource) => covers(id, resource.id));
    return found.sort((left, right) => right.id.split("/").length - left.id.split("/").length);
  }

  findByName(type: string, name: string): Resource | undefined {
    return this.list(type).find((resource) => resource.name.toLowerCase() === name.toLowerCase());
  }

  /** Whether a scope or parent exists; a storage account's services exist with it. */
  exists(id: string): boolean {
    if (id.toLowerCase() === `/subscriptions/${this.subscriptionId}`.toLowerCase()) return true;
    return this.get(id.replace(/\/(queue|blob|table|file)Services\/default$/i, "")) !== undefined;
  }

  grant(roleAssignmentId: string, grant: Grant): void {
    this.#grants.set(roleAssignmentId.toLowerCase(), grant);
  }

  grantOf(roleAssignmentId: string): Grant | undefined {
    return this.#grants.get(roleAssignmentId.toLowerCase());
  }

  /** Makes every grant take effect within this many milliseconds. */
  shortenGrants(delay: number): void {
    const latest = Date.now() + delay;
    for (const [id, grant] of this.#grants) {
      if (grant.activeFrom > latest) this.#grants.set(id, { ...grant, activeFrom: latest });
    }
  }

  get grants(): readonly Grant[] {
    return [...this.#grants.values()];
  }

  /** Whether a principal may do something with a resource. */
  allows(principalId: string, action: string, resourceId: string): boolean {
    return isAllowed(this.grants, principalId, { actions: [action], resourceId });
  }

  /** The principals of managed identities. */
  identities(): (Principal & { resourceId: string })[] {
    return this.list("managedidentity:UserAssignedIdentity").map(({ id, outputs }) => ({
      resourceId: id,
      objectId: textAt(outputs, "principalId"),
      clientId: textAt(outputs, "clientId"),
    }));
  }
}

/** The value at a path such as `functionAppConfig.runtime.name`, without secret wrappers. */
export function plainValueAt(map: PropertyMap, path: string): PropertyValue | undefined {
  let value: PropertyValue | undefined = reveal(map);
  for (const key of path.split(".")) value = isMap(value) ? value[key] : undefined;
  return value ?? undefined;
}

/** The text at a path; empty if there is none. */
export function textAt(map: PropertyMap, path: string): string {
  const value = plainValueAt(map, path);
  return typeof value === "string" ? value : "";
}
