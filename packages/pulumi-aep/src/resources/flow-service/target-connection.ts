import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";
import { majorVersionOf } from "../../client/xdm.ts";
import { ownershipInput, withoutMark } from "../mark.ts";
import { dataflowSide } from "./dataflow-side.ts";
import { createItem, flowServiceItem } from "./flow-service.ts";

/** The data lake (Adobe's Customer.io tutorial). */
const dataLakeConnectionSpec = { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" };

const answer = flowServiceItem.extend({
  data: z.object({ schema: z.object({ id: z.string(), version: z.string().optional() }) }),
  params: z.object({ dataSetId: z.string() }),
});

const targetConnectionKind = {
  collection: paths.targetConnections,
  name: "target connection",
  item: answer,
  users: { collection: paths.flows, property: "targetConnectionIds[]" },
};

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the connection is for." }),
  datasetId: z
    .string()
    .meta({ description: "Id of the dataset that records go to.", replaces: true, references: "aep:index:Dataset" }),
  schemaId: z.string().meta({ description: "$id of the dataset's schema.", replaces: true }),
  schemaVersion: z
    .number()
    .int()
    .positive()
    .default(1)
    .meta({ description: "Major version of the schema; default 1.", replaces: true }),
  ownership: ownershipInput,
});

type Inputs = z.output<typeof inputs>;

/** The data lake side of a dataflow. */
export const targetConnection = defineResource<AepClient>()({
  type: "aep:index:TargetConnection",
  description:
    "The target connection of a dataflow into a dataset of the data lake. Imported by its id. " +
    "Adobe: Flow Service API, targetConnections endpoint.",
  inputs,
  outputs: z.object({}),

  ...dataflowSide(targetConnectionKind, inputsOf),

  async create(operation, given) {
    const { datasetId, schemaId, schemaVersion } = given;
    const version = `application/vnd.adobe.xed-full+json;version=${schemaVersion}`;
    const body = {
      connectionSpec: dataLakeConnectionSpec,
      data: { format: "json", schema: { id: schemaId, version } },
      params: { dataSetId: datasetId },
    };
    return {
      id: await createItem(operation, targetConnectionKind, given, body, [datasetId, schemaId]),
      outputs: {},
    };
  },
});

function inputsOf({ name, description, data, params }: z.output<typeof answer>): Inputs {
  return {
    name,
    description: withoutMark(description),
    datasetId: params.dataSetId,
    schemaId: data.schema.id,
    schemaVersion: majorVersionOf(data.schema.version),
  };
}
