import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { afterwards, requireEmpty } from "./data-loss.ts";

const inputs = z.object({
  datasetId: z.string().meta({ description: "Id of the dataset." }),
  forceDestroy: z.boolean().default(false).meta({ description: "The dataset's own `forceDestroy`." }),
  keep: z.boolean().default(false).meta({ description: "The dataset's own `keep`." }),
});

/**
 * Stands before all that leads to a dataset. The engine deletes it first, since it depends on everything else; and as long as
 * the dataset's deletion would be refused in the end, this one is refused at once.
 */
export const datasetGuard = defineResource<AepClient>()({
  type: "aep:index:DatasetGuard",
  description:
    "Refuses a `npx pulumi destroy` before it has taken anything down, if the dataset holds data and has neither `forceDestroy` " +
    "nor `keep`. It is no object of Platform: give it the resource option dependsOn with everything that must still work " +
    "after a refused destroy. Imported by the dataset's id.",
  inputs,
  outputs: z.object({}),

  create: (_operation, { datasetId }) => Promise.resolve({ id: datasetId, outputs: {} }),

  read: (_operation, id, known) =>
    Promise.resolve({ inputs: known ?? { datasetId: id, forceDestroy: false, keep: false }, outputs: {} }),

  update: () => Promise.resolve({}),

  async delete(operation, _id, { datasetId, forceDestroy, keep }) {
    if (forceDestroy || keep) return;
    const refused = "Nothing has been taken down";
    await requireEmpty(operation, { id: datasetId }, { refused, ways: afterwards });
  },
});
