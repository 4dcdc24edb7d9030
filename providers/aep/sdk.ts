import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { providerClass } from "../kit/provider-class.ts";
import { resourceClass } from "../kit/resource-class.ts";
import { baseConnection } from "./base-connection.ts";
import { config } from "./config.ts";
import { dataflow } from "./dataflow.ts";
import { dataset } from "./dataset.ts";
import { datasetGuard } from "./dataset-guard.ts";
import { getDataset as datasetFunction } from "./dataset-lookup.ts";
import { fieldGroup } from "./field-group.ts";
import { identityDescriptor } from "./identity-descriptor.ts";
import { getIdentityNamespaces as namespacesFunction } from "./identity-namespaces.ts";
import { mappingSet } from "./mapping-set.ts";
import { ownership } from "./ownership.ts";
import { getPreflight as preflightFunction } from "./preflight.ts";
import { profileEnablement } from "./profile-enablement.ts";
import { schema } from "./schema.ts";
import { getSchema as schemaFunction, getSchemas as schemasFunction } from "./schema-lookup.ts";
import { sourceConnection } from "./source-connection.ts";
import { targetConnection } from "./target-connection.ts";
import { getTenant as tenantFunction } from "./tenant.ts";

/** A provider of its own, for another sandbox or organization than that of the stack's settings. */
export class Provider extends providerClass("aep", config) {}

/** Deletes with itself what interrupted runs left of the resources that name it in their input `ownership`. */
export class Ownership extends resourceClass(ownership) {}

/** A custom field group; `id` is its `$id`. */
export class FieldGroup extends resourceClass(fieldGroup) {}

/** A schema: a class and field groups; `id` is its `$id`. */
export class Schema extends resourceClass(schema) {}

/** Marks a field of a schema as an identity. */
export class IdentityDescriptor extends resourceClass(identityDescriptor) {}

/** Enables a schema for Profile, for ever. */
export class ProfileEnablement extends resourceClass(profileEnablement) {}

/** A dataset of the data lake. One that holds data is deleted only with `forceDestroy`. */
export class Dataset extends resourceClass(dataset) {}

/** Refuses a destroy before anything is taken down, if a dataset holds data. Depends on everything that leads to it. */
export class DatasetGuard extends resourceClass(datasetGuard) {}

/** The streaming endpoint of an HTTP API source. */
export class BaseConnection extends resourceClass(baseConnection) {}

/** The source side of a streaming dataflow. */
export class SourceConnection extends resourceClass(sourceConnection) {}

/** The data lake side of a dataflow. */
export class TargetConnection extends resourceClass(targetConnection) {}

/** How source attributes become fields of a schema; a change makes a new set. */
export class MappingSet extends resourceClass(mappingSet) {}

/** A streaming dataflow: takes in events at a URL of its own and writes them into a dataset. */
export class Dataflow extends resourceClass(dataflow) {}

/** What can be told of the sandbox before anything is made in it: state, sources, permissions. Asks Platform in previews too. */
export function getPreflight(
  args: z.input<typeof preflightFunction.args>,
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof preflightFunction.result>> {
  return pulumi.runtime.invoke(preflightFunction.token, args, options);
}

/** The organization's tenant id; custom fields lie under `_<tenantId>`. Asks Platform in previews too. */
export function getTenant(options?: pulumi.InvokeOptions): Promise<{ tenantId: string }> {
  return pulumi.runtime.invoke(tenantFunction.token, {}, options);
}

/** A schema that is there already, by its $id, meta:altId or title. Asks Platform in previews too. */
export function getSchema(args: { schema: string }, options?: pulumi.InvokeOptions): Promise<ExistingSchema> {
  return pulumi.runtime.invoke(schemaFunction.token, args, options);
}

/** The schemas of a title: none, or one. Asks Platform in previews too. */
export function getSchemas(
  args: { title: string },
  options?: pulumi.InvokeOptions,
): Promise<z.output<typeof schemasFunction.result>> {
  return pulumi.runtime.invoke(schemasFunction.token, args, options);
}

/** A dataset that is there already, by its id or name. Asks Platform in previews too. */
export function getDataset(args: { dataset: string }, options?: pulumi.InvokeOptions): Promise<ExistingDataset> {
  return pulumi.runtime.invoke(datasetFunction.token, args, options);
}

/** Codes of the identity namespaces that there are. Asks Platform in previews too. */
export function getIdentityNamespaces(options?: pulumi.InvokeOptions): Promise<{ codes: string[] }> {
  return pulumi.runtime.invoke(namespacesFunction.token, {}, options);
}

export type ExistingSchema = z.output<typeof schemaFunction.result>;
export type ExistingDataset = z.output<typeof datasetFunction.result>;
