import * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import { fieldGroupBody } from "../../events/field-group.ts";
import type { Settings } from "../settings/setting-types.ts";
import { keepName } from "../title.ts";

/** Adobe's field group for identity maps, which a schema without a primary identity field needs for Profile. */
const identityMapGroup = "https://ns.adobe.com/xdm/context/identitymap";

export interface EventSchemaArgs extends Pick<Settings, "schema" | "fieldGroup" | "dataset" | "profile"> {
  /** The schema's title, unless the settings have one. */
  title: string;
  tenantId: pulumi.Output<string>;
  /** The parent of everything that is declared. */
  ownership: pulumi.Input<string>;
}

/**
 * A schema of ExperienceEvent class with all fields of the event catalogue, enabled for Profile if the settings say so.
 * @returns the schema's id, the version of its fields, and what has to exist before a dataset follows it
 */
export function createEventSchema(
  name: string,
  args: EventSchemaArgs,
  parent: { parent: pulumi.Resource },
): { id: pulumi.Output<string>; fieldsVersion: pulumi.Output<string>; ready: pulumi.Resource[] } {
  const { tenantId, profile, ownership } = args;
  const mapsIdentities = profile.primaryIdentity === "identityMap";
  // Platform never deletes a schema that has been in Profile, or that a dataset uses.
  const options = { ...parent, retainOnDelete: profile.enabled || args.dataset.keep };
  const { definitions, allOf } = fieldGroupOf(tenantId);
  const fieldGroup = new aep.FieldGroup(
    `${name}-fields`,
    {
      title: args.fieldGroup.title ?? `${args.title} fields`,
      description: args.fieldGroup.description ?? "What Customer.io reports of its messages and customers.",
      definitions,
      allOf,
      ownership,
    },
    { ...options, ...keepName("title", args.fieldGroup.title) },
  );
  const schema = new aep.Schema(
    `${name}-schema`,
    {
      title: args.schema.title ?? args.title,
      description: args.schema.description ?? "One record for each Customer.io event.",
      fieldGroupIds: profile.enabled && mapsIdentities ? [fieldGroup.id, identityMapGroup] : [fieldGroup.id],
      ownership,
    },
    { ...options, ...keepName("title", args.schema.title) },
  );
  const { version: fieldsVersion } = fieldGroup;
  if (!profile.enabled) return { id: schema.id, fieldsVersion, ready: [schema] };

  const descriptors = (mapsIdentities ? [] : Object.entries(profile.identities)).map(
    ([field, namespace]) =>
      new aep.IdentityDescriptor(
        `${name}-identity-${field}`,
        {
          schemaId: schema.id,
          sourceProperty: pulumi.interpolate`/_${tenantId}/customerio/${field}`,
          namespace,
          isPrimary: field === profile.primaryIdentity,
        },
        options,
      ),
  );
  const enablement = { ...parent, dependsOn: descriptors };
  return {
    id: schema.id,
    fieldsVersion,
    ready: [schema, new aep.ProfileEnablement(`${name}-profile`, { schemaId: schema.id }, enablement)],
  };
}

function fieldGroupOf(tenantId: pulumi.Output<string>) {
  const body = tenantId.apply(fieldGroupBody);
  return { definitions: body.apply(({ definitions }) => definitions), allOf: body.apply(({ allOf }) => allOf) };
}
