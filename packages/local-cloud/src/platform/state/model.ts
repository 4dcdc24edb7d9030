import type { MappingItem } from "../data-prep/mapping-item.ts";
import type { Json, JsonObject } from "../web/json.ts";
import type { BatchState } from "./batch-state.ts";

/** The registry's types; the API's ids call field groups `mixins`. */
export type ResourceKind = "classes" | "mixins" | "schemas";

/** A class, field group or schema. All classes are Adobe's, and there are no data types. */
export interface XdmResource {
  readonly kind: ResourceKind;
  readonly container: "global" | "tenant";
  /** The `$id`. */
  readonly id: string;
  /** The author's attributes: title, description, allOf, definitions and so on. */
  body: JsonObject;
  /** The version is `1.<minor>`; the minor grows with each change. */
  minor: number;
  readonly created: number;
  modified: number;
  eTag: string;
  /** Whether a dataset was ever created for the schema. From then on it may only grow, even if that dataset is deleted. */
  hadDataset?: boolean;
}

export interface Descriptor {
  readonly id: string;
  body: JsonObject;
  readonly created: number;
  modified: number;
}

export interface Dataset {
  readonly id: string;
  readonly viewId: string;
  /** What the caller sent: name, description, schemaRef, tags and so on. */
  body: JsonObject;
  readonly created: number;
  updated: number;
  /** The version is `1.0.<patch>`. */
  patch: number;
  readonly rows: JsonObject[];
}

export const connectionKinds = ["connections", "sourceConnections", "targetConnections"] as const;
export type ConnectionKind = (typeof connectionKinds)[number];

export interface Connection {
  readonly id: string;
  /** What the caller sent. */
  body: JsonObject;
  etag: string;
  readonly createdAt: number;
  updatedAt: number;
  readonly providerRefId: string;
  /** For a base connection of the HTTP API source: its inlet, which its flows share. */
  readonly inletId?: string;
}

export interface Flow extends Connection {
  state: "enabling" | "enabled" | "disabled" | "delete-finalizing";
  /** When a deleted flow is gone. */
  goneAt?: number;
  /** When an enabling flow becomes enabled. */
  enabledAt: number;
  /** When its events start to be ingested. */
  warmAt: number;
  /** The inlet; its URL shows once the flow has been enabled for the first time. */
  readonly inletId: string;
  /** Whether the inlet is the base connection's, which shows it instead of the flow. */
  readonly isInletShared: boolean;
  inletShown: boolean;
  lastOperation: "create" | "enable" | "disable" | "update" | "delete";
}

/** What one flow did in one hour: a streaming source has one run per hour. */
export interface RunWindow {
  readonly id: string;
  readonly etag: string;
  readonly flowId: string;
  readonly datasetId: string;
  /** The start of the hour. */
  readonly startedAt: number;
  /** The last record. */
  updatedAt: number;
  inputRecords: number;
  outputRecords: number;
  /** The rows of the batch that succeeded. */
  readonly rows: JsonObject[];
  /** Of that batch: `success`, unless the admin API has set another one. */
  status: BatchState;
  failedRecords: number;
  warningRecords: number;
  inputBytes: number;
  outputBytes: number;
  readonly errors: { code: string; message: string; recordCount: number }[];
  /** Ids of the batches in Catalog that hold this hour's rows and its failed records. */
  readonly successBatchId: string;
  readonly failedBatchId: string;
}

/** A batch that somebody uploads (Batch Ingestion API). */
export interface UploadedBatch {
  readonly id: string;
  readonly datasetId: string;
  readonly tags: Json;
  readonly created: number;
  updated: number;
  status: BatchState;
  /** When staging ends. */
  readyAt: number;
  /** The uploaded files by their paths. */
  readonly files: Map<string, string>;
  /** Its rows in the dataset. */
  rows: JsonObject[];
  /** Records that were left out. */
  failedRecords: number;
  errors: { code: string; description: string }[];
}

/** The content of one sandbox; sandboxes share only the global XDM resources. */
export interface Sandbox {
  readonly name: string;
  readonly id: string;
  readonly type: "production" | "development";
  readonly created: number;
  /** By `$id`. */
  readonly resources: Map<string, XdmResource>;
  /** Increases with every change of a resource or descriptor, so that derived data can be cached until then. */
  registryRevision: number;
  readonly descriptors: Map<string, Descriptor>;
  readonly datasets: Map<string, Dataset>;
  readonly mappingSets: Map<string, MappingSet>;
  readonly connections: Readonly<Record<ConnectionKind, Map<string, Connection>>>;
  readonly flows: Map<string, Flow>;
  /** By flow id and hour. */
  readonly runs: Map<string, RunWindow>;
  readonly uploadedBatches: Map<string, UploadedBatch>;
}

/** The content of one version of a mapping set. */
export interface MappingSetContent {
  readonly name: string | undefined;
  readonly schemaRef: { readonly id: string; readonly contentType: string };
  readonly inputSchema: Json | undefined;
  readonly items: readonly MappingItem[];
}

export interface MappingSetVersion extends MappingSetContent {
  readonly version: number;
  readonly modifiedDate: number;
}

export interface MappingSet {
  readonly id: string;
  readonly createdDate: number;
  /** The oldest first. */
  readonly versions: MappingSetVersion[];
}
