import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { paths } from "../../client/paths.ts";
import { ownershipInput, withoutMark } from "../mark.ts";
import { dataflowSide } from "./dataflow-side.ts";
import { createItem, flowServiceItem } from "./flow-service.ts";
import { connectionSpecs } from "./sources.ts";

const connectionSpecVersion = "1.0";
/** The provider behind all streaming sources. */
const streamingProvider = "521eee4d-8cbe-4906-bb48-fb6bd4450033";

const answer = flowServiceItem.extend({
  connectionSpec: z.object({ id: z.string() }),
  baseConnectionId: z.string().nullish(),
});

export const sourceConnectionKind = {
  collection: paths.sourceConnections,
  name: "source connection",
  item: answer,
  users: { collection: paths.flows, property: "sourceConnectionIds[]" },
};

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name; need not be unique." }),
  description: z.string().min(1).optional().meta({ description: "What the connection is for." }),
  connectionSpecId: z.string().default(connectionSpecs.customerio).meta({
    description: "Id of the streaming source's connection specification; default: Customer.io.",
    replaces: true,
  }),
  baseConnectionId: z.string().optional().meta({
    description: "Id of the base connection, for a source that has one, such as the HTTP API; default: none.",
    replaces: true,
    references: "aep:index:BaseConnection",
  }),
  ownership: ownershipInput,
});

/** The source side of a streaming dataflow. */
export const sourceConnection = defineResource<AepClient>()({
  type: "aep:index:SourceConnection",
  description:
    "The source connection of a streaming dataflow, for JSON events. Imported by its id. " +
    "Adobe: Flow Service API, sourceConnections endpoint; tutorial “Create a dataflow for Customer.io”.",
  inputs,
  outputs: z.object({}),

  ...dataflowSide(sourceConnectionKind, inputsOf),

  async create(operation, given) {
    const { connectionSpecId, baseConnectionId } = given;
    const connectionSpec = { id: connectionSpecId, version: connectionSpecVersion };
    // With a base connection, leave out what it already defines (Adobe's tutorials for the two kinds of source).
    const ownPart = { providerId: streamingProvider, data: { format: "json" } };
    const body = { connectionSpec, ...(baseConnectionId ? { baseConnectionId } : ownPart) };
    return {
      id: await createItem(operation, sourceConnectionKind, given, body, [baseConnectionId]),
      outputs: {},
    };
  },
});

function inputsOf(found: z.output<typeof answer>): z.output<typeof inputs> {
  return {
    name: found.name,
    description: withoutMark(found.description),
    connectionSpecId: found.connectionSpec.id,
    baseConnectionId: found.baseConnectionId ?? undefined,
  };
}
