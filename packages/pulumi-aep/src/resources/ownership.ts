import { randomBytes } from "node:crypto";
import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../client/client.ts";
import { insteadOfChange, requireEmpty } from "./catalog/data-loss.ts";
import { dataset } from "./catalog/dataset.ts";
import { listMarked } from "./catalog/marked-datasets.ts";
import { isOwnedBy, isOwnershipId } from "./mark.ts";

const inputs = z.object({
  dataset: z
    .object({
      schemaId: z.string().optional().meta({
        description: "$id of its schema, if that exists already; absent if the program creates the schema too.",
      }),
      forceDestroy: z.boolean().default(false).meta({ description: "The dataset's own `forceDestroy`." }),
      keep: z.boolean().default(false).meta({ description: "The dataset's own `keep`." }),
    })
    .optional()
    .meta({
      description:
        "The dataset that the program creates; absent if it creates none. Removing it, or giving it another schema, is refused " +
        "before anything is changed, as long as the dataset holds data and has neither `forceDestroy` nor `keep`.",
    }),
});

/**
 * Identifies what a stack creates in a sandbox, by a random number in the objects' marks. A process that
 * is killed while it creates an object can't record it in the state. The next `up` finds it by its mark, but a `destroy` only handles
 * what the state holds. It deletes the ownership last, and the ownership deletes what is left.
 */
export const ownership = defineResource<AepClient>()({
  type: "aep:index:Ownership",
  description:
    "The ownership of what a stack creates in the sandbox: resources name it in their input `ownership`. It does not exist " +
    "in Platform. With it, a deletion also deletes what an interrupted run created and no run adopted, for example after a process " +
    "was killed; each with a warning. What is in use stays: a dataset that holds data or has a connection, a dataflow that " +
    "has run, a schema with a dataset or in Profile, and whatever those need. Imported by its id, which its objects carry.",
  owns: true,
  inputs,
  outputs: z.object({}),

  // A kept dataset that is still empty looks like an abandoned one. Its schema and field groups stay with it.
  spares: ({ dataset: made }) => (made?.keep ? [dataset.type] : []),

  async permit(operation, id, { olds, news, unknown }) {
    const { dataset: before } = olds;
    // A preview may not know it yet, for example the id of a schema that changes. The update knows it, and decides.
    if (!before || before.forceDestroy || before.keep || unknown.includes("dataset")) return;
    if (news.dataset && news.dataset.schemaId === before.schemaId) return;
    const change = news.dataset ? "replace it by one with another schema" : "remove it from the stack";
    const refused = `The change would ${change}, so nothing was changed`;
    const goOn =
      "To continue without the change, undo it, for example: npx pulumi config rm --path dataset.existing, or: " +
      "npx pulumi config rm --path schema.existing";
    const what = "a dataset of this stack";
    for (const found of await listMarked(operation.client, isOwnedBy(id), what, operation.signal)) {
      await requireEmpty(operation, found, { refused, ways: [...insteadOfChange, goOn] });
    }
  },

  create: () => Promise.resolve({ id: randomBytes(8).toString("hex"), outputs: {} }),

  read: (_operation, id, known) => {
    if (isOwnershipId(id)) return Promise.resolve({ inputs: known ?? {}, outputs: {} });
    throw new Error(
      `"${id}" is not the id of an ownership: the 16 hexadecimal digits after "Pulumi" in its objects' descriptions.`,
    );
  },

  update: () => Promise.resolve({}),

  // `deleteUnnoted` has already deleted what it owns.
  delete: () => Promise.resolve(),
});
