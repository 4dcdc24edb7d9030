/**
 * Serves a `Provider` as the engine's gRPC service (pulumi/pulumi: proto/pulumi/provider.proto).
 * Implemented from the protobuf files, since the SDK's own server drops the configuration, the detailed diff and the
 * preview flag (pulumi/pulumi#10915). Only these files are imported: the package's root would cost half a second.
 */
import * as grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { longestTimer } from "../http/sleep.ts";
import { differences } from "./difference.ts";
import { endWithEngine } from "./end-with-engine.ts";
import { checkResponse, diffResponse, readAutonaming, readStruct, serviceError, writeStruct } from "./messages.ts";
import { withProgress } from "./progress.ts";
import type { Provider, ResourceCall } from "./provider.ts";

// The request types share these readers but no base type.
type ResourceRequest = { getUrn(): string; getType(): string; getName(): string; getTimeout?(): number };

/** Seconds that an operation may take unless the program sets `customTimeouts`; Pulumi's own providers use similar values. */
const defaultTimeout = 30 * 60;

export interface RunningProvider {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a provider on 127.0.0.1. Progress goes to `engineAddress`; an attaching engine sends its address later. */
export async function serve(provider: Provider, engineAddress?: string): Promise<RunningProvider> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(
    providerGrpc.ResourceProviderService as unknown as grpc.ServiceDefinition,
    new Service(provider, engineAddress).handlers(),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    close: async () => server.forceShutdown(),
  };
}

/** The `main` of a provider's executable: the engine passes its address and reads the port from stdout. */
export async function main(provider: Provider): Promise<void> {
  // The engine and a program's monitor are on this machine, but grpc-js calls even those by the proxy that `https_proxy` names, unless
  // `no_proxy`, in lower case and without spaces, has their address (pulumi/pulumi#2651). The engine itself never does.
  process.env.no_grpc_proxy ??= "127.0.0.1,localhost";
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const { port } = await serve(provider, engineAddress);
  // The engine ends its plugins itself, but not if it was killed; they would run forever.
  endWithEngine(engineAddress);
  process.stdout.write(`${port}\n`);
}

class Service {
  readonly #provider: Provider;
  readonly #running = new Set<AbortController>();
  #isCancelled = false;
  #engineAddress: string | undefined;
  #engine: engineGrpc.EngineClient | undefined;

  constructor(provider: Provider, engineAddress: string | undefined) {
    this.#provider = provider;
    this.#engineAddress = engineAddress;
  }

  handlers(): grpc.UntypedServiceImplementation {
    const provider = this.#provider;
    return {
      handshake: unary(async () => this.#handshake()),
      attach: unary(async (request: pluginProto.PluginAttach) => this.#attach(request)),
      getPluginInfo: unary(async () => new pluginProto.PluginInfo().setVersion(provider.version)),
      getSchema: unary(async () => {
        return new providerProto.GetSchemaResponse().setSchema(JSON.stringify(await provider.schema()));
      }),
      getMapping: unary(async () => new providerProto.GetMappingResponse()),
      getMappings: unary(async () => new providerProto.GetMappingsResponse()),
      checkConfig: unary(async (request: providerProto.CheckRequest) => {
        return checkResponse(provider.checkConfig(readStruct(request.getNews())));
      }),
      diffConfig: unary((request: providerProto.DiffRequest) => this.#diffConfig(request)),
      configure: unary((request: providerProto.ConfigureRequest) => this.#configure(request)),
      check: unary(async (request: providerProto.CheckRequest) => {
        const values = {
          olds: readStruct(request.getOlds()),
          news: readStruct(request.getNews()),
          randomSeed: request.getRandomseed_asU8(),
          autonaming: readAutonaming(request.getAutonaming()),
        };
        return this.#run(request, async (call) => checkResponse(await provider.check(call, values)));
      }),
      diff: unary((request: providerProto.DiffRequest) => this.#diff(request)),
      create: unary((request: providerProto.CreateRequest) => this.#create(request)),
      read: unary((request: providerProto.ReadRequest) => this.#read(request)),
      update: unary((request: providerProto.UpdateRequest) => this.#update(request)),
      delete: unary((request: providerProto.DeleteRequest) => this.#delete(request)),
      invoke: unary(async (request: providerProto.InvokeRequest) => {
        // Beside the stack, since a function belongs to no resource.
        const progress = (message: string) => this.#tell("", message, { ephemeral: true });
        const work = () => provider.invoke(request.getTok(), readStruct(request.getArgs()));
        const result = await withProgress(progress, work);
        return new providerProto.InvokeResponse().setReturn(writeStruct(result));
      }),
      construct: unary((request: providerProto.ConstructRequest) => this.#construct(request)),
      cancel: unary(async () => this.#cancel()),
    };
  }

  #handshake(): providerProto.ProviderHandshakeResponse {
    const response = new providerProto.ProviderHandshakeResponse();
    response.setAcceptSecrets(true);
    response.setAcceptOutputs(true);
    response.setSupportsAutonamingConfiguration(this.#provider.supportsAutonaming ?? false);
    return response;
  }

  #attach(request: pluginProto.PluginAttach): emptyProto.Empty {
    this.#engineAddress = request.getAddress();
    this.#engine = undefined;
    this.#isCancelled = false;
    return new emptyProto.Empty();
  }

  async #diffConfig(request: providerProto.DiffRequest): Promise<providerProto.DiffResponse> {
    const [olds, news] = [readStruct(request.getOldInputs()), readStruct(request.getNews())];
    const { diffConfig } = this.#provider;
    if (diffConfig) {
      return diffResponse(await diffConfig.call(this.#provider, olds, news, { urn: request.getUrn() }));
    }
    const changes = differences(olds, news, "").map(({ path, kind }) => [path, kind]);
    return diffResponse({ detailed: Object.fromEntries(changes) });
  }

  async #configure(request: providerProto.ConfigureRequest): Promise<providerProto.ConfigureResponse> {
    const isDefault = /::pulumi:providers:[^:]+::default(_|$)/.test(request.getUrn() ?? "");
    await this.#provider.configure(readStruct(request.getArgs()), { isDefault });
    const response = new providerProto.ConfigureResponse();
    response.setAcceptsecrets(true);
    // Without it, an output inside an argument of a component makes the whole argument one, and nothing in it is known.
    response.setAcceptoutputs(true);
    response.setSupportspreview(true);
    response.setSupportsAutonamingConfiguration(this.#provider.supportsAutonaming ?? false);
    return response;
  }

  async #diff(request: providerProto.DiffRequest): Promise<providerProto.DiffResponse> {
    const values = {
      id: request.getId(),
      olds: readStruct(request.getOldInputs()),
      state: readStruct(request.getOlds()),
      news: readStruct(request.getNews()),
    };
    return this.#run(request, async (call) => diffResponse(await this.#provider.diff(call, values)));
  }

  async #create(request: providerProto.CreateRequest): Promise<providerProto.CreateResponse> {
    const values = { inputs: readStruct(request.getProperties()), preview: request.getPreview() };
    return this.#run(request, async (call) => {
      const { id, properties } = await this.#provider.create(call, values);
      return new providerProto.CreateResponse().setId(id).setProperties(writeStruct(properties));
    });
  }

  async #read(request: providerProto.ReadRequest): Promise<providerProto.ReadResponse> {
    const values = {
      id: request.getId(),
      inputs: readStruct(request.getInputs()),
      state: readStruct(request.getProperties()),
    };
    return this.#run(request, async (call) => {
      const result = await this.#provider.read(call, values);
      // An empty id tells the engine that the object is gone.
      if (!result) return new providerProto.ReadResponse();
      const response = new providerProto.ReadResponse().setId(result.id);
      return response.setProperties(writeStruct(result.properties)).setInputs(writeStruct(result.inputs));
    });
  }

  async #update(request: providerProto.UpdateRequest): Promise<providerProto.UpdateResponse> {
    const values = {
      id: request.getId(),
      olds: readStruct(request.getOldInputs()),
      state: readStruct(request.getOlds()),
      news: readStruct(request.getNews()),
      preview: request.getPreview(),
    };
    return this.#run(request, async (call) => {
      const properties = await this.#provider.update(call, values);
      return new providerProto.UpdateResponse().setProperties(writeStruct(properties));
    });
  }

  async #delete(request: providerProto.DeleteRequest): Promise<emptyProto.Empty> {
    const values = {
      id: request.getId(),
      olds: readStruct(request.getOldInputs()),
      state: readStruct(request.getProperties()),
    };
    return this.#run(request, async (call) => {
      await this.#provider.delete(call, values);
      return new emptyProto.Empty();
    });
  }

  async #construct(request: providerProto.ConstructRequest): Promise<providerProto.ConstructResponse> {
    const component = await this.#provider.component?.(request.getType());
    if (!component) throw new Error(`The provider ${this.#provider.name} has no component ${request.getType()}.`);
    const { constructComponent } = await import("./construct.ts");
    const { urn, state, dependencies } = await constructComponent(
      request,
      this.#engineAddress,
      component.outputs,
      component.construct,
    );
    const response = new providerProto.ConstructResponse().setUrn(urn);
    response.setState(
      structProto.Struct.fromJavaScript(state as Parameters<typeof structProto.Struct.fromJavaScript>[0]),
    );
    for (const [name, urns] of dependencies) {
      const list = new providerProto.ConstructResponse.PropertyDependencies().setUrnsList([...urns]);
      response.getStatedependenciesMap().set(name, list);
    }
    return response;
  }

  #cancel(): emptyProto.Empty {
    this.#provider.cancel?.();
    this.#isCancelled = true;
    for (const controller of this.#running) stop(controller);
    return new emptyProto.Empty();
  }

  /** Runs an operation with its time limit, until `Cancel`, with a way to show progress. */
  async #run<T>(request: ResourceRequest, operation: (call: ResourceCall) => Promise<T>): Promise<T> {
    const seconds = request.getTimeout?.() || defaultTimeout;
    const controller = new AbortController();
    const limit = Math.min(seconds * 1000, longestTimer);
    const timer = setTimeout(() => controller.abort(new Error(`timed out after ${seconds} s`)), limit);
    this.#running.add(controller);
    // The engine may have begun the step before it sent `Cancel`, and calls afterwards.
    if (this.#isCancelled) stop(controller);
    const urn = request.getUrn();
    const progress = (message: string) => this.#tell(urn, message, { ephemeral: true });
    const call = {
      urn,
      type: request.getType() || (urn.split("::")[2]?.split("$").pop() ?? ""),
      name: request.getName() || (urn.split("::")[3] ?? ""),
      signal: controller.signal,
      progress,
      warn: (message: string) => this.#tell(urn, message, { ephemeral: false }),
    };
    try {
      return await withProgress(progress, () => operation(call));
    } finally {
      clearTimeout(timer);
      this.#running.delete(controller);
    }
  }

  /** Made for the first message: many a provider has none. */
  #engineClient(): engineGrpc.EngineClient | undefined {
    if (this.#engineAddress === undefined) return undefined;
    this.#engine ??= new engineGrpc.EngineClient(this.#engineAddress, grpc.credentials.createInsecure());
    return this.#engine;
  }

  #tell(urn: string, message: string, { ephemeral }: { ephemeral: boolean }): void {
    const request = new engineProto.LogRequest().setUrn(urn).setMessage(message).setEphemeral(ephemeral);
    request.setSeverity(ephemeral ? engineProto.LogSeverity.INFO : engineProto.LogSeverity.WARNING);
    // A message that can't be shown must not fail the operation.
    this.#engineClient()?.log(request, () => undefined);
  }
}

function stop(controller: AbortController): void {
  controller.abort(new Error("stopped by the user"));
}

function unary<Request, Response>(
  handle: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(serviceError(error)),
    );
  };
}
