import manifest from "../../package.json" with { type: "json" };
import { definitionProvider, type PackageDefinition } from "../kit/definition-provider.ts";
import { baseConnection } from "./base-connection.ts";
import { AepClient } from "./client.ts";
import { config } from "./config.ts";
import { dataflow } from "./dataflow.ts";
import { dataset } from "./dataset.ts";
import { datasetGuard } from "./dataset-guard.ts";
import { getDataset } from "./dataset-lookup.ts";
import { fieldGroup } from "./field-group.ts";
import { identityDescriptor } from "./identity-descriptor.ts";
import { getIdentityNamespaces } from "./identity-namespaces.ts";
import { mappingSet } from "./mapping-set.ts";
import { ownership } from "./ownership.ts";
import { permitMove } from "./permit-move.ts";
import { getPreflight } from "./preflight.ts";
import { profileEnablement } from "./profile-enablement.ts";
import { schema } from "./schema.ts";
import { getSchema, getSchemas } from "./schema-lookup.ts";
import { sourceConnection } from "./source-connection.ts";
import { targetConnection } from "./target-connection.ts";
import { getTenant } from "./tenant.ts";

/** What the Pulumi package `aep` consists of. */
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
  functions: [getPreflight, getTenant, getSchema, getSchemas, getDataset, getIdentityNamespaces],
  permitMove,
};

/** The Pulumi provider `aep`. */
export const provider = definitionProvider(aepPackage);
