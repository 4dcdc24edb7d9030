import * as grpc from "@grpc/grpc-js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import statusProto from "@pulumi/pulumi/proto/status_pb.js";
import anyProto from "google-protobuf/google/protobuf/any_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import {
  type Autonaming,
  type CheckFailure,
  type CheckResult,
  type DiffResult,
  PartialFailure,
  type PropertyDiffKind,
} from "./provider.ts";
import { decodeMap, encodeMap, type PropertyMap } from "./values.ts";

/** An error in the engine's form, with the incomplete resource of a `PartialFailure`. */
export function serviceError(error: unknown): grpc.ServerErrorResponse {
  const message = error instanceof Error ? error.message : String(error);
  const response = Object.assign(new Error(message), { code: grpc.status.UNKNOWN, details: message });
  if (!(error instanceof PartialFailure)) return response;
  // The engine reads the incomplete resource from the status details, and keeps it in the state, marked.
  const detail = new providerProto.ErrorResourceInitFailed().setId(error.id).setReasonsList(error.reasons);
  detail.setProperties(writeStruct(error.properties)).setInputs(writeStruct(error.inputs));
  const packed = new anyProto.Any();
  packed.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new statusProto.Status().setCode(grpc.status.UNKNOWN).setMessage(message);
  status.setDetailsList([packed]);
  const metadata = new grpc.Metadata();
  metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
  return Object.assign(response, { metadata });
}

export function readStruct(struct: structProto.Struct | undefined): PropertyMap {
  return struct ? decodeMap(struct.toJavaScript()) : {};
}

export function writeStruct(map: PropertyMap): structProto.Struct {
  return structProto.Struct.fromJavaScript(encodeMap(map) as Parameters<typeof structProto.Struct.fromJavaScript>[0]);
}

export function readAutonaming(options: providerProto.CheckRequest.AutonamingOptions | undefined) {
  if (options === undefined) return undefined;
  const modes = providerProto.CheckRequest.AutonamingOptions.Mode;
  const names = new Map<number, Autonaming["mode"]>([
    [modes.PROPOSE, "propose"],
    [modes.ENFORCE, "enforce"],
    [modes.DISABLE, "disable"],
  ]);
  const mode = names.get(options.getMode()) ?? "propose";
  return { mode, proposedName: options.getProposedName() } satisfies Autonaming;
}

export function checkResponse(result: CheckResult): providerProto.CheckResponse {
  const failure = ({ property, reason }: CheckFailure) =>
    new providerProto.CheckFailure().setProperty(property).setReason(reason);
  const response = new providerProto.CheckResponse().setInputs(writeStruct(result.inputs));
  return response.setFailuresList(result.failures.map(failure));
}

export function diffResponse(result: DiffResult): providerProto.DiffResponse {
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
