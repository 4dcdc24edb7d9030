import type { Certificate } from "../../certificate.ts";

/** The stand-in's only customer. */
interface PlatformCredentials {
  readonly clientId: string;
  /** One secret, or the two that a credential may hold while it is rotated. */
  readonly clientSecret: string | readonly string[];
  /** Including `@AdobeOrg`. */
  readonly orgId: string;
}

/**
 * Behaviors that no public source settles. The defaults are strict: what works here should work with Platform.
 */
export interface PlatformSwitches {
  /** A call of a sandboxed service without `x-sandbox-name`: refused with FLOW-2105-400, or treated as `prod`. */
  missingSandboxHeader: "refused" | "prod";
  /** Whether the organization may use the Customer.io source, which is a beta. */
  customerIoSource: "entitled" | "not-entitled";
  /** Whether the organization may use the HTTP API source, which is part of Platform. */
  httpApiSource: "entitled" | "not-entitled";
  /** `x-gw-ims-org-id` in a call of an authenticated inlet, beside the token. */
  inletOrganization: "required" | "optional";
  /** Whether the credential was added to a role: without one every service refuses it and no permission is listed. */
  role: "assigned" | "missing";
  /** State of all sandboxes in the list of sandboxes. */
  sandboxState: "active" | "creating" | "deleting" | "deleted" | "resetting" | "failed";
  /** `none`, or the permissions that the role does not grant: names of the access control API, separated by commas. */
  permissionsLacking: string;
  /** Whether the credential may ask the access control API what it may do. */
  accessControl: "open" | "refused";
  /** DELETE of a schema that still has descriptors. */
  deleteSchemaWithDescriptors: "refused" | "cascades";
  /** DELETE of a dataset that a flow still fills. */
  deleteDatasetInUse: "refused" | "allowed";
  /** The status of PUT /descriptors/{id}: 201 on the descriptors page, 200 in the API description. */
  descriptorPutStatus: 201 | 200;
  /** DELETE of a mapping set, which the API description lacks and Adobe's Python client calls. */
  deleteMappingSet: "405" | "204";
  /** What PUT does to a mapping set's version. */
  mappingSetPutVersion: "increments" | "stays";
  /** What a look-up of a mapping set answers with if it names no version: the first one, as its API description says, or the latest. */
  mappingSetLookup: "first" | "latest";
  /** What `start` in a list of mapping sets counts: Adobe calls it "the offset of the pages of results". */
  mappingSetStart: "sets" | "pages";
  /** The status for an object of Flow Service that does not exist (FLOW-1439): 404 in Adobe's samples, 400 on its page of errors. */
  goneFlowObject: 404 | 400;
  /** PATCH, action and DELETE of a flow that is changing its state. */
  transitionalStates: "refused" | "allowed";
  /** DELETE of a flow: it is gone at once, or stays for as long as its enabling takes, in the state `delete-finalizing`. */
  flowDeletion: "at-once" | "finalizes";
  /** After a change of a flow's transformations: events are lost for the warm-up again, or it keeps running. */
  afterMappingChange: "warms-up" | "keeps-running";
  /** An event that arrives before the flow is enabled and warm: answered 200 and lost, or ingested anyway. */
  beforeEnabled: "dropped" | "ingested";
  /** An event for a disabled flow: answered 200 and lost, or refused with 400. */
  disabledFlow: "dropped" | "refused";
  /** The answer to an inlet id that doesn't exist. */
  unknownInlet: 404 | 400;
  /** A flow id that doesn't belong to the inlet: refused with 400, or answered 200 and lost. */
  unknownFlow: "refused" | "dropped";
  /** A raw event without a flow id in header or query: refused with 400, or answered 200 and lost. */
  missingFlowId: "refused" | "dropped";
  /** Raw events in a batch; only enveloped XDM is documented there. */
  rawEventsInBatch: "refused" | "accepted";
  /** Adobe's "1 MB" in bytes; a larger request gets 413. */
  maximumRequestBytes: number;
  /** Seconds until streaming ingestion knows a change of a schema, for which it is cached: "up to fifteen minutes". */
  schemaCacheSeconds: number;
  /** A mapping's source path that the event lacks: the record fails, or the target stays empty. */
  missingSourceAttribute: "fails-record" | "leaves-empty";
  /** A number or boolean that is mapped unchanged to a text field: the record fails, or it becomes text. */
  numberInTextField: "fails-record" | "converts";
  /** `+`, `-`, `*`, `/` and `%` in an expression: they calculate, or each is a transformation error. */
  arithmetic: "calculates" | "fails";
  /** An identity in an identity map that identifies nobody (blank, or a placeholder): the record fails, or is accepted. */
  unusableIdentity: "fails-record" | "taken";
  /** When an accepted event is mapped and appears in runs, batches and rows: at once, or only later. */
  rowsShow: "at-once" | "later";
  /** Which messages Observability counts for an inlet: all that it accepted, or only those that appear in runs. */
  inletMetrics: "at-once" | "with-rows";
  /** Preview of a dataset without rows: 404, or an empty list. */
  emptyPreview: "404" | "empty-list";
  /** A dataset's preview: an object with the rows in `data`, or a bare list of rows. */
  previewAnswer: "object" | "list";
  /** What the id of a batch's file leads to in Data Access: the file, or a directory with the ids of files. */
  dataFiles: "directories" | "files";
  /** Seconds for which an uploaded batch is staging, after it was completed. */
  batchStagingSeconds: number;
  /** A record of an uploaded batch that does not conform to the schema: the whole batch fails, or the record is left out. */
  invalidBatchRecord: "fails-batch" | "left-out";
  /** Where Catalog counts a batch's records: in its `metrics`, or in `recordCount` and `failedRecordCount` beside them. */
  batchCounts: "metrics" | "beside-metrics";
  /**
   * Where Catalog counts an hour's records that could not become rows: in a batch of their own, or in the `failedRecordCount` of the batch
   * with the rows, whose `recordCount`, if it has one, includes them or not.
   */
  failedRecords: "own-batch" | "in-record-count" | "beside-record-count";
  /** Whether the organization may query its datasets by Query Service: if not, it gives no connection parameters. */
  queryService: "entitled" | "not-entitled";
  /** Whether Query Service's PostgreSQL endpoint takes the token of a technical credential as password. */
  queryCredential: "accepted" | "refused";
  /** What happens to a session when its token expires. */
  queryTokenExpiry: "ends-session" | "keeps-session";
  /** Maximum rows that a query returns. */
  queryRows: number;
  /** Seconds that a query may take. */
  queryTimeoutSeconds: number;
  /** Sessions at the same time. */
  querySessions: number;
}

export const strictSwitches: Readonly<PlatformSwitches> = {
  missingSandboxHeader: "refused",
  customerIoSource: "entitled",
  httpApiSource: "entitled",
  inletOrganization: "required",
  role: "assigned",
  sandboxState: "active",
  permissionsLacking: "none",
  accessControl: "open",
  deleteSchemaWithDescriptors: "refused",
  deleteDatasetInUse: "refused",
  descriptorPutStatus: 201,
  deleteMappingSet: "405",
  mappingSetPutVersion: "increments",
  mappingSetLookup: "first",
  mappingSetStart: "sets",
  goneFlowObject: 404,
  transitionalStates: "refused",
  flowDeletion: "at-once",
  afterMappingChange: "warms-up",
  beforeEnabled: "dropped",
  disabledFlow: "dropped",
  unknownInlet: 404,
  unknownFlow: "refused",
  missingFlowId: "refused",
  rawEventsInBatch: "refused",
  maximumRequestBytes: 1_000_000,
  schemaCacheSeconds: 900,
  missingSourceAttribute: "fails-record",
  numberInTextField: "fails-record",
  arithmetic: "calculates",
  unusableIdentity: "fails-record",
  rowsShow: "at-once",
  inletMetrics: "at-once",
  emptyPreview: "404",
  previewAnswer: "object",
  dataFiles: "directories",
  batchStagingSeconds: 2,
  invalidBatchRecord: "fails-batch",
  batchCounts: "metrics",
  failedRecords: "own-batch",
  queryService: "entitled",
  queryCredential: "accepted",
  queryTokenExpiry: "ends-session",
  queryRows: 50_000,
  queryTimeoutSeconds: 600,
  querySessions: 1,
};

export interface PlatformOptions {
  readonly credentials: PlatformCredentials;
  /** Without the `_` prefix that fields have. */
  readonly tenantId: string;
  /** Names, in lower case. `prod` is the default and a production sandbox; all others are development sandboxes. */
  readonly sandboxes: readonly string[];
  readonly switches?: Partial<PlatformSwitches>;
  /** Seconds from creating or enabling a flow until its state is `enabled` and its inlet URL shows; 6, as in the tutorial's sample. */
  readonly activationSeconds?: number;
  /**
   * Seconds after that in which events are still lost; as many as `activationSeconds` unless given. Adobe's streaming
   * tutorial (http.md) asks for about five minutes.
   */
  readonly warmUpSeconds?: number;
  /** For the TLS of Query Service, which is absent without it. */
  readonly certificate?: Certificate;
  /** Milliseconds since 1970; real time unless given. */
  readonly clock?: () => number;
}
