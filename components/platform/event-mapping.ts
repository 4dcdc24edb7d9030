import * as pulumi from "@pulumi/pulumi";
import { directMappings } from "../../events/direct-mapping.ts";
import type { EventField } from "../../events/fields.ts";
import { type Identities, identityMapping } from "../../events/identity-map.ts";
import { type EventMapping, eventMappings } from "../../events/mapping.ts";
import type { SchemaDefinition } from "../../events/schema-fit.ts";
import { findMappingProblems, findMappingWarnings, type MappingProblem } from "../../mapping/check.ts";
import { customizeMapping } from "../../mapping/customize.ts";
import { definedFields, ownFields } from "../../mapping/schema-fields.ts";
import { hasOwnIdentityMap, type MappingSettings } from "../../mapping/settings.ts";
import type { SettingValues } from "../../settings/schema.ts";
import type { SettingWords } from "../../settings/setting-words.ts";
import { describeMistake, refuseArguments, refuseSettings } from "../settings/setting-mistakes.ts";

/** The target of the mapping. */
export interface MappingTarget {
  /** The organization's tenant id, without an underscore. */
  readonly tenantId: string;
  /** The existing schema with all its fields; undefined if one is created. */
  readonly definition?: SchemaDefinition;
  /** Dot path of the field that is its primary identity, if any. */
  readonly primaryIdentity?: string;
  /** Its fields from the event catalogue; default: all. */
  readonly fields?: readonly EventField[];
  /** The identities in a record's identity map; default: none. */
  readonly identityMap?: Identities;
}

/**
 * The mapping: the automatic mapping of the event catalogue, as the setting `mapping` changes it.
 * @throws pulumi.RunError naming every mistake at once, each with the command that fixes it
 */
export function createEventMapping(
  settings: Pick<SettingValues, "mapping" | "testMode" | "profile" | "delivery">,
  target: MappingTarget,
  words: SettingWords,
): EventMapping[] {
  const { definition, fields, tenantId } = target;
  const { primaryIdentity, identityMap = {} } = {
    ...(definition ? {} : chooseIdentities(settings, tenantId)),
    ...target,
  };
  const automatic = [
    ...(settings.delivery === "direct"
      ? directMappings(tenantId, fields)
      : eventMappings({ tenantId, testMode: settings.testMode, ...(fields && { fields }) })),
    ...(Object.keys(identityMap).length > 0 ? [identityMapping(identityMap, settings.delivery)] : []),
  ];
  const customization = { settings: settings.mapping, tenantId, delivery: settings.delivery };
  const schema = definition ? definedFields(definition) : ownFields(tenantId);
  const problems = [
    ...findMappingProblems({ ...customization, automatic, schema, primaryIdentity }),
    ...identityProblems(settings.mapping, identityMap),
  ];
  const refuse = words.project === undefined ? refuseArguments : refuseSettings;
  refuse(problems.map((problem) => lineOf(problem, words)));
  for (const warning of findMappingWarnings(customization)) void pulumi.log.warn(words.name(warning));
  return customizeMapping(automatic, customization);
}

/** Identities that no event has, so that Profile would get no event at all. */
function identityProblems(mapping: MappingSettings, identityMap: Identities): MappingProblem[] {
  const isEmpty = Object.keys(identityMap).length === 0;
  if (mapping.identifiers !== "id" || hasOwnIdentityMap(mapping) || isEmpty || identityMap.id !== undefined) return [];
  const reason = "it is missing; mapping.identifiers is id, so no event has an identity in another namespace";
  return [{ path: "profile.identities.id", reason, remedy: { do: "set" } }];
}

/** How a created schema identifies people. */
function chooseIdentities(
  { profile }: Pick<SettingValues, "profile">,
  tenantId: string,
): Pick<MappingTarget, "primaryIdentity" | "identityMap"> {
  if (!profile.enabled) return {};
  if (profile.primaryIdentity === "identityMap") return { identityMap: profile.identities };
  return { primaryIdentity: `_${tenantId}.customerio.${profile.primaryIdentity}` };
}

function lineOf({ path, reason, remedy }: MappingProblem, words: SettingWords): string {
  return `${describeMistake(words.name(path), reason)} ${remedyOf(path, remedy, words)}`;
}

function remedyOf(path: string, remedy: MappingProblem["remedy"], words: SettingWords): string {
  switch (remedy.do) {
    case "remove":
      return `Remove it: ${words.remove(path)}`;
    case "set":
      if (remedy.value === undefined) return `Set it: ${words.set(path, "<value>")}`;
      return `Perhaps: ${words.set(path, quote(remedy.value))}`;
    case "express": {
      const expression = path.replace(/source$/, "expression");
      return `Perhaps: ${words.remove(path)} && ${words.set(expression, quote(remedy.value))}`;
    }
  }
}

/** Quoted, so that a shell reads it as one word. */
function quote(value: string): string {
  return /^[\w.]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
