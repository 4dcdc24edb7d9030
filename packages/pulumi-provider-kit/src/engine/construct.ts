/**
 * Builds components for programs in other languages: the engine requests one with `Construct`, and this process declares its parts. It
 * follows pulumi/pulumi's sdk/nodejs/provider/server.ts, whose class is not exported. It needs the whole SDK, which costs half a second,
 * so the server loads this module only when a component is requested.
 */
import * as pulumi from "@pulumi/pulumi";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb.js";
import * as server from "@pulumi/pulumi/provider/server.js";
import * as config from "@pulumi/pulumi/runtime/config.js";
import * as hooks from "@pulumi/pulumi/runtime/resource.js";
import * as rpc from "@pulumi/pulumi/runtime/rpc.js";
import * as settings from "@pulumi/pulumi/runtime/settings.js";
import * as state from "@pulumi/pulumi/runtime/state.js";
import { readGivenInputs } from "./given-inputs.ts";

/** Creates a component; the returned resource's properties with these names are its outputs. */
export type ConstructComponent = (
  name: string,
  inputs: pulumi.Inputs,
  options: pulumi.ComponentResourceOptions,
) => Promise<pulumi.ComponentResource>;

/** The result of a construction, for the engine. */
export interface Constructed {
  readonly urn: string;
  readonly state: Record<string, unknown>;
  /** URNs of the resources that each output depends on. */
  readonly dependencies: ReadonlyMap<string, readonly string[]>;
}

// Internal functions of the SDK.
const { awaitFeatureSupport, waitForRPCs } = settings as unknown as Record<string, () => Promise<void>>;
const { withLocalStorage } = state as unknown as { withLocalStorage: <T>(run: () => Promise<T>) => Promise<T> };
const { deserializeInputs } = server as unknown as {
  deserializeInputs(inputs: unknown, dependencies: unknown): Promise<pulumi.Inputs>;
};
const { hookBindingFromProto } = hooks as unknown as {
  hookBindingFromProto(binding: unknown): pulumi.ComponentResourceOptions["hooks"];
};

/** Constructions under way. They get errors that no one awaits: a part of a component that could not be declared. */
const underWay = new Set<(error: unknown) => void>();
let isListening = false;

/**
 * @param outputs names of the component's outputs
 * @throws Error that the component throws, even after its constructor has returned
 */
export function constructComponent(
  request: ConstructRequest,
  engineAddress: string | undefined,
  outputs: readonly string[],
  construct: ConstructComponent,
): Promise<Constructed> {
  if (!isListening) {
    // Otherwise one failed component would end the process and everything else that it is doing.
    process.on("unhandledRejection", (error) => {
      for (const fail of underWay) fail(error);
    });
    isListening = true;
  }
  return withLocalStorage(async () => {
    let fail: (error: unknown) => void = () => undefined;
    const failure = new Promise<never>((_, reject) => {
      fail = reject;
    });
    underWay.add(fail);
    try {
      return await Promise.race([failure, runConstruct(request, engineAddress, outputs, construct)]);
    } finally {
      underWay.delete(fail);
    }
  });
}

async function runConstruct(
  request: ConstructRequest,
  engineAddress: string | undefined,
  outputs: readonly string[],
  construct: ConstructComponent,
): Promise<Constructed> {
  if (engineAddress === undefined) throw new Error("The engine has not said where it listens.");
  settings.resetOptions(
    request.getProject(),
    request.getStack(),
    request.getParallel(),
    engineAddress,
    request.getMonitorendpoint(),
    request.getDryrun(),
    request.getOrganization(),
  );
  await awaitFeatureSupport?.();
  config.setAllConfig(Object.fromEntries(request.getConfigMap().entries()), request.getConfigsecretkeysList());
  const given = await deserializeInputs(request.getInputs(), request.getInputdependenciesMap());
  const inputs = await readGivenInputs(given);
  const component = await construct(request.getName(), inputs, optionsOf(request));
  const properties = component as unknown as Record<string, unknown>;
  const made = Object.fromEntries(outputs.map((name) => [name, properties[name]]));
  // The error of a component is also that of its outputs. The SDK would begin it with the name of one of them.
  await Promise.all(Object.values(made).map((value) => (pulumi.Output.isInstance(value) ? awaitKnown(value) : value)));
  const label = `construct(${request.getType()}, ${request.getName()})`;
  const [serialized, dependencies] = await rpc.serializeResourceProperties(label, made);
  const urnsOf = (resources: Iterable<pulumi.Resource>) =>
    Promise.all([...resources].map(({ urn }) => awaitKnown(urn)));
  const entries = [...dependencies].map(async ([name, resources]) => [name, await urnsOf(resources)] as const);
  const answer = {
    urn: await awaitKnown(component.urn),
    state: serialized,
    dependencies: new Map(await Promise.all(entries)),
  };
  await waitForRPCs?.();
  return answer;
}

function optionsOf(request: ConstructRequest): pulumi.ComponentResourceOptions {
  const parent = request.getParent();
  const deletedWith = request.getDeletedwith();
  const timeouts = request.getCustomtimeouts()?.toObject();
  const hookBinding = hookBindingFromProto(request.getResourceHooks());
  return {
    aliases: request.getAliasesList().map((alias) => {
      if (alias.hasUrn()) return alias.getUrn();
      const spec = alias.getSpec()?.toObject();
      return {
        ...(spec?.name && { name: spec.name }),
        ...(spec?.type && { type: spec.type }),
        ...(spec?.project && { project: spec.project }),
        ...(spec?.stack && { stack: spec.stack }),
        ...(spec?.parenturn && { parent: spec.parenturn }),
        ...(spec?.noparent && { parent: pulumi.rootStackResource }),
      };
    }),
    dependsOn: request.getDependenciesList().map((urn) => new pulumi.DependencyResource(urn)),
    protect: request.getProtect() ?? false,
    providers: Object.fromEntries(
      [...request.getProvidersMap().entries()].map(([name, reference]) => [
        name,
        new pulumi.DependencyProviderResource(reference),
      ]),
    ),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    retainOnDelete: request.getRetainondelete() ?? false,
    ...(parent && { parent: new pulumi.DependencyResource(parent) }),
    ...(deletedWith && { deletedWith: new pulumi.DependencyResource(deletedWith) }),
    ...(timeouts && { customTimeouts: timeouts }),
    ...(hookBinding && { hooks: hookBinding }),
  };
}

function awaitKnown<T>(output: pulumi.Output<T>): Promise<T> {
  return (output as unknown as { promise(): Promise<T> }).promise();
}
