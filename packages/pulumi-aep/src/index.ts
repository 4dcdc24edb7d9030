import * as pulumi from "@pulumi/pulumi";
import { providerClass, resourceClass } from "pulumi-provider-kit/sdk";
import type { z } from "zod";
import { config } from "./config.ts";
import { getDataset as datasetFunction, getDatasets as datasetsFunction } from "./functions/dataset-lookup.ts";
import { getIdentityNamespaces as namespacesFunction } from "./functions/identity-namespaces.ts";
import { getPreflight as preflightFunction } from "./functions/preflight.ts";
import { getSchema as schemaFunction, getSchemas as schemasFunction } from "./functions/schema-lookup.ts";
import { getTenant as tenantFunction } from "./functions/tenant.ts";
import { dataset } from "./resources/catalog/dataset.ts";
import { datasetGuard } from "./resources/catalog/dataset-guard.ts";
import { mappingSet } from "./resources/data-prep/mapping-set.ts";
import { baseConnection } from "./resources/flow-service/base-connection.ts";
import { dataflow } from "./resources/flow-service/dataflow.ts";
import { sourceConnection } from "./resources/flow-service/source-connection.ts";
import { targetConnection } from "./resources/flow-service/target-connection.ts";
import { ownership } from "./resources/ownership.ts";
import { fieldGroup } from "./resources/schema-registry/field-group.ts";
import { identityDescriptor } from "./resources/schema-registry/identity-descriptor.ts";
import { profileEnablement } from "./resources/schema-registry/profile-enablement.ts";
import { schema } from "./resources/schema-registry/schema.ts";

/** An explicit provider, for another sandbox or organization than the stack's settings name. */
export class Provider extends providerClass("aep", config) {}

/** When deleted, also deletes what interrupted runs left of the resources that name it in their input `ownership`. */
export class Ownership extends resourceClass(ownership) {}

/** A custom field group; `id` is its `$id`. */
export class FieldGroup extends resourceClass(fieldGroup) {}

/** A schema: a class and field groups; `id` is its `$id`. */
export class Schema extends resourceClass(schema) {}

/** Marks a field of a schema as an identity. */
export class IdentityDescriptor extends resourceClass(identityDescriptor) {}

/** Enables a schema for Profile, forever. */
export class ProfileEnablement extends resourceClass(profileEnablement) {}

/** A dataset of the data lake. One that holds data is deleted only with `forceDestroy`. */
export class Dataset extends resourceClass(dataset) {}

/** Refuses a destroy before anything is deleted, if a dataset holds data. Make it depend on everything that leads to the dataset. */
export class DatasetGuard extends resourceClass(datasetGuard) {}

/** The streaming endpoint of an HTTP API source. */
export class BaseConnection extends resourceClass(baseConnection) {}

/** The source side of a streaming dataflow. */
export class SourceConnection extends resourceClass(sourceConnection) {}

/** The data lake side of a dataflow. */
export class TargetConnection extends resourceClass(targetConnection) {}

/** Maps source attributes to fields of a schema; a change creates a new set. */
export class MappingSet extends resourceClass(mappingSet) {}

/** A streaming dataflow: receives events at its own URL and writes them into a dataset. */
export class Dataflow extends resourceClass(dataflow) {}

/** Checks the sandbox before anything is created in it: state, sources, permissions. Asks Platform in previews too. */
export function getPreflight(
  args: z.input<typeof preflightFunction.args>,
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof preflightFunction.result>> {
  return pulumi.runtime.invoke(preflightFunction.token, args, options);
}

/** The organization's tenant id; custom fields are under `_<tenantId>`. Asks Platform in previews too. */
export function getTenant(options?: pulumi.InvokeOptions): Promise<{ tenantId: string }> {
  return pulumi.runtime.invoke(tenantFunction.token, {}, options);
}

/** Looks up an existing schema by its $id, meta:altId or title. Asks Platform in previews too. */
export function getSchema(args: { schema: string }, options?: pulumi.InvokeOptions): Promise<ExistingSchema> {
  return pulumi.runtime.invoke(schemaFunction.token, args, options);
}

/** Lists the schemas with a title: none, or one. Asks Platform in previews too. */
export function getSchemas(
  args: { title: string },
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof schemasFunction.result>> {
  return pulumi.runtime.invoke(schemasFunction.token, args, options);
}

/** Looks up an existing dataset by its id or name. Asks Platform in previews too. */
export function getDataset(args: { dataset: string }, options?: pulumi.InvokeOptions): Promise<ExistingDataset> {
  return pulumi.runtime.invoke(datasetFunction.token, args, options);
}

/** Lists the datasets of a schema. Asks Platform in previews too, for all datasets of the sandbox. */
export function getDatasets(
  args: { schemaId: string },
  options?: pulumi.InvokeOptions,
): Promise<{ datasetIds: string[] }> {
  return pulumi.runtime.invoke(datasetsFunction.token, args, options);
}

/** Lists the codes of the existing identity namespaces. Asks Platform in previews too. */
export function getIdentityNamespaces(options?: pulumi.InvokeOptions): Promise<{ codes: string[] }> {
  return pulumi.runtime.invoke(namespacesFunction.token, {}, options);
}

export type ExistingSchema = z.output<typeof schemaFunction.result>;
export type ExistingDataset = z.output<typeof datasetFunction.result>;

export { connectionSpecs, flowSpecs } from "./resources/flow-service/sources.ts";
