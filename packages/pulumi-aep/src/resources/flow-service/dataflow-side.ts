import type { Operation } from "pulumi-provider-kit";
import type { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import {
  byMark,
  deleteConnection,
  type FlowServiceKind,
  findItem,
  type flowServiceItem,
  type Labeled,
  labelSteps,
  patchItem,
} from "./flow-service.ts";

/** The parts of a resource definition that the source and the target connection of a dataflow have in common. */
export function dataflowSide<Item extends typeof flowServiceItem, Inputs extends Labeled>(
  kind: FlowServiceKind<Item>,
  inputsOf: (found: z.output<Item>) => Inputs,
) {
  return {
    ...byMark(kind, inputsOf),

    async read(operation: Operation<AepClient>, id: string) {
      const found = await findItem(operation, kind, id);
      return found && { inputs: inputsOf(found), outputs: {} };
    },

    // Other changes would not reach the dataflow (Adobe's update-dataflows.md), so they replace the connection.
    async update(operation: Operation<AepClient>, id: string, { news }: { readonly news: Inputs }) {
      await patchItem(operation, kind, id, (found) => labelSteps(found, news, operation.urn));
      return {};
    },

    delete: (operation: Operation<AepClient>, id: string) => deleteConnection(operation, kind, id),
  };
}
