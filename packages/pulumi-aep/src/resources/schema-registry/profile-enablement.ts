import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import { type AepClient, jsonOrNothing } from "../../client/client.ts";
import { pathOf, paths } from "../../client/paths.ts";
import { accept, isProfileEnabled, xdmResource } from "../../client/xdm.ts";

const answer = xdmResource.extend({ "meta:immutableTags": z.array(z.string()).nullish() });

const inputs = z.object({
  schemaId: z.string().meta({ description: "$id of the schema.", replaces: true }),
});

/**
 * A schema's membership in its class's union schema. It is a separate resource because a schema needs its primary identity
 * before it can join, and that identity's descriptor needs the schema first.
 */
export const profileEnablement = defineResource<AepClient>()({
  type: "aep:index:ProfileEnablement",
  description:
    "Enables a schema for Real-Time Customer Profile, once it has a primary identity or the field group IdentityMap. " +
    "This can't be undone: Platform never takes the schema out again, and never deletes it or its fields. So deleting this " +
    "resource changes nothing in Platform; give the schema, its field groups and its primary identity the resource " +
    "option retainOnDelete, or their deletion is refused. Imported by its schema's $id. " +
    "Adobe: Schema Registry API, “Enable a schema for use in Real-Time Customer Profile”.",
  inputs,
  outputs: z.object({}),

  async create({ client, signal, warn, progress }, { schemaId }) {
    const found = await client.findNew({ signal, progress }, schemaId, lookUp(schemaId, signal), answer);
    if (!found) {
      throw new Error(
        `There is no schema ${schemaId}, so it can't be enabled for Profile. If someone deleted it, run: ` +
          "npx pulumi refresh, then npx pulumi up",
      );
    }
    const tags = found["meta:immutableTags"] ?? [];
    if (isProfileEnabled(tags)) {
      warn(`the schema "${found.title}" was already enabled for Profile`);
      return { id: schemaId, outputs: {} };
    }
    const call = {
      method: "PATCH",
      path: pathOf(paths.schemas, schemaId),
      body: [{ op: "add", path: "/meta:immutableTags", value: [...tags, "union"] }],
      signal,
      purpose: `enable the schema "${found.title}" (${schemaId}) for Profile`,
      repeatable: true,
    } as const;
    await client.untilVisible({ signal, progress }, [schemaId], () => client.call(call, jsonOrNothing));
    client.noteChange(schemaId);
    return { id: schemaId, outputs: {} };
  },

  async read({ client, signal }, id) {
    const found = await find(client, id, signal);
    if (!found || !isProfileEnabled(found["meta:immutableTags"])) return undefined;
    return { id: found.$id, inputs: { schemaId: found.$id }, outputs: {} };
  },

  async delete({ client, signal, warn }, id) {
    const found = await find(client, id, signal);
    if (!found || !isProfileEnabled(found["meta:immutableTags"])) return;
    warn(
      `the schema "${found.title}" (${id}) stays in Platform, and so do its field groups and its primary identity, if it has one: ` +
        "Platform never deletes a schema that was enabled for Profile. It can be used again by its id.",
    );
  },
});

function lookUp(id: string, signal: AbortSignal) {
  const purpose = `read the schema ${id}`;
  return { method: "GET", path: pathOf(paths.schemas, id), headers: accept.lookup, signal, purpose } as const;
}

function find(client: AepClient, id: string, signal: AbortSignal) {
  return client.find(lookUp(id, signal), answer);
}
