import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { differences } from "../engine/difference.ts";
import {
  type CheckResult,
  type CreateResult,
  type DiffResult,
  PartialFailure,
  type PropertyDiffKind,
  type Provider,
  type ReadResult,
  type ResourceCall,
} from "../engine/provider.ts";
import { holdsUnknown, type PropertyMap, reveal } from "../engine/values.ts";
import { ConfigError, currentSettings, ownSettings, readConfig, withPlace } from "../settings/provider-config.ts";
import { adoptLeftover, Custody } from "./custody.ts";
import { propertiesWhere } from "./metadata.ts";
import { deleteUnnoted } from "./ownership.ts";
import type { PackageDefinition } from "./package-definition.ts";
import { packInputs, partlyKnown, unpackInputs } from "./packed-inputs.ts";
import { type FunctionDefinition, type Operation, type ResourceDefinition, Unfinished } from "./resource-definition.ts";
import { isReplacement, resourceDifference } from "./resource-difference.ts";
import {
  creationInputs,
  markSecrets,
  mergeOutputs,
  outputsOf,
  plainInputs,
  repeatedInputs,
  unknownOutputs,
  withoutUndefined,
} from "./resource-values.ts";
import { knownInputs, knownParts, validate, withoutSecretValues } from "./validate.ts";

/** Makes a provider from a package's definitions: everything that is the same for every resource. */
export function definitionProvider<Client, Config extends z.ZodObject>(
  definition: PackageDefinition<Client, Config>,
): Provider {
  return new DefinitionProvider(definition);
}

/**
 * The output with the reason why an object is unfinished. The engine forgets that after a successful read, as in a refresh, although only an
 * update finishes the object. So the state keeps it until then. The engine shows no property whose name begins with two underscores.
 */
const unfinishedMark = "__unfinished";

/** The arguments of a call, beside those that every call on a resource has. */
type Request<Call extends "check" | "diff" | "create" | "read" | "update" | "delete"> = Parameters<Provider[Call]>[1];

class DefinitionProvider<Client, Config extends z.ZodObject> implements Provider {
  readonly name: string;
  readonly version: string;
  readonly #definition: PackageDefinition<Client, Config>;
  readonly #resources: ReadonlyMap<string, ResourceDefinition<Client>>;
  readonly #functions: ReadonlyMap<string, FunctionDefinition<Client>>;
  readonly #stop = new AbortController();
  readonly #custody: Custody;
  /** By URN, what `packInputs` hides from the engine in a preview. */
  readonly #partlyKnown = new Map<string, PropertyMap>();
  /** By URN, whether an option of the resource may replace the object that was compared. */
  readonly #permitReplacement = new Map<string, () => Promise<void>>();
  #client: Client | undefined;
  #configured: z.output<Config> | undefined;

  constructor(definition: PackageDefinition<Client, Config>) {
    this.name = definition.name;
    this.version = definition.version;
    this.#definition = definition;
    this.#resources = new Map(definition.resources.map((resource) => [resource.type, resource]));
    this.#custody = new Custody(
      new Set(definition.resources.filter(({ onlyInState }) => onlyInState).map(({ type }) => type)),
    );
    this.#functions = new Map((definition.functions ?? []).map((entry) => [entry.token, entry]));
  }

  async schema(): Promise<object> {
    const { packageSchema } = await import("./package-schema.ts");
    return packageSchema(this.#definition);
  }

  async component(type: string): ReturnType<NonNullable<Provider["component"]>> {
    const components = await this.#definition.components?.();
    const found = components?.find((component) => component.type === type);
    return found && { outputs: Object.keys(found.outputs.shape), construct: found.construct };
  }

  checkConfig(given: PropertyMap): CheckResult {
    const inputs = withPlace(this.#definition.config, this.#settingsOf(given));
    try {
      readConfig(this.#definition.name, this.#definition.config, inputs);
      // The engine passes them in plain text; secrets marked here are masked in its log and encrypted in the state.
      return { inputs: markSecrets(inputs, this.#definition.config, inputs), failures: [] };
    } catch (error) {
      if (error instanceof ConfigError) {
        return { inputs, failures: withoutSecretValues(this.#definition.config, inputs, error.failures) };
      }
      throw error;
    }
  }

  // Reported as a change even if nothing is replaced; otherwise the engine keeps the settings of the last update.
  async diffConfig(olds: PropertyMap, news: PropertyMap, { urn }: { readonly urn: string }): Promise<DiffResult> {
    const replacing = new Set(propertiesWhere(this.#definition.config, (meta) => meta.replaces === true));
    // An earlier version stored a place as it was given, such as with a space at its end.
    const changes = differences(withPlace(this.#definition.config, olds, {}), news, "");
    // A setting that a preview does not know yet may turn out to be the same.
    const moves = changes.some(
      ({ path, kind }) => replacing.has(path) && kind !== "add" && !holdsUnknown(news[path] ?? null),
    );
    if (moves && this.#definition.permitMove) {
      const place = Object.entries(olds).filter(([name]) => replacing.has(name));
      const former = [{ ...news, ...Object.fromEntries(place) }, olds].flatMap((settings) =>
        this.#formerClient(settings),
      );
      await this.#definition.permitMove(former, urn, this.#stop.signal);
    }
    return {
      detailed: Object.fromEntries(
        changes.map(({ path, kind }): [string, PropertyDiffKind] => [
          path,
          replacing.has(path) && kind !== "add" ? `${kind}-replace` : kind,
        ]),
      ),
    };
  }

  async configure(inputs: PropertyMap, { isDefault } = { isDefault: false }): Promise<void> {
    const given = this.#settingsOf(inputs);
    const settings = isDefault ? { ...given, ...currentSettings(this.#definition.config) } : given;
    const config = readConfig(this.#definition.name, this.#definition.config, settings);
    // The engine starts a process for each provider and configures it once. Anyone else who finds its port must not be able to turn
    // the provider, with the stack's secrets, to an address of their own.
    if (config === undefined) return;
    if (isDeepStrictEqual(config, this.#configured)) {
      this.#permitReplacement.clear();
      return this.#custody.startRun();
    }
    if (this.#configured !== undefined) {
      throw new Error(
        `The provider ${this.#definition.name} is already configured with other settings, and keeps them. If another program ` +
          "on this machine uses it, stop that program; then run the command again.",
      );
    }
    this.#configured = config;
    this.#client = this.#definition.connect(config);
  }

  async check(call: ResourceCall, { olds, news }: Request<"check">): Promise<CheckResult> {
    const resource = this.#resourceOf(call);
    this.#custody.declare(call.urn, { isInState: Object.keys(olds).length > 0 });
    // With `ignoreChanges`, the engine takes an input from the state.
    const { values, failures } = validate(resource.inputs, unpackInputs(resource, news));
    failures.push(...((await resource.check?.(knownInputs(values), call.warn)) ?? []));
    this.#partlyKnown.set(call.urn, partlyKnown(resource, values));
    return {
      inputs: packInputs(resource, markSecrets(values, resource.inputs, news)),
      failures: withoutSecretValues(resource.inputs, news, failures),
    };
  }

  async diff(call: ResourceCall, { id, olds, news }: Request<"diff">): Promise<DiffResult> {
    const resource = this.#resourceOf(call);
    const result = resourceDifference(resource, olds, news);
    if (this.#custody.isOfRefresh(call.urn, id)) return result;
    const kinds = Object.values(result.detailed);
    // The option `replaceOnChanges` turns any difference into a replacement.
    const isReplaced = kinds.some(isReplacement) || (result.deleteBeforeReplace === true && kinds.length > 0);
    const unknown = Object.keys(news).filter((name) => holdsUnknown(news[name] ?? null));
    this.#custody.compare(call, { id, inputs: olds }, { isReplaced, isGuess: unknown.length > 0 });
    if (resource.permit && this.#client !== undefined) {
      const change = {
        olds: plainInputs(resource, olds),
        news: this.#knownParts(call, news),
        replaces: kinds.some(isReplacement),
        unknown,
      };
      this.#permitReplacement.set(call.urn, async () => {
        if (!change.replaces) await resource.permit?.(this.#operation(call), id, { ...change, replaces: true });
      });
      if (kinds.length > 0) await resource.permit(this.#operation(call), id, change);
    }
    if (kinds.length > 0 || !resource.findPending || this.#client === undefined) return result;
    const pending = await resource
      .findPending(this.#operation(call), id, plainInputs(resource, olds))
      .catch(() => undefined);
    return pending === undefined ? result : { ...result, detailed: { [pending]: "update" } };
  }

  async create(call: ResourceCall, { inputs, preview }: Request<"create">): Promise<CreateResult> {
    const resource = this.#resourceOf(call);
    const isFirst = !this.#custody.isCompared(call.urn);
    await this.#permitReplacement.get(call.urn)?.();
    if (preview) {
      if (isFirst) await this.#foreseeCreation(call, inputs);
      return { id: "", properties: { ...repeatedInputs(resource, inputs), ...unknownOutputs(resource, {}, true) } };
    }
    const former = this.#custody.takePostponed(call);
    if (former) await this.#remove(call, former);
    try {
      const [work, wanted] = [this.#operation(call), plainInputs(resource, inputs)];
      const found = (await resource.leftovers?.(work, wanted)) ?? [];
      if (isFirst) await resource.permitCreation?.(work, wanted, found);
      const replacements = (before: Record<string, unknown>) => {
        const { detailed } = resourceDifference(resource, withoutUndefined(before), inputs);
        return Object.values(detailed).map(isReplacement);
      };
      const taken = await adoptLeftover(
        resource,
        work,
        wanted,
        this.#custody.free(call, resource, found),
        replacements,
      );
      const present = new Set(found.map(({ id }) => id));
      const other = this.#otherOf(call, undefined);
      const made = taken ? { ...taken, isAdopted: true } : await resource.create({ ...work, present, other }, wanted);
      requireFinished(resource, call);
      this.#custody.present(call, { id: made.id, inputs }, made.isAdopted ? "adopted" : "made");
      return { id: made.id, properties: mergeOutputs(resource, inputs, made.outputs) };
    } catch (error) {
      throw asPartialFailure(resource, inputs, error);
    }
  }

  async read(call: ResourceCall, { id, inputs, state }: Request<"read">): Promise<ReadResult | undefined> {
    const resource = this.#resourceOf(call);
    this.#custody.noteRead(call, id);
    const known = Object.keys(inputs).length > 0;
    const stored = known ? outputsOf(resource, state) : undefined;
    const given = known ? plainInputs(resource, inputs) : undefined;
    const found = await resource.read(this.#operation(call), id, given, stored).catch((error: unknown) => {
      throw asPartialFailure(resource, inputs, error);
    });
    if (!found) return undefined;
    // The vendor does not know inputs that matter only in a creation.
    const kept = Object.fromEntries(creationInputs(resource).map((name) => [name, given?.[name]]));
    const { values } = validate(resource.inputs, withoutUndefined({ ...found.inputs, ...kept }));
    const now = packInputs(resource, markSecrets(values, resource.inputs, inputs));
    // `pulumi import` may have given the id in another spelling; the definition may return the canonical one.
    const result = { id: found.id ?? id, inputs: now, properties: mergeOutputs(resource, now, found.outputs) };
    this.#custody.noteRead(call, result.id);
    const unfinished = state[unfinishedMark];
    if (typeof unfinished === "string") throw partialFailure(result, unfinished);
    return result;
  }

  async update(call: ResourceCall, { id, olds, state, news, preview }: Request<"update">): Promise<PropertyMap> {
    const resource = this.#resourceOf(call);
    if (preview) {
      if (resource.foresee && this.#client !== undefined && !holdsUnknown(news)) {
        const change = { news: plainInputs(resource, news), olds: plainInputs(resource, olds) };
        await resource.foresee(this.#operation(call), id, change);
      }
      return { ...repeatedInputs(resource, news), ...unknownOutputs(resource, state, false) };
    }
    if (!resource.update) throw new Error(`${call.type} can't be updated in place.`);
    this.#custody.hold(call, id);
    try {
      const outputs = await resource.update(this.#operation(call), id, {
        news: plainInputs(resource, news),
        olds: plainInputs(resource, olds),
        outputs: outputsOf(resource, state),
      });
      this.#custody.present(call, { id, inputs: news }, "made");
      return mergeOutputs(resource, news, outputs);
    } catch (error) {
      throw asPartialFailure(resource, news, error);
    }
  }

  async delete(call: ResourceCall, object: Request<"delete">): Promise<void> {
    const known = this.#custody.isCurrent(call, object.id);
    if (known === undefined) return this.#remove(call, object);
    if (known === "compared") this.#custody.postpone(call, object);
    if (known !== "made") call.warn(`keeps ${object.id}: the state had it twice, and the program still declares it`);
  }

  async invoke(token: string, args: PropertyMap): Promise<PropertyMap> {
    const entry = this.#functions.get(token);
    if (!entry) throw new Error(`The provider ${this.#definition.name} has no function ${token}.`);
    const result = await entry.call(this.#connectedClient(), entry.args.parse(reveal(args)), this.#stop.signal);
    return markSecrets(withoutUndefined(result), entry.result, {});
  }

  cancel(): void {
    this.#stop.abort(new Error("stopped by the user"));
  }

  async #remove(call: ResourceCall, { id, olds, state: outputs }: Request<"delete">): Promise<void> {
    const resource = this.#resourceOf(call);
    const state = unpackInputs(resource, { ...olds, ...outputs });
    const work = { ...this.#operation(call), other: this.#otherOf(call, id) };
    this.#custody.hold(call, id);
    const inputs = reveal(state) as Record<string, unknown>;
    const ownershipId = resource.owns ? id : inputs.ownership;
    if (typeof ownershipId === "string") {
      const spared = (resource.owns && resource.spares?.(plainInputs(resource, state))) || [];
      await deleteUnnoted(this.#definition.resources, work, { type: call.type, id, ownershipId, spared });
    }
    await resource.delete(work, id, inputs);
    requireFinished(resource, call);
    this.#custody.release(call, id);
  }

  /** Checks a creation in a preview. */
  async #foreseeCreation(call: ResourceCall, inputs: PropertyMap): Promise<void> {
    const resource = this.#resourceOf(call);
    if (this.#client === undefined || !(resource.permitCreation || resource.foreseeCreation)) return;
    // An object's mark is unknown until its ownership is known.
    const isMarkKnown = !holdsUnknown(inputs.ownership ?? null);
    const [work, wanted] = [this.#operation(call), this.#knownParts(call, inputs)];
    const leftovers = (isMarkKnown && (await resource.leftovers?.(work, wanted))) || [];
    if (isMarkKnown) await resource.permitCreation?.(work, wanted, leftovers);
    if (!this.#custody.isInState(call.urn)) await resource.foreseeCreation?.(work, wanted, leftovers);
  }

  #resourceOf(call: ResourceCall): ResourceDefinition<Client> {
    const resource = this.#resources.get(call.type);
    if (!resource) throw new Error(`The provider ${this.name} has no resource type ${call.type}.`);
    return resource;
  }

  /** What a preview knows of the inputs. */
  #knownParts(call: ResourceCall, inputs: PropertyMap): Record<string, unknown> {
    const resource = this.#resourceOf(call);
    return knownParts(resource.inputs, unpackInputs(resource, { ...inputs, ...this.#partlyKnown.get(call.urn) }));
  }

  #settingsOf(given: PropertyMap): PropertyMap {
    return this.#definition.sharesName ? ownSettings(this.#definition.config, given) : given;
  }

  /** A client with settings of the state. None if they are incomplete: an environment variable of the last update may have had the rest. */
  #formerClient(settings: PropertyMap): Client[] {
    try {
      const config = readConfig(this.#definition.name, this.#definition.config, settings);
      return config ? [this.#definition.connect(config)] : [];
    } catch (error) {
      if (error instanceof ConfigError) return [];
      throw error;
    }
  }

  #connectedClient(): Client {
    if (this.#client === undefined) throw new Error(`The provider ${this.name} was called before it was configured.`);
    return this.#client;
  }

  #operation({ type, urn, name, signal, progress, warn }: ResourceCall): Operation<Client> {
    return {
      client: this.#connectedClient(),
      urn,
      name,
      signal,
      progress,
      warn,
      isHeld: (id) => this.#custody.isHeld(type, id),
      isKnown: (id, other) => this.#custody.isKnown(other, id),
      present: new Set(),
    };
  }

  #otherOf(call: ResourceCall, id: string | undefined): Operation<Client>["other"] {
    const other = this.#custody.other(call, id);
    return other && { id: other.id, inputs: reveal(other.inputs) as Record<string, unknown> };
  }
}

/**
 * An object that exists only in the state is there for what its operations check, and a check that was stopped proves nothing: without a
 * guard in the state, the next destroy would delete what it guards.
 *
 * @throws if the operation was stopped
 */
function requireFinished({ onlyInState }: ResourceDefinition<never>, { signal }: ResourceCall): void {
  if (onlyInState) signal.throwIfAborted();
}

function asPartialFailure(resource: ResourceDefinition<never>, inputs: PropertyMap, error: unknown): unknown {
  if (!(error instanceof Unfinished)) return error;
  const properties = mergeOutputs(resource, inputs, error.outputs as Record<string, unknown>);
  return partialFailure({ id: error.id, properties, inputs }, error.message);
}

function partialFailure({ properties, ...object }: ReadResult, reason: string): PartialFailure {
  return new PartialFailure({ ...object, properties: { ...properties, [unfinishedMark]: reason }, reasons: [reason] });
}
