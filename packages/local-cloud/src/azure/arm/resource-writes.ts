import { isMap, type PropertyMap, type PropertyValue, reveal } from "pulumi-provider-kit";
import { EffectLog } from "../effects/effect-log.ts";
import type { AzureParts } from "../effects/effects.ts";
import { effectsOf } from "../effects/resource-effects.ts";
import { inlineSettings } from "../effects/site-effects.ts";
import { covers } from "../identity/data-plane-authorization.ts";
import { connectionsOf, networkOf } from "../network/private-access.ts";
import { refuseResource } from "../refusals/refusals.ts";
import { ArmError } from "./arm-error.ts";
import { deleteArmResource } from "./resource-deletion.ts";
import { pathInputs } from "./resource-id.ts";
import type { ResourceRequest } from "./resource-request.ts";
import type { ResourceType } from "./resource-types.ts";
import { type Resource, textAt } from "./subscription.ts";

/** Creates, changes and deletes resources, for any caller. */
export class ResourceWrites {
  readonly #parts: AzureParts;
  /** Lower-case ids of storage accounts with a write under way, of the account itself or of a part. */
  readonly #busyAccounts = new Set<string>();

  /** Ids of resources that are being created or changed. */
  readonly #underWay = new Map<Promise<Resource>, string>();

  /** The writes that have taken effect, and the one whose answer is held back. */
  readonly effects = new EffectLog();

  constructor(parts: AzureParts) {
    this.#parts = parts;
  }

  /** Azure's PUT: creates or changes a resource. */
  async put(id: string, type: ResourceType, inputs: PropertyMap): Promise<Resource> {
    const existing = this.#parts.subscription.get(id);
    const request = { id, type, inputs, name: nameOf(type, id, inputs), existing };
    const writing = this.#exclusively(id, () => this.#put(request));
    this.#underWay.set(writing, id);
    const made = await writing.finally(() => this.#underWay.delete(writing));
    await this.effects.add(`PUT ${id}`);
    return made;
  }

  /** Azure's PATCH, which few types support. */
  async patch(resource: Resource, properties: PropertyMap): Promise<void> {
    const { patch } = effectsOf(resource.type.token);
    if (!patch) throw new ArmError(405, "MethodNotAllowed", "The HTTP method 'PATCH' is not supported here.");
    await this.#exclusively(resource.id, async () => patch(resource, properties, this.#parts));
    await this.effects.add(`PATCH ${resource.id}`);
  }

  /**
   * Keeps a change under way after its answer. A private endpoint needs its storage account and network for itself until it is done, and
   * fails if the account is just being written (Azure/bicep-registry-modules#6001).
   */
  beginSlowChange(resource: Resource, state: "Updating" | "Deleting"): void {
    const { subscription, switches } = this.#parts;
    const { networkSeconds: seconds } = switches;
    const fails = connectionsOf(resource).some(({ target }) => this.#busyAccounts.has(target.toLowerCase()));
    subscription.slowChanges.begin(resource, state, { seconds, fails: fails && state === "Updating" });
    const network = subscription.get(networkOf(textAt(resource.inputs, "subnet.id")));
    if (network) subscription.slowChanges.begin(network, "Updating", { seconds });
  }

  async delete(id: string): Promise<void> {
    // Parts under construction are finished first and then deleted too: Azure repeats the failed deletion of a part for 15
    // minutes (Microsoft Learn, "Azure Resource Manager resource group and resource deletion").
    await Promise.allSettled([...this.#underWay].flatMap(([writing, part]) => (covers(id, part) ? [writing] : [])));
    await this.#exclusively(id, () => deleteArmResource(id, this.#parts));
    await this.effects.add(`DELETE ${id}`);
  }

  async #put(request: ResourceRequest): Promise<Resource> {
    const { subscription, storage, apps, switches } = this.#parts;
    refuseResource(request, subscription, switches);
    const { existing, type, id } = request;
    const { create, update } = effectsOf(type.token);
    const computed = existing
      ? await update?.({ ...request, existing }, this.#parts)
      : await create?.(request, this.#parts);
    const kept = existing ? computedOf(type, existing.outputs) : {};
    const outputs = overlay(overlay(shownInputs(type, request.inputs), kept), computed ?? {});
    const resource = {
      id,
      type,
      name: request.name,
      inputs: request.inputs,
      outputs: { ...outputs, name: request.name },
    };
    subscription.put(resource);
    const changesAccess = [
      "authorization:RoleAssignment",
      "storage:StorageAccount",
      "web:WebApp",
      "network:PrivateEndpoint",
      "network:PrivateDnsZoneGroup",
      "privatedns:VirtualNetworkLink",
    ];
    if (changesAccess.some((name) => type.token.endsWith(name))) await storage.refreshAccess();
    if (existing && type.token.endsWith("web:WebApp")) {
      const app = apps.get(id);
      await app.changeSettings(inlineSettings(request.inputs) ?? app.settings);
    }
    return resource;
  }

  /** Whether Azure is still creating a private endpoint of an account. */
  #getsEndpoint(account: string): boolean {
    const { subscription } = this.#parts;
    return subscription
      .list("network:PrivateEndpoint")
      .filter(({ id }) => subscription.slowChanges.isUnderWay(id))
      .some((endpoint) => connectionsOf(endpoint).some(({ target }) => target.toLowerCase() === account));
  }

  /** Runs a write; Azure refuses a second one of the same storage account or of its parts. */
  async #exclusively<T>(id: string, act: () => Promise<T>): Promise<T> {
    const [, account] =
      id
        .toLowerCase()
        .match(/^(.*\/storageaccounts\/[^/]+)(?:\/(?:queueservices|blobservices|managementpolicies)\b.*)?$/) ?? [];
    if (account === undefined || this.#parts.switches.parallelAccountWrites === "allow") return act();
    if (this.#busyAccounts.has(account) || this.#getsEndpoint(account)) {
      const message = "An operation is currently performing on this storage account that requires exclusive access.";
      throw new ArmError(409, "StorageAccountOperationInProgress", message);
    }
    this.#busyAccounts.add(account);
    try {
      return await act();
    } finally {
      this.#busyAccounts.delete(account);
    }
  }
}

function nameOf(type: ResourceType, id: string, inputs: PropertyMap): string {
  return textAt(inputs, type.nameInput) || (id.split("/").at(-1) ?? "");
}

/** Inputs as Azure returns them: without those that are only part of the address, and never a vault secret's value. */
export function shownInputs(type: ResourceType, inputs: PropertyMap): PropertyMap {
  const address = pathInputs(type).filter((name) => name !== "name" && name !== "scope");
  const shown = Object.entries(inputs).filter(([key]) => !address.includes(key) && !key.startsWith("__"));
  const outputs: PropertyMap = Object.fromEntries(shown);
  const properties = outputs.properties === undefined ? undefined : reveal(outputs.properties);
  if (type.token === "azure-native:keyvault:Secret" && isMap(properties)) {
    const { value: _value, ...rest } = properties;
    outputs.properties = rest;
  }
  const armType = type.armType || `${textAt(inputs, "resourceProviderNamespace")}/${textAt(inputs, "resourceType")}`;
  return { ...outputs, type: armType, ...(type.apiVersion !== "" && { azureApiVersion: type.apiVersion }) };
}

/** The computed part of earlier outputs. */
function computedOf(type: ResourceType, outputs: PropertyMap): PropertyMap {
  let kept: PropertyMap = {};
  for (const path of type.computed) {
    const [key = "", below] = path.split(".");
    const value = outputs[key];
    const found = below === undefined ? value : isMap(value) ? value[below] : undefined;
    if (found !== undefined) kept = overlay(kept, mapWith(path, found));
  }
  return kept;
}

/** A map with a single value at a path such as `state` or `properties.vaultUri`. */
export function mapWith(path: string, value: PropertyValue): PropertyMap {
  const [key = "", below] = path.split(".");
  return { [key]: below === undefined ? value : { [below]: value } };
}

/** Merges outputs. Only `properties` mixes inputs and Azure's additions; every other property is one or the other. */
export function overlay(base: PropertyMap, over: PropertyMap): PropertyMap {
  const [below, above] = [base.properties, over.properties];
  return { ...base, ...over, ...(isMap(below) && isMap(above) && { properties: { ...below, ...above } }) };
}
