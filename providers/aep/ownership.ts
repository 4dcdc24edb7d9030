import { randomBytes } from "node:crypto";
import { z } from "zod";
import { defineResource } from "../kit/resource-definition.ts";
import type { AepClient } from "./client.ts";
import { isOwnershipId } from "./mark.ts";

/**
 * What a stack makes in a sandbox, known to Platform's objects themselves by a random number in their marks. A process that
 * is killed while it makes an object can't note it in the state; the next `up` finds it by its mark, but a `destroy` asks
 * nobody about what the state does not hold. It deletes the ownership last, and with it what is left.
 */
export const ownership = defineResource<AepClient>()({
  type: "aep:index:Ownership",
  description:
    "The ownership of what a stack makes in the sandbox: resources name it in their input `ownership`. It is no object of " +
    "Platform. With it, a deletion also deletes what an interrupted run made and nobody took over, such as after a process " +
    "was killed; each with a warning. What is in use stays: a dataset that holds data or has a connection, a dataflow that " +
    "has run, a schema with a dataset or in Profile, and whatever those need. Imported by its id, which its objects bear.",
  owns: true,
  inputs: z.object({}),
  outputs: z.object({}),

  create: () => Promise.resolve({ id: randomBytes(8).toString("hex"), outputs: {} }),

  read: (_operation, id) => {
    if (isOwnershipId(id)) return Promise.resolve({ inputs: {}, outputs: {} });
    throw new Error(
      `"${id}" is no id of an ownership: the 16 hexadecimal digits after "Pulumi" in its objects' descriptions.`,
    );
  },

  // What it owns has gone before: see `deleteUnnoted`.
  delete: () => Promise.resolve(),
});
