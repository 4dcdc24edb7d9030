import * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import type { PlatformSettings } from "../../settings/platform-settings.ts";
import type { SettingWords } from "../../settings/setting-words.ts";
import { refusalOf } from "../refusal.ts";
import { type ExistingEventSchema, requireUsableSchema } from "./existing-schema.ts";

/** The parts of the destination that already exist and are used unchanged. Anything missing is created. */
export interface Destination {
  readonly datasetId?: string;
  readonly schema?: ExistingEventSchema;
}

interface DestinationSettings extends Pick<PlatformSettings, "profile"> {
  readonly schema: { readonly existing?: string | undefined };
  readonly dataset: { readonly existing?: string | undefined };
  /** The title of the schema to create; undefined while it is not known. */
  readonly title: string | undefined;
}

interface DestinationSearch {
  readonly words: SettingWords;
  /** Whether the settings have their own mappings, so that a schema may have none of the catalogue's fields. */
  readonly mapsOtherFields: boolean;
  /** The component with the providers to use; default: those of the stack. */
  readonly parent?: pulumi.Resource;
}

/**
 * Finds and checks the objects in Platform that the settings name. This happens before anything is declared, also in previews, so that a
 * mistake is one message and leaves nothing partly done.
 *
 * @throws pulumi.RunError for objects that can't be used for the events
 */
export async function findDestination(
  { schema, dataset, profile, title }: DestinationSettings,
  { words, mapsOtherFields, parent }: DestinationSearch,
): Promise<Destination> {
  const ask = { parent };
  const use = async (which: string, setting: string) => {
    const [found, tenant] = await Promise.all([
      rethrowRefusal(aep.getSchema({ schema: which }, ask), words.name(setting)),
      rethrowRefusal(aep.getTenant(ask)),
    ]);
    return requireUsableSchema(found, { ...tenant, profile, setting, words, mapsOtherFields });
  };
  const find = async (): Promise<Destination> => {
    if (dataset.existing !== undefined) {
      const setting = "dataset.existing";
      const found = await rethrowRefusal(aep.getDataset({ dataset: dataset.existing }, ask), words.name(setting));
      checkDataset(found, profile.enabled, words);
      return { datasetId: found.id, schema: await use(found.schemaId, setting) };
    }
    if (schema.existing !== undefined) return { schema: await use(schema.existing, "schema.existing") };
    if (title !== undefined) await checkProfile(profile, title, words, ask);
    return {};
  };
  const [destination] = await Promise.all([find(), checkIdentities(profile, words, ask)]);
  return destination;
}

/** The function's result. A refusal becomes one message without a stack trace that begins with the name of the setting. */
async function rethrowRefusal<Answer>(answer: Promise<Answer>, setting?: string): Promise<Answer> {
  const reason = await refusalOf(answer);
  if (reason === undefined) return answer;
  throw new pulumi.RunError(setting === undefined ? reason : `${setting}: ${reason}`);
}

/** Platform accepts an identity map with unknown namespaces, but leaves the record out of Profile. */
async function checkIdentities(
  { enabled, identities }: PlatformSettings["profile"],
  words: SettingWords,
  ask: pulumi.InvokeOptions,
): Promise<void> {
  if (!enabled) return;
  const { codes } = await rethrowRefusal(aep.getIdentityNamespaces(ask));
  const unknown = Object.entries(identities).filter(([, namespace]) => !codes.includes(namespace));
  if (unknown.length === 0) return;
  const lines = unknown.map(
    ([field, namespace]) =>
      `  - ${words.name(`profile.identities.${field}`)}: there is no identity namespace "${namespace}". Create it in ` +
      `Experience Platform (Identities > Create identity namespace), or choose another: ${words.set(`profile.identities.${field}`, "<code>")}`,
  );
  throw new pulumi.RunError(
    `Profile can't use these identities:\n${lines.join("\n")}\nThe sandbox has: ${codes.join(", ")}.`,
  );
}

/** Several stacks may fill one dataset, so it is not changed. */
function checkDataset({ id, name, profileEnabled }: aep.ExistingDataset, wanted: boolean, words: SettingWords): void {
  const what = `${words.name("dataset.existing")}: the dataset "${name}" (${id})`;
  if (wanted && !profileEnabled) {
    throw new pulumi.RunError(
      `${what} is not enabled for Profile, and is used unchanged. Enable it in Experience Platform (Datasets > the ` +
        `dataset > Profile), or leave Profile off: ${words.set("profile.enabled", "false")}`,
    );
  }
  if (profileEnabled && !wanted) {
    pulumi.log.warn(
      `${what} is enabled for Profile, but profile.enabled is not set, so no event has an identity map. If its ` +
        `schema has no primary identity either, Profile can't use the events: ${words.set("profile.enabled", "true")}`,
    );
  }
}

/** A schema that this stack creates or has created: Profile can be turned on, with a warning, but never off again. */
async function checkProfile(
  { enabled, primaryIdentity }: PlatformSettings["profile"],
  title: string,
  words: SettingWords,
  ask: pulumi.InvokeOptions,
): Promise<void> {
  const { schemas } = await rethrowRefusal(aep.getSchemas({ title }, ask));
  const inProfile = schemas.find(({ profileEnabled }) => profileEnabled);
  if (inProfile && !enabled) {
    throw new pulumi.RunError(
      `The schema "${title}" (${inProfile.id}) is enabled for Profile, and Platform can't undo that. So either\n` +
        `  - keep it enabled: ${words.set("profile.enabled", "true")}\n` +
        `  - or use it from another stack, unchanged: ${words.set("schema.existing", inProfile.id)}\n` +
        "  - or create another schema and dataset in a new stack: npx pulumi stack init <name>",
    );
  }
  if (inProfile && (await rethrowRefusal(aep.getDatasets({ schemaId: inProfile.id }, ask))).datasetIds.length === 0) {
    pulumi.log.warn(
      `The schema "${title}" (${inProfile.id}) already exists, enabled for Profile, and no dataset uses it. If a ` +
        "destroyed stack has left it, it can't be recreated, since titles are unique. Use it unchanged: " +
        words.set("schema.existing", inProfile.id),
    );
  }
  if (inProfile || !enabled) return;
  pulumi.log.warn(
    "profile.enabled can't be undone. Platform never takes a schema out of Profile again, and never deletes it or any " +
      "field of it. npx pulumi destroy will leave the schema, its field group and its identities in the sandbox.",
  );
  if (primaryIdentity === "identityMap") return;
  pulumi.log.warn(
    `profile.primaryIdentity: Platform refuses every record without ${primaryIdentity}, so events of people without one ` +
      "are lost. The default, identityMap, accepts them all.",
  );
}
