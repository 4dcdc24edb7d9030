import { schemaVersion } from "../catalog/datasets.ts";
import { findVersion } from "../data-prep/mapping-set.ts";
import type { Dataset, Sandbox } from "../state/model.ts";
import { itemsOf, type JsonObject, objectOf, stringOf, stringsOf } from "../web/json.ts";
import { invalidRequest, invalidSpec, unknownId } from "./problems.ts";
import { flowSpec } from "./specs.ts";

/** How a flow processes its events. */
export interface FlowWiring {
  readonly dataset: Dataset;
  /** Undefined if the flow accepts XDM unchanged. */
  readonly mapping: { readonly id: string; readonly version: number } | undefined;
}

/**
 * Checks a flow like Flow Service at creation and change: its specs and connections, the mapping and its version
 * (1419-400, 1412-400), and that mapping and dataset have the same schema and version (1425-400).
 */
export function checkFlow(sandbox: Sandbox, body: JsonObject): FlowWiring {
  const spec = flowSpec(body);
  const source = connectionOf(sandbox, "sourceConnections", body.sourceConnectionIds);
  const target = connectionOf(sandbox, "targetConnections", body.targetConnectionIds);
  const fits =
    stringsOf(spec.sourceConnectionSpecIds).includes(stringOf(objectOf(source.connectionSpec).id) ?? "") &&
    stringsOf(spec.targetConnectionSpecIds).includes(stringOf(objectOf(target.connectionSpec).id) ?? "");
  if (!fits) throw invalidSpec();
  const dataset = sandbox.datasets.get(stringOf(objectOf(target.params).dataSetId) ?? "");
  if (dataset === undefined) throw unknownId();
  checkOptions(objectOf(body.options));
  return { dataset, mapping: checkMapping(sandbox, dataset, body) };
}

function connectionOf(
  sandbox: Sandbox,
  kind: "sourceConnections" | "targetConnections",
  ids: JsonObject[string],
): JsonObject {
  const [id] = stringsOf(ids);
  const connection = sandbox.connections[kind].get(id ?? "");
  if (connection === undefined) throw unknownId();
  return connection.body;
}

/** The flow spec's option spec: a switch for error diagnostics and a percentage above 0. */
function checkOptions({ errorDiagnosticsEnabled, partialIngestionPercent }: JsonObject): void {
  const isSwitch = errorDiagnosticsEnabled === undefined || typeof errorDiagnosticsEnabled === "boolean";
  const isPercentage =
    partialIngestionPercent === undefined ||
    (typeof partialIngestionPercent === "number" && partialIngestionPercent > 0);
  if (isSwitch && isPercentage) return;
  throw invalidRequest(
    "1100-400",
    "The request could not be processed. Error from flow provider: The options do not fit the option spec.",
  );
}

function checkMapping(sandbox: Sandbox, dataset: Dataset, body: JsonObject): FlowWiring["mapping"] {
  const [transformation] = itemsOf(body.transformations).map(objectOf);
  if (transformation === undefined) return undefined;
  if (transformation.name !== "Mapping") {
    throw invalidRequest(
      "1100-400",
      `The request could not be processed. Error from flow provider: Unknown transformation ${String(transformation.name)}.`,
    );
  }
  const { mappingId, mappingVersion = 0 } = objectOf(transformation.params);
  const mappingSet = sandbox.mappingSets.get(String(mappingId));
  if (mappingSet === undefined) {
    throw invalidRequest(
      "1419-400",
      `Error while validating mapping with id ${String(mappingId)}, version ${String(mappingVersion)}. This could be because of inadequate permissions on mapped fields. Please check your mapping or contact your admin.`,
    );
  }
  const version = Number(mappingVersion);
  const content = findVersion(mappingSet, version);
  if (content === undefined) {
    throw invalidRequest("1412-400", "Invalid Mapping Version in request. Please provide correct mapping version.");
  }
  const datasetSchema = objectOf(dataset.body.schemaRef);
  const isSame =
    datasetSchema.id === content.schemaRef.id &&
    schemaVersion(datasetSchema.contentType) === schemaVersion(content.schemaRef.contentType);
  if (!isSame) {
    throw invalidRequest(
      "1425-400",
      `Error while matching schema in target dataset ${dataset.id} with schema in mapping ${mappingSet.id}. Schema with same id and version must be used in both mapping and target dataset.`,
    );
  }
  return { id: mappingSet.id, version };
}
