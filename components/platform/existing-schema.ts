import * as pulumi from "@pulumi/pulumi";
import type { ExistingSchema } from "pulumi-aep";
import type { EventField } from "../../events/fields.ts";
import type { Identities } from "../../events/identity-map.ts";
import type { SchemaDefinition } from "../../events/schema-fit.ts";
import { checkSchemaFit, hasField } from "../../events/schema-fit.ts";
import type { PlatformSettings } from "../../settings/platform-settings.ts";
import type { SettingWords } from "../../settings/setting-words.ts";

/** The parts of an existing schema that events fill. */
export interface ExistingEventSchema {
  readonly id: string;
  /** All its fields. */
  readonly definition: SchemaDefinition;
  /** Dot path of its primary identity field, if any. */
  readonly primaryIdentity?: string;
  /** Its fields from the event catalogue. */
  readonly fields: readonly EventField[];
  /** The identities in a record's identity map; none if they are fields of the schema, or Profile is off. */
  readonly identityMap: Identities;
}

/** How the schema will be used. */
export interface SchemaUse extends Pick<PlatformSettings, "profile"> {
  tenantId: string;
  /** The setting that named it, for messages: `schema.existing`. */
  setting: string;
  words: SettingWords;
  /** Whether the settings have their own mappings, so that the schema may have none of the catalogue's fields. */
  mapsOtherFields: boolean;
}

/**
 * The fields of an existing schema that events fill: those of the catalogue. Reports fields that stay empty.
 * @throws pulumi.RunError if it can't be used for events
 */
export function requireUsableSchema(schema: ExistingSchema, use: SchemaUse): ExistingEventSchema {
  const { profile, setting, tenantId, words } = use;
  const what = `${words.name(setting)}: the schema "${schema.title}" (${schema.id})`;
  const other = `Choose another (${words.set(setting, "<which>")}), or let this stack create its own: ${words.remove(setting)}`;
  if (!schema.timeSeries) {
    throw new pulumi.RunError(
      `${what} is of the class ${schema.classId}, whose records are not events: they have no _id of the event and no ` +
        `timestamp. Events need a schema of the class XDM ExperienceEvent. ${other}`,
    );
  }
  const { fields, missing, unfit } = checkSchemaFit(schema.definition, tenantId);
  const place = `_${tenantId}.customerio`;
  if (fields.length === 0 && !use.mapsOtherFields) {
    throw new pulumi.RunError(
      `${what} has none of the fields that events fill, which are under ${place}, such as ${place}.email. Map ` +
        `events to its fields with the setting mapping.set, or add such fields to it. ${other}`,
    );
  }
  if (profile.enabled) checkInProfile(schema, what, words);
  if (unfit.length > 0) {
    pulumi.log.warn(
      `${what} has fields of other types than events have, which stay empty: ${unfit.join("; ")}. ` +
        "They can be filled with a converted value by the setting mapping.set.",
    );
  }
  if (missing.length > 0) {
    pulumi.log.warn(
      `${what} lacks these fields under ${place}, whose values stay out of the dataset: ${missing.join(", ")}. ` +
        "They are filled once the schema has them.",
    );
  }
  const { id, definition, primaryIdentity } = schema;
  if (primaryIdentity === undefined) {
    return { id, definition, fields, identityMap: profile.enabled ? profile.identities : {} };
  }
  // The registry writes it as a path of slashes: /_tenant/customerio/email.
  return { id, definition, fields, identityMap: {}, primaryIdentity: primaryIdentity.slice(1).replaceAll("/", ".") };
}

function checkInProfile(schema: ExistingSchema, what: string, words: SettingWords): void {
  if (!schema.profileEnabled) {
    throw new pulumi.RunError(
      `${what} is not enabled for Profile. Since this can't be undone, an existing schema is never enabled from here: do ` +
        "it in Experience Platform (Schemas > the schema > Profile), or leave Profile off: " +
        words.set("profile.enabled", "false"),
    );
  }
  if (schema.primaryIdentity === undefined && !hasField(schema.definition, ["identityMap"])) {
    throw new pulumi.RunError(`${what} has neither a primary identity nor an identity map, so Profile can't use it.`);
  }
  if (schema.primaryIdentity === undefined) return;
  pulumi.log.warn(
    `${what} has the primary identity ${schema.primaryIdentity}. Platform refuses records without it, so events of ` +
      "people who lack it are lost.",
  );
}
