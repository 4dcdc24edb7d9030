import { definitionProvider, type PackageDefinition } from "pulumi-provider-kit";
import manifest from "../package.json" with { type: "json" };
import { AepClient } from "./client/client.ts";
import { config } from "./config.ts";
import { getDataset, getDatasets } from "./functions/dataset-lookup.ts";
import { getIdentityNamespaces } from "./functions/identity-namespaces.ts";
import { getPreflight } from "./functions/preflight.ts";
import { getSchema, getSchemas } from "./functions/schema-lookup.ts";
import { getTenant } from "./functions/tenant.ts";
import { dataset } from "./resources/catalog/dataset.ts";
import { datasetGuard } from "./resources/catalog/dataset-guard.ts";
import { mappingSet } from "./resources/data-prep/mapping-set.ts";
import { baseConnection } from "./resources/flow-service/base-connection.ts";
import { dataflow } from "./resources/flow-service/dataflow.ts";
import { sourceConnection } from "./resources/flow-service/source-connection.ts";
import { targetConnection } from "./resources/flow-service/target-connection.ts";
import { ownership } from "./resources/ownership.ts";
import { permitMove } from "./resources/permit-move.ts";
import { fieldGroup } from "./resources/schema-registry/field-group.ts";
import { identityDescriptor } from "./resources/schema-registry/identity-descriptor.ts";
import { profileEnablement } from "./resources/schema-registry/profile-enablement.ts";
import { schema } from "./resources/schema-registry/schema.ts";

/** The contents of the Pulumi package `aep`. */
export const aepPackage: PackageDefinition<AepClient, typeof config> = {
  name: "aep",
  version: manifest.version,
  displayName: "Adobe Experience Platform",
  description: "Schemas, datasets and streaming dataflows of Adobe Experience Platform, through its APIs.",
  config,
  connect: (settings) => new AepClient(settings),
  resources: [
    ownership,
    fieldGroup,
    schema,
    identityDescriptor,
    profileEnablement,
    dataset,
    baseConnection,
    sourceConnection,
    targetConnection,
    mappingSet,
    dataflow,
    datasetGuard,
  ],
  functions: [getPreflight, getTenant, getSchema, getSchemas, getDataset, getDatasets, getIdentityNamespaces],
  permitMove,
};

/** The Pulumi provider `aep`. */
export const provider = definitionProvider(aepPackage);
