import type * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import type { Settings } from "../settings/setting-types.ts";
import { keepName } from "../title.ts";
import type { Destination } from "./destination.ts";
import { createEventSchema, type EventSchemaArgs } from "./event-schema.ts";

export interface EventDatasetArgs extends EventSchemaArgs, Pick<Settings, "dataset"> {
  destination: Destination;
}

/**
 * A dataset for events with its schema. Creates what the destination lacks.
 * @returns also the version of the schema's fields, if they are the program's
 */
export function createEventDataset(
  name: string,
  args: EventDatasetArgs,
  parent: { parent: pulumi.Resource },
): { id: pulumi.Input<string>; schemaId: pulumi.Input<string>; fieldsVersion: pulumi.Output<string> | undefined } {
  const { datasetId, schema: existing } = args.destination;
  const schema = existing
    ? { id: existing.id, fieldsVersion: undefined, ready: [] }
    : createEventSchema(name, args, parent);
  const { id: schemaId, fieldsVersion } = schema;
  if (datasetId !== undefined) return { id: datasetId, schemaId, fieldsVersion };

  const { errorDiagnostics, rowExpirationDays, tags, forceDestroy, keep } = args.dataset;
  const dataset = new aep.Dataset(
    `${name}-dataset`,
    {
      name: args.dataset.name ?? args.title,
      description: args.dataset.description ?? "Customer.io events.",
      schemaId,
      errorDiagnostics,
      ...(rowExpirationDays === undefined ? {} : { rowExpirationDays }),
      ...(tags === undefined ? {} : { tags }),
      profile: args.profile.enabled,
      forceDestroy,
      keep,
      ownership: args.ownership,
    },
    { ...parent, dependsOn: schema.ready, ...keepName("name", args.dataset.name) },
  );
  return { id: dataset.id, schemaId, fieldsVersion };
}
