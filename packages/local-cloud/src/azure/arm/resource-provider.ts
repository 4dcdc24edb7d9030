import type { CheckResult, CreateResult, DiffResult, Provider, ReadResult, ResourceCall } from "pulumi-provider-kit";
import { differences, type PropertyMap, Unknown } from "pulumi-provider-kit";
import { effectsOf } from "../effects/resource-effects.ts";
import { ArmError } from "./arm-error.ts";
import { type InvokeParts, invoke } from "./invokes.ts";
import { pathInputs } from "./resource-id.ts";
import { type CheckRequest, checkInputs, deletesBeforeReplace } from "./resource-inputs.ts";
import { armResourceTypes, type ResourceType } from "./resource-types.ts";
import { mapWith, overlay, type ResourceWrites, shownInputs } from "./resource-writes.ts";
import { textAt } from "./subscription.ts";

/** Behaves like azure-native towards the engine and a program, on top of the local cloud's resources. */
export class AzureNative implements Provider {
  readonly name = "azure-native";
  readonly version = "3.28.0";
  readonly supportsAutonaming = true;
  readonly #parts: InvokeParts;
  readonly #writes: ResourceWrites;
  #location: string | undefined;
  #subscriptionId: string;
  constructor(parts: InvokeParts, writes: ResourceWrites) {
    this.#parts = parts;
    this.#writes = writes;
    this.#subscriptionId = parts.subscription.subscriptionId;
  }

  async schema(): Promise<object> {
    return { name: this.name, version: this.version };
  }

  checkConfig(inputs: PropertyMap): CheckResult {
    return { inputs, failures: [] };
  }

  async configure(inputs: PropertyMap): Promise<void> {
    this.#location = textAt(inputs, "location") || undefined;
    this.#subscriptionId = textAt(inputs, "subscriptionId") || this.#parts.subscription.subscriptionId;
  }

  async check(call: ResourceCall, request: CheckRequest): Promise<CheckResult> {
    return checkInputs(typeOf(call.type), call.name, request, {
      location: this.#location,
      groupLocation: (name) => {
        const group = this.#parts.subscription.findByName("resources:ResourceGroup", name);
        return group && textAt(group.inputs, "location");
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
    const created = await this.#writes.put(id, type, inputs);
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
      // azure-native treats only these two as certain to stay the same.
      const stable = Object.entries(state).filter(([key]) => key === "name" || key === "location");
      return { ...previewOutputs(type, news), ...Object.fromEntries(stable) };
    }
    return (await this.#writes.put(id, type, news)).outputs;
  }

  async delete(_call: ResourceCall, { id }: { id: string }): Promise<void> {
    await this.#writes.delete(id);
  }

  async invoke(token: string, args: PropertyMap): Promise<PropertyMap> {
    return invoke(token, args, this.#parts);
  }

  #idOf(type: ResourceType, inputs: PropertyMap): string {
    if (this.#subscriptionId !== this.#parts.subscription.subscriptionId) {
      throw new ArmError(404, "SubscriptionNotFound", `The subscription '${this.#subscriptionId}' could not be found.`);
    }
    const filled = type.id.replace(/\{(\w+)\}/g, (_match, name: string) =>
      name === "subscriptionId" ? this.#subscriptionId : textAt(inputs, name),
    );
    return filled.replaceAll(/(?<!:)\/{2,}/g, "/");
  }
}

function typeOf(token: string): ResourceType {
  const type = armResourceTypes.get(token);
  if (type === undefined) throw new Error(`The local cloud has no resource type ${token}.`);
  return type;
}

/** A preview knows the inputs. Everything that Azure decides stays unknown, including the name unless there is an input `name`. */
function previewOutputs(type: ResourceType, inputs: PropertyMap): PropertyMap {
  let outputs = shownInputs(type, inputs);
  for (const path of type.computed) outputs = overlay(outputs, mapWith(path, Unknown.instance));
  return { ...outputs, name: type.nameInput === "name" ? (inputs.name ?? Unknown.instance) : Unknown.instance };
}

/** Azure ignores case and blanks in the names of regions. */
function movesRegion(olds: PropertyMap, news: PropertyMap): boolean {
  const region = (map: PropertyMap) => textAt(map, "location").toLowerCase().replaceAll(" ", "");
  return region(olds) !== region(news);
}
