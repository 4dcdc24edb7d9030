import { differences } from "../../providers/kit/difference.ts";
import type {
  CheckResult,
  CreateResult,
  DiffResult,
  Provider,
  ReadResult,
  ResourceCall,
} from "../../providers/kit/provider.ts";
import { isMap, type PropertyMap, type PropertyValue, reveal, Unknown } from "../../providers/kit/values.ts";
import { ArmError } from "./arm-error.ts";
import { type InvokeParts, invoke } from "./invokes.ts";
import { type Request, refuse } from "./refusals.ts";
import { deleteResource } from "./resource-deletion.ts";
import { effectsOf } from "./resource-effects.ts";
import { checkInputs, deletesBeforeReplace } from "./resource-inputs.ts";
import { pathInputs, type ResourceType, resourceTypes } from "./resource-types.ts";
import { inlineSettings } from "./site-effects.ts";
import { type Resource, text } from "./subscription.ts";

/** azure-native, as far as the engine and a program can tell, over what exists in the local cloud. */
export class AzureNative implements Provider {
  readonly name = "azure-native";
  readonly version = "3.28.0";
  readonly #parts: InvokeParts;
  #location: string | undefined;
  #subscriptionId: string;
  /** Lower-case ids of storage accounts of which a part is being written. */
  readonly #busyAccounts = new Set<string>();

  constructor(parts: InvokeParts) {
    this.#parts = parts;
    this.#subscriptionId = parts.subscription.subscriptionId;
  }

  schema(): object {
    return { name: this.name, version: this.version };
  }

  checkConfig(inputs: PropertyMap): CheckResult {
    return { inputs, failures: [] };
  }

  async configure(inputs: PropertyMap): Promise<void> {
    this.#location = text(inputs, "location") || undefined;
    this.#subscriptionId = text(inputs, "subscriptionId") || this.#parts.subscription.subscriptionId;
  }

  async check(call: ResourceCall, request: { olds: PropertyMap; news: PropertyMap }): Promise<CheckResult> {
    return checkInputs(typeOf(call.type), call.name, request, {
      location: this.#location,
      groupLocation: (name) => {
        const group = this.#parts.subscription.findByName("resources:ResourceGroup", name);
        return group && text(group.inputs, "location");
      },
    });
  }

  async diff(call: ResourceCall, { olds, news }: { olds: PropertyMap; news: PropertyMap }): Promise<DiffResult> {
    const type = typeOf(call.type);
    const replacing = [...pathInputs(type), ...type.replaceOn];
    const found = differences(olds, news, "").filter(({ path }) => path !== "location" || movesRegion(olds, news));
    const detailed: DiffResult["detailed"] = {};
    for (const { path, kind } of found) {
      const key = path.replaceAll(/\[\d+\]/g, "[]");
      const replaces = replacing.some(
        (name) => key === name || key.startsWith(`${name}.`) || key.startsWith(`${name}[`),
      );
      detailed[path] = replaces ? `${kind}-replace` : kind;
    }
    const isReplaced = Object.values(detailed).some((kind) => kind.endsWith("-replace"));
    return { detailed, deleteBeforeReplace: isReplaced && deletesBeforeReplace(olds) };
  }

  async create(
    call: ResourceCall,
    { inputs, preview }: { inputs: PropertyMap; preview: boolean },
  ): Promise<CreateResult> {
    const type = typeOf(call.type);
    if (preview) return { id: "", properties: previewOutputs(type, inputs) };
    const id = this.#idOf(type, inputs);
    const existing = this.#parts.subscription.get(id);
    if (existing && !type.singleton) throw new Error(`cannot create already existing resource '${id}'`);
    const request = { id, type, inputs, name: nameOf(type, id, inputs), existing: undefined };
    const created = await this.#exclusively(id, () => this.#put(request));
    return { id, properties: created.outputs };
  }

  async read(call: ResourceCall, { id }: { id: string }): Promise<ReadResult | undefined> {
    const resource = this.#parts.subscription.get(id);
    if (resource === undefined || resource.type !== typeOf(call.type)) return undefined;
    const live = await effectsOf(resource.type.token).read?.(resource, this.#parts);
    return { id: resource.id, inputs: resource.inputs, properties: { ...resource.outputs, ...live } };
  }

  async update(
    call: ResourceCall,
    request: { id: string; state: PropertyMap; news: PropertyMap; preview: boolean },
  ): Promise<PropertyMap> {
    const type = typeOf(call.type);
    const { id, state, news } = request;
    if (request.preview) {
      // azure-native takes these two alone for certain to stay as they are.
      const stable = Object.entries(state).filter(([key]) => key === "name" || key === "location");
      return { ...previewOutputs(type, news), ...Object.fromEntries(stable) };
    }
    const existing = this.#parts.subscription.get(id);
    const wanted = { id, type, inputs: news, name: nameOf(type, id, news), existing };
    const updated = await this.#exclusively(id, () => this.#put(wanted));
    return updated.outputs;
  }

  async delete(_call: ResourceCall, { id }: { id: string }): Promise<void> {
    await this.#exclusively(id, () => deleteResource(id, this.#parts));
  }

  async invoke(token: string, args: PropertyMap): Promise<PropertyMap> {
    return invoke(token, args, this.#parts);
  }

  async #put(request: Request): Promise<Resource> {
    const { subscription, storage, apps } = this.#parts;
    refuse(request, subscription);
    const { existing, type, id } = request;
    const { create, update } = effectsOf(type.token);
    const computed = existing
      ? await update?.({ ...request, existing }, this.#parts)
      : await create?.(request, this.#parts);
    const kept = existing ? computedOf(type, existing.outputs) : {};
    const outputs = overlay(overlay(echo(type, request.inputs), kept), computed ?? {});
    const resource = {
      id,
      type,
      name: request.name,
      inputs: request.inputs,
      outputs: { ...outputs, name: request.name },
    };
    subscription.put(resource);
    const changesAccess = ["authorization:RoleAssignment", "storage:StorageAccount"];
    if (changesAccess.some((name) => type.token.endsWith(name))) await storage.refreshAccess();
    if (existing && type.token.endsWith("web:WebApp")) {
      const settings = inlineSettings(request.inputs);
      await (settings ? apps.get(id).changeSettings(settings) : apps.get(id).restart());
    }
    return resource;
  }

  /** Runs a write; Azure refuses a second one below the same storage account. */
  async #exclusively<T>(id: string, act: () => Promise<T>): Promise<T> {
    const [, account] =
      id.toLowerCase().match(/^(.*\/storageaccounts\/[^/]+)\/(?:queueservices|blobservices|managementpolicies)\b/) ??
      [];
    if (account === undefined || this.#parts.switches.parallelAccountWrites === "allow") return act();
    if (this.#busyAccounts.has(account)) {
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

  #idOf(type: ResourceType, inputs: PropertyMap): string {
    if (this.#subscriptionId !== this.#parts.subscription.subscriptionId) {
      throw new ArmError(404, "SubscriptionNotFound", `The subscription '${this.#subscriptionId}' could not be found.`);
    }
    const filled = type.id.replace(/\{(\w+)\}/g, (_match, name: string) =>
      name === "subscriptionId" ? this.#subscriptionId : text(inputs, name),
    );
    return filled.replaceAll(/(?<!:)\/{2,}/g, "/");
  }
}

function typeOf(token: string): ResourceType {
  const type = resourceTypes.get(token);
  if (type === undefined) throw new Error(`The local cloud has no resource type ${token}.`);
  return type;
}

function nameOf(type: ResourceType, id: string, inputs: PropertyMap): string {
  return text(inputs, type.nameInput) || (id.split("/").at(-1) ?? "");
}

/** Inputs as Azure gives them back: without those that are only part of the address, and never a vault secret's value. */
function echo(type: ResourceType, inputs: PropertyMap): PropertyMap {
  const address = pathInputs(type).filter((name) => name !== "name" && name !== "scope");
  const shown = Object.entries(inputs).filter(([key]) => !address.includes(key) && !key.startsWith("__"));
  const outputs: PropertyMap = Object.fromEntries(shown);
  const properties = outputs.properties === undefined ? undefined : reveal(outputs.properties);
  if (type.token === "azure-native:keyvault:Secret" && isMap(properties)) {
    const { value: _value, ...rest } = properties;
    outputs.properties = rest;
  }
  const armType = type.armType || `${text(inputs, "resourceProviderNamespace")}/${text(inputs, "resourceType")}`;
  return { ...outputs, type: armType, ...(type.apiVersion !== "" && { azureApiVersion: type.apiVersion }) };
}

/** What a preview knows: the inputs; everything that Azure decides stays open, the name too unless it is an input `name`. */
function previewOutputs(type: ResourceType, inputs: PropertyMap): PropertyMap {
  let outputs = echo(type, inputs);
  for (const path of type.computed) outputs = overlay(outputs, at(path, Unknown.instance));
  return { ...outputs, name: type.nameInput === "name" ? (inputs.name ?? Unknown.instance) : Unknown.instance };
}

/** The computed part of earlier outputs. */
function computedOf(type: ResourceType, outputs: PropertyMap): PropertyMap {
  let kept: PropertyMap = {};
  for (const path of type.computed) {
    const [key = "", below] = path.split(".");
    const value = outputs[key];
    const found = below === undefined ? value : isMap(value) ? value[below] : undefined;
    if (found !== undefined) kept = overlay(kept, at(path, found));
  }
  return kept;
}

/** A map that holds nothing but a value at a path such as `state` or `properties.vaultUri`. */
function at(path: string, value: PropertyValue): PropertyMap {
  const [key = "", below] = path.split(".");
  return { [key]: below === undefined ? value : { [below]: value } };
}

/** Puts outputs over others. `properties` is shared by inputs and what Azure adds; all else is one or the other. */
function overlay(base: PropertyMap, over: PropertyMap): PropertyMap {
  const [below, above] = [base.properties, over.properties];
  return { ...base, ...over, ...(isMap(below) && isMap(above) && { properties: { ...below, ...above } }) };
}

/** Azure's regions know neither case nor blanks. */
function movesRegion(olds: PropertyMap, news: PropertyMap): boolean {
  const region = (map: PropertyMap) => text(map, "location").toLowerCase().replaceAll(" ", "");
  return region(olds) !== region(news);
}
