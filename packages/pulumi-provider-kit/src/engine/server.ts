/**
 * A `Provider` as the gRPC service that the engine talks to (pulumi/pulumi: proto/pulumi/provider.proto).
 * Implemented from the protobuf files, since the SDK's own server drops the configuration, the detailed diff and the
 * preview flag (pulumi/pulumi#10915). Only these files are imported: the package's root would cost half a second.
 */
import * as grpc from "@grpc/grpc-js";
import engineGrpc from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { longestTimer } from "../http/sleep.ts";
import { differences } from "./difference.ts";
import { endWithEngine } from "./end-with-engine.ts";
import { withProgress } from "./progress.ts";
import {
  type CheckFailure,
  type CheckResult,
  type DiffResult,
  PartialFailure,
  type PropertyDiffKind,
  type Provider,
  type ResourceCall,
} from "./provider.ts";
import { decodeMap, encodeMap, type PropertyMap } from "./values.ts";

type Struct = structProto.Struct;
// The request types share these readers but no base type.
type ResourceRequest = { getUrn(): string; getType(): string; getName(): string; getTimeout?(): number };

/** Seconds that one operation may take where the program sets no `customTimeouts`; Pulumi's own providers use the like. */
const defaultTimeout = 30 * 60;

export interface RunningProvider {
  readonly port: number;
  close(): Promise<void>;
}

/** Serves a provider on 127.0.0.1. `engineAddress` is where progress is shown; an attaching engine tells it later. */
export async function serve(
  provider: Provider,
  options: { port?: number; engineAddress?: string } = {},
): Promise<RunningProvider> {
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(
    providerGrpc.ResourceProviderService as unknown as grpc.ServiceDefinition,
    new Service(provider, options.engineAddress).handlers(),
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    close: async () => server.forceShutdown(),
  };
}

/** The whole `main` of a provider's executable: the engine passes its address and reads the port from stdout. */
export async function main(provider: Provider): Promise<void> {
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const { port } = await serve(provider, engineAddress ? { engineAddress } : {});
  // The engine ends its plugins itself; one that was killed can't, and they would stay for ever.
  endWithEngine(engineAddress);
  process.stdout.write(`${port}\n`);
}

class Service {
  readonly #provider: Provider;
  readonly #running = new Set<AbortController>();
  #engine: engineGrpc.EngineClient | undefined;
  #engineAddress: string | undefined;

  constructor(provider: Provider, engineAddress: string | undefined) {
    this.#provider = provider;
    if (engineAddress) this.#connectEngine(engineAddress);
  }

  handlers(): grpc.UntypedServiceImplementation {
    const provider = this.#provider;
    return {
      handshake: unary(async () => {
        const response = new providerProto.ProviderHandshakeResponse();
        response.setAcceptSecrets(true);
        return response;
      }),
      attach: unary(async (request: pluginProto.PluginAttach) => {
        this.#connectEngine(request.getAddress());
        return new emptyProto.Empty();
      }),
      getPluginInfo: unary(async () => new pluginProto.PluginInfo().setVersion(provider.version)),
      getSchema: unary(async () => {
        return new providerProto.GetSchemaResponse().setSchema(JSON.stringify(provider.schema()));
      }),
      getMapping: unary(async () => new providerProto.GetMappingResponse()),
      getMappings: unary(async () => new providerProto.GetMappingsResponse()),
      checkConfig: unary(async (request: providerProto.CheckRequest) => {
        return checkResponse(provider.checkConfig(read(request.getNews())));
      }),
      diffConfig: unary(async (request: providerProto.DiffRequest) => {
        const [olds, news] = [read(request.getOldInputs()), read(request.getNews())];
        if (provider.diffConfig) return diffResponse(await provider.diffConfig(olds, news, { urn: request.getUrn() }));
        const changes = differences(olds, news, "").map(({ path, kind }) => [path, kind]);
        return diffResponse({ detailed: Object.fromEntries(changes) });
      }),
      configure: unary(async (request: providerProto.ConfigureRequest) => {
        const isDefault = /::pulumi:providers:[^:]+::default(_|$)/.test(request.getUrn() ?? "");
        await provider.configure(read(request.getArgs()), { isDefault });
        const response = new providerProto.ConfigureResponse();
        response.setAcceptsecrets(true);
        response.setSupportspreview(true);
        return response;
      }),
      check: unary(async (request: providerProto.CheckRequest) => {
        const values = { olds: read(request.getOlds()), news: read(request.getNews()) };
        return this.#run(request, async (call) => checkResponse(await provider.check(call, values)));
      }),
      diff: unary(async (request: providerProto.DiffRequest) => {
        const values = {
          id: request.getId(),
          olds: read(request.getOldInputs()),
          state: read(request.getOlds()),
          news: read(request.getNews()),
        };
        return this.#run(request, async (call) => diffResponse(await provider.diff(call, values)));
      }),
      create: unary(async (request: providerProto.CreateRequest) => {
        const values = { inputs: read(request.getProperties()), preview: request.getPreview() };
        return this.#run(request, async (call) => {
          const { id, properties } = await provider.create(call, values);
          return new providerProto.CreateResponse().setId(id).setProperties(write(properties));
        });
      }),
      read: unary(async (request: providerProto.ReadRequest) => {
        const values = {
          id: request.getId(),
          inputs: read(request.getInputs()),
          state: read(request.getProperties()),
        };
        return this.#run(request, async (call) => {
          const result = await provider.read(call, values);
          // An empty id tells the engine that the object is gone.
          if (!result) return new providerProto.ReadResponse();
          const response = new providerProto.ReadResponse().setId(result.id);
          return response.setProperties(write(result.properties)).setInputs(write(result.inputs));
        });
      }),
      update: unary(async (request: providerProto.UpdateRequest) => {
        const values = {
          id: request.getId(),
          olds: read(request.getOldInputs()),
          state: read(request.getOlds()),
          news: read(request.getNews()),
          preview: request.getPreview(),
        };
        return this.#run(request, async (call) => {
          const properties = await provider.update(call, values);
          return new providerProto.UpdateResponse().setProperties(write(properties));
        });
      }),
      delete: unary(async (request: providerProto.DeleteRequest) => {
        const values = { id: request.getId(), state: read(request.getProperties()) };
        return this.#run(request, async (call) => {
          await provider.delete(call, values);
          return new emptyProto.Empty();
        });
      }),
      invoke: unary(async (request: providerProto.InvokeRequest) => {
        const result = await provider.invoke(request.getTok(), read(request.getArgs()));
        return new providerProto.InvokeResponse().setReturn(write(result));
      }),
      construct: unary(async (request: providerProto.ConstructRequest) => {
        const component = provider.components?.get(request.getType());
        if (!component) throw new Error(`The provider ${provider.name} has no component ${request.getType()}.`);
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
      }),
      cancel: unary(async () => {
        provider.cancel?.();
        for (const controller of this.#running) controller.abort(new Error("stopped by the user"));
        return new emptyProto.Empty();
      }),
    };
  }

  /** Runs an operation under its time limit, stoppable by `Cancel`, with a way to show progress. */
  async #run<T>(request: ResourceRequest, operation: (call: ResourceCall) => Promise<T>): Promise<T> {
    const seconds = request.getTimeout?.() || defaultTimeout;
    const controller = new AbortController();
    const limit = Math.min(seconds * 1000, longestTimer);
    const timer = setTimeout(() => controller.abort(new Error(`no end after ${seconds} s`)), limit);
    this.#running.add(controller);
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

  #connectEngine(address: string): void {
    this.#engineAddress = address;
    this.#engine = new engineGrpc.EngineClient(address, grpc.credentials.createInsecure());
  }

  #tell(urn: string, message: string, { ephemeral }: { ephemeral: boolean }): void {
    const request = new engineProto.LogRequest().setUrn(urn).setMessage(message).setEphemeral(ephemeral);
    request.setSeverity(ephemeral ? engineProto.LogSeverity.INFO : engineProto.LogSeverity.WARNING);
    // Messages are a courtesy: a failure to show one must not fail the operation.
    this.#engine?.log(request, () => undefined);
  }
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

function serviceError(error: unknown): grpc.ServerErrorResponse {
  const message = error instanceof Error ? error.message : String(error);
  const response = Object.assign(new Error(message), { code: grpc.status.UNKNOWN, details: message });
  if (!(error instanceof PartialFailure)) return response;
  // The engine reads the half-made resource from the status details; it is then kept in the state and marked.
  const detail = new providerProto.ErrorResourceInitFailed().setId(error.id).setReasonsList(error.reasons);
  detail.setProperties(write(error.properties)).setInputs(write(error.inputs));
  const packed = new anyProto.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusProto.Status().setCode(grpc.status.UNKNOWN).setMessage(message);
  status.setDetailsList([packed]);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return Object.assign(response, { metadata });
}

function read(struct: Struct | undefined): PropertyMap {
  return struct ? decodeMap(struct.toJavaScript()) : {};
}

function write(map: PropertyMap): Struct {
  return structProto.Struct.fromJavaScript(encodeMap(map) as Parameters<typeof structProto.Struct.fromJavaScript>[0]);
}

function checkResponse(result: CheckResult): providerProto.CheckResponse {
  const failure = ({ property, reason }: CheckFailure) =>
    new providerProto.CheckFailure().setProperty(property).setReason(reason);
  const response = new providerProto.CheckResponse().setInputs(write(result.inputs));
  return response.setFailuresList(result.failures.map(failure));
}

function diffResponse(result: DiffResult): providerProto.DiffResponse {
  const kinds = providerProto.PropertyDiff.Kind;
  const kindOf: Record<PropertyDiffKind, providerProto.PropertyDiff.Kind> = {
    add: kinds.ADD,
    "add-replace": kinds.ADD_REPLACE,
    delete: kinds.DELETE,
    "delete-replace": kinds.DELETE_REPLACE,
    update: kinds.UPDATE,
    "update-replace": kinds.UPDATE_REPLACE,
  };
  const entries = Object.entries(result.detailed);
  const topLevel = (path: string) => path.split(/[.[]/)[0] ?? path;
  const response = new providerProto.DiffResponse();
  const changes = providerProto.DiffResponse.DiffChanges;
  response.setChanges(entries.length > 0 ? changes.DIFF_SOME : changes.DIFF_NONE);
  response.setDiffsList([...new Set(entries.map(([path]) => topLevel(path)))]);
  const replaces = entries.filter(([, kind]) => kind.endsWith("-replace")).map(([path]) => topLevel(path));
  response.setReplacesList([...new Set(replaces)]);
  response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
  response.setHasdetaileddiff(true);
  for (const [path, kind] of entries) {
    response.getDetaileddiffMap().set(path, new providerProto.PropertyDiff().setKind(kindOf[kind]).setInputdiff(true));
  }
  return response;
}
