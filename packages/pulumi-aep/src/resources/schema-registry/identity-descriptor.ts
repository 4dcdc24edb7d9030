import { isDeepStrictEqual } from "node:util";
import { defineResource, importCommand } from "pulumi-provider-kit";
import { z } from "zod";
import type { AepClient } from "../../client/client.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { accept } from "../../client/xdm.ts";
import type { Creation } from "../create-once.ts";
import { explainNeverDeleted, isInProfile } from "./schema-users.ts";

const descriptorIdentity = "xdm:descriptorIdentity";
const schemaType = "aep:index:Schema";

const answer = z.object({
  "@id": z.string(),
  "@type": z.string(),
  "xdm:sourceSchema": z.string(),
  "xdm:sourceVersion": z.coerce.number(),
  "xdm:sourceProperty": z.string(),
  // "The `id` or `code` value of the identity namespace."
  "xdm:namespace": z.union([z.string(), z.number().transform(String)]),
  "xdm:isPrimary": z.boolean().nullish(),
});
/** Lists are grouped by type. */
const listAnswer = z.record(z.string(), z.array(z.unknown()).optional().catch(undefined));
/** What every type of descriptor has. */
const ofSchema = z.object({ "@id": z.string(), "xdm:sourceSchema": z.string() });

const inputs = z.object({
  schemaId: z.string().meta({ description: "$id of the schema." }),
  schemaVersion: z
    .number()
    .int()
    .positive()
    .default(1)
    .meta({ description: "Major version of the schema; default 1." }),
  sourceProperty: z
    .string()
    .regex(
      /^\/(?!.*\/properties\/)/,
      'it must be a path such as "/_tenant/customerio/email", without "properties" in it',
    )
    .meta({ description: "Path of the field that identifies: /_<tenant id>/customerio/email." }),
  namespace: z.string().min(1).meta({ description: "Code of the identity namespace: Email." }),
  isPrimary: z.boolean().default(false).meta({
    description:
      "Whether it is the schema's one primary identity; default false. Records that lack a primary identity are refused.",
  }),
});

type Inputs = z.output<typeof inputs>;

/** An identity descriptor of the Schema Registry. */
export const identityDescriptor = defineResource<AepClient>()({
  type: "aep:index:IdentityDescriptor",
  description:
    "An identity descriptor: marks a field of a schema as an identity of a namespace. Imported by its @id. " +
    "Adobe: Schema Registry API, descriptors endpoint.",
  inputs,
  outputs: z.object({}),
  // A schema has one primary identity at a time.
  deleteBeforeReplace: true,

  // A descriptor has no room for a mark. On a schema of the program it is taken for a leftover, and deleted with the schema anyway. On
  // another schema it may be the work of that schema's owner.
  async leftovers({ client, signal, isKnown }, wanted) {
    const inUse = !isKnown(wanted.schemaId, schemaType);
    const same = await listSame(client, wanted, signal);
    return same.map((item) => ({ id: item["@id"], createdAt: undefined, inputs: inputsOf(item), inUse }));
  },

  async create({ client, signal, progress, present, urn, isKnown }, given) {
    const other = [...present].find((id) => !isKnown(id, identityDescriptor.type));
    if (other !== undefined && !isKnown(given.schemaId, schemaType)) {
      throw new Error(
        `The schema ${given.schemaId} already has this identity descriptor (${other}). This command does not manage the schema, so the ` +
          "descriptor may be somebody else's. Either remove it from the program, or import it into the stack (a destroy then deletes it): " +
          importCommand(urn, other),
      );
    }
    const creation: Creation<{ "@id": string }> = {
      list: (until) => listSame(client, given, until),
      idOf: (descriptor) => descriptor["@id"],
      post: () => {
        const purpose = `make ${given.sourceProperty} an identity of the namespace ${given.namespace}`;
        const call = { method: "POST", path: paths.descriptors, body: bodyOf(given), signal, purpose } as const;
        return client.call(call, z.object({ "@id": z.string() }));
      },
    };
    const made = await client.createOnce({ signal, progress }, present, creation, [given.schemaId]);
    // What makes the schema ready for Profile.
    client.noteChange(given.schemaId);
    return { id: made["@id"], outputs: {} };
  },

  async read({ client, signal }, id) {
    const purpose = `read the identity descriptor ${id}`;
    const call = { method: "GET", path: pathOf(paths.descriptors, id), signal, purpose } as const;
    const found = await client.find(call, answer);
    return found && { inputs: inputsOf(found), outputs: {} };
  },

  async delete({ client, signal, urn }, id, { schemaId, isPrimary }) {
    if (isPrimary && (await isInProfile(client, schemaId, signal))) {
      const what = `The identity descriptor ${id} is the primary identity of the schema ${schemaId}, which has been enabled for`;
      throw explainNeverDeleted(`${what} Profile and never goes without one`, urn);
    }
    await deleteDescriptor(client, id, signal);
  },
});

export async function deleteDescriptor(client: AepClient, id: string, signal: AbortSignal): Promise<void> {
  const purpose = `delete the descriptor ${id}`;
  await client.deleteReleased({ path: pathOf(paths.descriptors, id), signal, purpose });
}

/** The descriptors of a schema, of all types, such as the labels and names that people give to its fields. */
export async function listDescriptorsOf(
  client: AepClient,
  schemaId: string,
  signal: AbortSignal,
): Promise<{ readonly id: string; readonly type: string }[]> {
  const types = await listByType(client, `look for descriptors of the schema ${schemaId}`, signal);
  return Object.entries(types).flatMap(([type, listed = []]) =>
    listed.flatMap((item) => {
      const found = ofSchema.safeParse(item).data;
      return found?.["xdm:sourceSchema"] === schemaId ? [{ id: found["@id"], type }] : [];
    }),
  );
}

function bodyOf(given: Inputs): object {
  return {
    "@type": descriptorIdentity,
    "xdm:sourceSchema": given.schemaId,
    "xdm:sourceVersion": given.schemaVersion,
    "xdm:sourceProperty": given.sourceProperty,
    "xdm:namespace": given.namespace,
    "xdm:property": "xdm:code",
    "xdm:isPrimary": given.isPrimary,
  };
}

function inputsOf(found: z.output<typeof answer>): Inputs {
  return {
    schemaId: found["xdm:sourceSchema"],
    schemaVersion: found["xdm:sourceVersion"],
    sourceProperty: found["xdm:sourceProperty"],
    namespace: found["xdm:namespace"],
    isPrimary: found["xdm:isPrimary"] ?? false,
  };
}

async function listSame(client: AepClient, wanted: Inputs, signal: AbortSignal) {
  const listed = await listAll(client, `check whether ${wanted.sourceProperty} is an identity already`, signal);
  return listed.filter((descriptor) => isDeepStrictEqual(inputsOf(descriptor), wanted));
}

async function listAll(client: AepClient, purpose: string, signal: AbortSignal) {
  return (await listDescriptors(client, purpose, signal)).flatMap((listed) => answer.safeParse(listed).data ?? []);
}

/** The sandbox's identity descriptors, unparsed: other people's may lack properties of ours. */
export async function listDescriptors(client: AepClient, purpose: string, signal: AbortSignal): Promise<unknown[]> {
  return (await listByType(client, purpose, signal))[descriptorIdentity] ?? [];
}

function listByType(client: AepClient, purpose: string, signal: AbortSignal) {
  const call = { method: "GET", path: paths.descriptors, headers: accept.descriptors, signal, purpose } as const;
  return client.call(call, listAnswer);
}
