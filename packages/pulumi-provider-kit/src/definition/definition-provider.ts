import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { differences } from "../engine/difference.ts";
import type { DiffResult, PropertyDiffKind, Provider, ResourceCall } from "../engine/provider.ts";
import { PartialFailure } from "../engine/provider.ts";
import { holdsSecret, holdsUnknown, type PropertyMap, reveal, Secret, Unknown } from "../engine/values.ts";
import { ConfigError, currentSettings, ownSettings, readConfig } from "../settings/provider-config.ts";
import { Custody, takeOver } from "./custody.ts";
import { metadata, propertiesWhere } from "./metadata.ts";
import { deleteUnnoted } from "./ownership.ts";
import type { PackageDefinition } from "./package-definition.ts";
import { packageSchema } from "./package-schema.ts";
import { type Operation, type ResourceDefinition, Unfinished } from "./resource-definition.ts";
import { knownInputs, knownParts, validate } from "./validate.ts";

/** The provider that a package's definitions describe: everything that is the same for every resource. */
export function definitionProvider<Client, Config extends z.ZodObject>(
  definition: PackageDefinition<Client, Config>,
): Provider {
  const resources = new Map(definition.resources.map((resource) => [resource.type, resource]));
  const functions = new Map((definition.functions ?? []).map((entry) => [entry.token, entry]));
  const stop = new AbortController();
  const custody = new Custody();
  let client: Client | undefined;
  let configured: z.output<Config> | undefined;

  function resourceOf(call: ResourceCall): ResourceDefinition<Client> {
    const resource = resources.get(call.type);
    if (!resource) throw new Error(`The provider ${definition.name} has no resource type ${call.type}.`);
    return resource;
  }

  function settingsOf(given: PropertyMap): PropertyMap {
    return definition.sharesName ? ownSettings(definition.config, given) : given;
  }

  function connected(): Client {
    if (client === undefined) throw new Error(`The provider ${definition.name} was called before it was configured.`);
    return client;
  }

  function operation(call: ResourceCall): Operation<Client> {
    const { urn, name, signal, progress, warn } = call;
    const isHeld = (id: string) => custody.isHeld(call.type, id);
    const isKnown = (id: string, type: string) => custody.isKnown(type, id);
    return {
      client: connected(),
      urn,
      name,
      signal,
      progress,
      warn,
      isHeld,
      isKnown,
      isCurrent: false,
      present: new Set(),
    };
  }

  function otherOf(urn: string, id: string | undefined): Operation<Client>["other"] {
    const other = custody.other(urn, id);
    return other && { id: other.id, inputs: reveal(other.inputs) as Record<string, unknown> };
  }

  return {
    name: definition.name,
    version: definition.version,
    schema: () => packageSchema(definition),
    components: new Map(
      (definition.components ?? []).map(({ type, outputs, construct }) => [
        type,
        { outputs: Object.keys(outputs.shape), construct },
      ]),
    ),

    checkConfig(given) {
      const inputs = settingsOf(given);
      try {
        readConfig(definition.name, definition.config, inputs);
        // The engine hands them over in plain text; what is marked here is marked in its log and encrypted in the state.
        return { inputs: markSecrets(inputs, definition.config, inputs), failures: [] };
      } catch (error) {
        if (error instanceof ConfigError) return { inputs, failures: error.failures };
        throw error;
      }
    },

    // Told as a change even where nothing is replaced, or the engine goes on with the settings of the last update.
    async diffConfig(olds, news, { urn }) {
      const replacing = new Set(propertiesWhere(definition.config, (meta) => meta.replaces === true));
      const changes = differences(olds, news, "");
      const moves = changes.some(({ path, kind }) => replacing.has(path) && kind !== "add");
      if (moves && definition.permitMove) {
        const place = Object.entries(olds).filter(([name]) => replacing.has(name));
        const former = [{ ...news, ...Object.fromEntries(place) }, olds].flatMap((settings) => {
          const config = readConfig(definition.name, definition.config, settings);
          return config ? [definition.connect(config)] : [];
        });
        await definition.permitMove(former, urn, stop.signal);
      }
      return {
        detailed: Object.fromEntries(
          changes.map(({ path, kind }): [string, PropertyDiffKind] => [
            path,
            replacing.has(path) && kind !== "add" ? `${kind}-replace` : kind,
          ]),
        ),
      };
    },

    async configure(inputs, { isDefault } = { isDefault: false }) {
      const given = settingsOf(inputs);
      const settings = isDefault ? { ...given, ...currentSettings(definition.config) } : given;
      const config = readConfig(definition.name, definition.config, settings);
      // The engine starts a process for each provider and configures it once. Whoever else finds its port must not be able to turn
      // the provider, with the stack's secrets, to an address of their own.
      if (config === undefined || isDeepStrictEqual(config, configured)) return;
      if (configured !== undefined) {
        throw new Error(
          `The provider ${definition.name} is configured already, with other settings, and keeps them. If another program ` +
            "on this machine uses it, stop that program; then run the command again.",
        );
      }
      configured = config;
      client = definition.connect(config);
    },

    async check(call, { olds, news }) {
      const resource = resourceOf(call);
      if (Object.keys(olds).length > 0) custody.inState(call.urn);
      const { values, failures } = validate(resource.inputs, news);
      failures.push(...((await resource.check?.(knownInputs(values), call.warn)) ?? []));
      return { inputs: markSecrets(values, resource.inputs, news), failures };
    },

    async diff(call, { id, olds, news }) {
      custody.compare(call, { id, inputs: olds });
      const resource = resourceOf(call);
      const result = difference(resource, olds, news);
      const kinds = Object.values(result.detailed);
      if (resource.permit && client !== undefined && kinds.length > 0) {
        const change = {
          olds: plainInputs(resource, olds),
          news: knownInputs(news),
          replaces: kinds.some(isReplacement),
        };
        await resource.permit(operation(call), id, change);
      }
      return result;
    },

    async create(call, { inputs, preview }) {
      const resource = resourceOf(call);
      const isFirst = !custody.isCompared(call.urn);
      if (preview) {
        // Without its ownership, an object's mark is not known.
        if (isFirst && resource.permitCreation && client !== undefined && !holdsUnknown(inputs.ownership ?? null)) {
          const [work, wanted] = [operation(call), knownParts(resource.inputs, inputs)];
          await resource.permitCreation(work, wanted, (await resource.leftovers?.(work, wanted)) ?? []);
        }
        return { id: "", properties: { ...inputs, ...unknownOutputs(resource, {}, true) } };
      }
      try {
        const [work, wanted] = [operation(call), plainInputs(resource, inputs)];
        const found = (await resource.leftovers?.(work, wanted)) ?? [];
        if (isFirst) await resource.permitCreation?.(work, wanted, found);
        const replacements = (before: Record<string, unknown>) => {
          const { detailed } = difference(resource, withoutUndefined(before), inputs);
          return Object.values(detailed).map(isReplacement);
        };
        const taken = await takeOver(resource, work, wanted, custody.free(call, resource, found), replacements);
        const present = new Set(found.map(({ id }) => id));
        const other = otherOf(call.urn, undefined);
        const made = taken ?? (await resource.create({ ...work, present, other }, wanted));
        custody.present(call, { id: made.id, inputs });
        return { id: made.id, properties: merge(resource, inputs, made.outputs) };
      } catch (error) {
        throw partial(resource, inputs, error);
      }
    },

    async read(call, { id, inputs, state }) {
      const resource = resourceOf(call);
      custody.hold(call, id);
      const known = Object.keys(inputs).length > 0;
      const stored = known ? outputsOf(resource, state) : undefined;
      const given = known ? plainInputs(resource, inputs) : undefined;
      const found = await resource.read(operation(call), id, given, stored).catch((error: unknown) => {
        throw partial(resource, inputs, error);
      });
      if (!found) return undefined;
      // Of what matters in a creation alone the vendor knows nothing.
      const kept = Object.fromEntries(creationInputs(resource).map((name) => [name, given?.[name]]));
      const { values } = validate(resource.inputs, withoutUndefined({ ...found.inputs, ...kept }));
      const now = markSecrets(values, resource.inputs, inputs);
      // The id may have been given in another spelling (`pulumi import`); a definition that has one answers it.
      return { id: found.id ?? id, inputs: now, properties: merge(resource, now, found.outputs) };
    },

    async update(call, { id, olds, state, news, preview }) {
      const resource = resourceOf(call);
      if (preview) {
        if (resource.foresee && client !== undefined && !holdsUnknown(news)) {
          const change = { news: plainInputs(resource, news), olds: plainInputs(resource, olds) };
          await resource.foresee(operation(call), id, change);
        }
        return { ...news, ...unknownOutputs(resource, state, false) };
      }
      if (!resource.update) throw new Error(`${call.type} can't be updated in place.`);
      custody.hold(call, id);
      try {
        const outputs = await resource.update(operation(call), id, {
          news: plainInputs(resource, news),
          olds: plainInputs(resource, olds),
          outputs: outputsOf(resource, state),
        });
        custody.present(call, { id, inputs: news });
        return merge(resource, news, outputs);
      } catch (error) {
        throw partial(resource, news, error);
      }
    },

    async delete(call, { id, state }) {
      const resource = resourceOf(call);
      const isCurrent = custody.isCurrent(call.urn, id);
      const work = { ...operation(call), isCurrent, other: otherOf(call.urn, id) };
      custody.hold(call, id);
      const inputs = reveal(state) as Record<string, unknown>;
      const ownershipId = resource.owns ? id : inputs.ownership;
      if (typeof ownershipId === "string") {
        const spared = (resource.owns && resource.spares?.(plainInputs(resource, state))) || [];
        await deleteUnnoted(definition.resources, work, { type: call.type, id, ownershipId, spared });
      }
      await resource.delete(work, id, inputs);
      custody.release(call, id);
    },

    async invoke(token, args) {
      const entry = functions.get(token);
      if (!entry) throw new Error(`The provider ${definition.name} has no function ${token}.`);
      const result = await entry.call(connected(), entry.args.parse(reveal(args)), stop.signal);
      return markSecrets(withoutUndefined(result), entry.result, {});
    },

    cancel: () => stop.abort(new Error("stopped by the user")),
  };
}

/** Secret is what the schema says, and what the program handed over as secret. */
function markSecrets(values: PropertyMap, schema: z.ZodObject, given: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const property = schema.shape[name] as z.ZodType | undefined;
      const secret = (property && metadata(property).secret) || (given[name] !== undefined && holdsSecret(given[name]));
      return [name, secret && !(value instanceof Secret) ? new Secret(reveal(value)) : value];
    }),
  );
}

function merge(
  resource: ResourceDefinition<never>,
  inputs: PropertyMap,
  outputs: Record<string, unknown>,
): PropertyMap {
  return { ...inputs, ...markSecrets(withoutUndefined(outputs), resource.outputs, {}) };
}

function withoutUndefined(object: Record<string, unknown>): PropertyMap {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as PropertyMap;
}

/** Inputs as the definition sees them. State of an older version may lack what is required now; it is passed as it is. */
function plainInputs(resource: ResourceDefinition<never>, inputs: PropertyMap): Record<string, unknown> {
  const plain = reveal(inputs) as Record<string, unknown>;
  const parsed = resource.inputs.safeParse(plain);
  return parsed.success ? parsed.data : plain;
}

function isReplacement(kind: PropertyDiffKind): boolean {
  return kind.endsWith("-replace");
}

function outputsOf(resource: ResourceDefinition<never>, state: PropertyMap): Record<string, unknown> {
  const plain = reveal(state) as Record<string, unknown>;
  return Object.fromEntries(Object.keys(resource.outputs.shape).map((name) => [name, plain[name]]));
}

/** A preview's outputs: all unknown before the create; before an update only those that it may change. */
function unknownOutputs(resource: ResourceDefinition<never>, state: PropertyMap, all: boolean): PropertyMap {
  const changing = new Set(propertiesWhere(resource.outputs, (meta) => all || meta.volatile === true));
  return Object.fromEntries(
    Object.keys(resource.outputs.shape).map((name) => {
      const stable = changing.has(name) ? undefined : state[name];
      return [name, stable ?? Unknown.instance];
    }),
  );
}

function creationInputs(resource: ResourceDefinition<never>): string[] {
  return propertiesWhere(resource.inputs, (meta) => meta.creation === true);
}

function difference(resource: ResourceDefinition<never>, given: PropertyMap, wanted: PropertyMap): DiffResult {
  const ignored = new Set(creationInputs(resource));
  const [olds, news] = [given, wanted].map((inputs) =>
    Object.fromEntries(Object.entries(inputs).filter(([name]) => !ignored.has(name))),
  ) as [PropertyMap, PropertyMap];
  const normal = (inputs: PropertyMap): PropertyMap =>
    resource.normalise && !holdsUnknown(inputs)
      ? withoutUndefined(resource.normalise(plainInputs(resource, inputs)))
      : inputs;
  const comparable = !holdsUnknown(news);
  const [before, after] = comparable ? [normal(olds), normal(news)] : [olds, news];
  const replacing = new Set(propertiesWhere(resource.inputs, (meta) => meta.replaces === true));
  const detailed: Record<string, PropertyDiffKind> = {};
  for (const { path, kind } of differences(before, after, "")) {
    const property = path.split(/[.[]/)[0] ?? path;
    // A required input that the state lacks was not asked for when the object was made, by another version or provider.
    const isNew =
      kind === "add" &&
      path === property &&
      !(resource.inputs.shape[property] as z.ZodType).safeParse(undefined).success;
    detailed[path] = !resource.update || (replacing.has(property) && !isNew) ? `${kind}-replace` : kind;
  }
  return { detailed, deleteBeforeReplace: resource.deleteBeforeReplace ?? false };
}

function partial(resource: ResourceDefinition<never>, inputs: PropertyMap, error: unknown): unknown {
  if (!(error instanceof Unfinished)) return error;
  const properties = merge(resource, inputs, error.outputs as Record<string, unknown>);
  return new PartialFailure({ id: error.id, properties, inputs, reasons: [error.message] });
}
