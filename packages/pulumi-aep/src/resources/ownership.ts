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
        description: "$id of its schema, if that is there already; absent if the program makes the schema, too.",
      }),
      forceDestroy: z.boolean().default(false).meta({ description: "The dataset's own `forceDestroy`." }),
      keep: z.boolean().default(false).meta({ description: "The dataset's own `keep`." }),
    })
    .optional()
    .meta({
      description:
        "The dataset that the program makes; absent if it makes none. If it goes, or gets another schema, that is refused " +
        "before anything else is changed, as long as the dataset holds data and has neither `forceDestroy` nor `keep`.",
    }),
});

/**
 * What a stack makes in a sandbox, known to Platform's objects themselves by a random number in their marks. A process that
 * is killed while it makes an object can't note it in the state; the next `up` finds it by its mark, but a `destroy` asks
 * nobody about what the state does not hold. It deletes the ownership last, and with it what is left.
 */
export const ownership = defineResource<AepClient>()({
  type: "aep:index:Ownership",
  description:
    "The ownership of what a stack makes in the sandbox: resources name it in their input `ownership`. It does not exist " +
    "in Platform. With it, a deletion also deletes what an interrupted run made and nobody took over, such as after a process " +
    "was killed; each with a warning. What is in use stays: a dataset that holds data or has a connection, a dataflow that " +
    "has run, a schema with a dataset or in Profile, and whatever those need. Imported by its id, which its objects carry.",
  owns: true,
  inputs,
  outputs: z.object({}),

  // A kept dataset that holds nothing yet looks like one that nobody took over. With it stay its schema and field groups.
  spares: ({ dataset: made }) => (made?.keep ? [dataset.type] : []),

  async permit(operation, id, { olds, news }) {
    const { dataset: before } = olds;
    if (!before || before.forceDestroy || before.keep) return;
    if (news.dataset && news.dataset.schemaId === before.schemaId) return;
    const change = news.dataset ? "give its place to another one, with another schema" : "take it out of the stack";
    const refused = `The change would ${change}, so nothing was begun`;
    const goOn =
      "To go on with it as it is, take the change back, such as: npx pulumi config rm --path dataset.existing, or: " +
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

  // What it owns has gone before: see `deleteUnnoted`.
  delete: () => Promise.resolve(),
});
