import { z } from "zod";
import { identityFields } from "../events/identity-map.ts";
import { hasOwnIdentityMap, type MappingSettings } from "../mapping/settings.ts";
import type { PersonalData } from "../relay/core/policy/policy.ts";

const text = z.string().trim().min(1, "it is empty");
const named = z.strictObject({
  name: text.optional().meta({ description: "What Platform's screens call it." }),
  description: text.optional().meta({ description: "What it is for." }),
});

/** The parts of settings about objects in Platform; absent ones have the package's own name and description. */
export const platformSchemas = {
  schema: z.strictObject({
    existing: text.optional().meta({ description: "$id, meta:altId or title of a schema to use unchanged." }),
    title: text.optional().meta({ description: "Title of the schema that is created; unique in the sandbox." }),
    description: text.optional().meta({ description: "What the schema is for." }),
  }),
  fieldGroup: z.strictObject({
    title: text.optional().meta({ description: "Title of the field group that is created; unique in the sandbox." }),
    description: text.optional().meta({ description: "What the field group is for." }),
  }),
  dataset: named.extend({
    existing: text.optional().meta({ description: "Id or name of a dataset to use unchanged, with its schema." }),
    errorDiagnostics: z
      .boolean()
      .default(true)
      .meta({ description: "Whether Platform keeps what was wrong with records that it refused; default true." }),
    partialIngestionPercent: z
      .number()
      .gt(0)
      .max(100)
      .optional()
      .meta({ description: "Percentage of failed records up to which Platform still ingests a batch." }),
    rowExpirationDays: z
      .int()
      .min(30)
      .max(3650)
      .optional()
      .meta({ description: "Days after which records expire; default: never." }),
    tags: z
      .record(z.string(), z.array(z.string()))
      .optional()
      .meta({ description: "Tags of the dataset: lists of values by name." }),
    forceDestroy: z.boolean().default(false).meta({ description: "Whether it may be deleted even if it holds data." }),
    keep: z.boolean().default(false).meta({
      description: "Whether it stays in Platform, with its schema and field group, when the stack no longer has it.",
    }),
  }),
  sourceConnection: named,
  targetConnection: named,
  dataflow: named,
  profile: z.strictObject({
    enabled: z
      .boolean()
      .default(false)
      .meta({ description: "Whether events go to Real-Time Customer Profile; this can't be undone." }),
    identities: z.partialRecord(z.enum(identityFields), text).default({ email: "Email" }).meta({
      description:
        "Identity namespaces by the field that identifies; the first of email, id, cio_id and phone that an event has is its primary identity.",
    }),
    primaryIdentity: z
      .enum(["identityMap", ...identityFields])
      .default("identityMap")
      .meta({
        description: "`identityMap` accepts any identity that an event has; with a field, every record must have it.",
      }),
  }),
};

export const webhookSchema = z.strictObject({
  name: text.optional().meta({ description: "What Customer.io calls it." }),
  disabled: z
    .boolean()
    .default(false)
    .meta({ description: "Whether it sends nothing, such as in a standby stack in another region." }),
});

const schema = z.object(platformSchemas);
export type PlatformSettings = z.output<typeof schema>;

/** Two settings that contradict each other: the path of the one to change, and why. */
export interface Conflict {
  readonly path: readonly string[];
  readonly reason: string;
  readonly remedy: "remove" | "set";
}

/** Code of Platform's namespace "Emails (SHA256, lowercased)". */
const hashedAddresses = "Email_LC_SHA256";

/** Every identity doubles the expression of the identity map, and Data Prep takes 4096 characters. */
const mostIdentities = 3;

/** Other settings that those about Platform may contradict. */
interface Beside {
  readonly personalData: PersonalData;
  readonly mapping: MappingSettings;
}

/** Mistakes in combinations of valid settings. */
export function platformConflicts(settings: PlatformSettings & Beside): Conflict[] {
  return [...conflictsWithExisting(settings), ...conflictsOfDataset(settings), ...conflictsOfProfile(settings)];
}

function conflictsOfDataset({ dataset }: PlatformSettings): Conflict[] {
  if (!dataset.forceDestroy || !dataset.keep) return [];
  const reason = "contradicts dataset.keep, which keeps the dataset";
  return [{ path: ["dataset", "forceDestroy"], reason, remedy: "remove" }];
}

function conflictsWithExisting({ schema, fieldGroup, dataset }: PlatformSettings): Conflict[] {
  const unused = (reason: string, group: string, given: object, names = Object.keys(given)): Conflict[] => {
    const values = new Map<string, unknown>(Object.entries(given));
    return names
      .filter((name) => (values.get(name) ?? false) !== false)
      .map((name) => ({ path: [group, name], reason, remedy: "remove" }));
  };
  if (dataset.existing !== undefined) {
    const reason = "has no effect with dataset.existing, which is used unchanged, with its schema";
    const own = ["name", "description", "rowExpirationDays", "tags", "forceDestroy", "keep"];
    return [
      ...unused(reason, "dataset", dataset, own),
      ...unused(reason, "schema", schema),
      ...unused(reason, "fieldGroup", fieldGroup),
    ];
  }
  if (schema.existing === undefined) return [];
  const reason = "has no effect with schema.existing, which is used unchanged";
  return [...unused(reason, "schema", schema, ["title", "description"]), ...unused(reason, "fieldGroup", fieldGroup)];
}

function conflictsOfProfile({ profile, personalData, mapping }: PlatformSettings & Beside): Conflict[] {
  if (!profile.enabled) return [];
  const { identities, primaryIdentity } = profile;
  const conflicts: Conflict[] = [];
  const count = Object.keys(identities).length;
  if (count === 0 || count > mostIdentities) {
    const reason = `has ${count} identities; it must have one to ${mostIdentities}`;
    conflicts.push({ path: ["profile", "identities"], reason, remedy: "set" });
  }
  if (primaryIdentity !== "identityMap" && identities[primaryIdentity] === undefined) {
    const reason = `is missing: primaryIdentity is ${primaryIdentity}, which needs the code of its identity namespace`;
    conflicts.push({ path: ["profile", "identities", primaryIdentity], reason, remedy: "set" });
  }
  if (identities.email === "Email" && personalData.email === "hash") {
    const reason = `is Email, but personalData.email is hash; hashed addresses have the namespace ${hashedAddresses}`;
    conflicts.push({ path: ["profile", "identities", "email"], reason, remedy: "set" });
  }
  // A mapping of the user's own may hash the field that is the primary identity, or the addresses in the identity map.
  const mayHash = primaryIdentity !== "identityMap" || hasOwnIdentityMap(mapping);
  if (identities.email === hashedAddresses && personalData.email === "keep" && !mayHash) {
    const reason = `is ${hashedAddresses}, but personalData.email is keep, so that the addresses are not hashed`;
    conflicts.push({ path: ["profile", "identities", "email"], reason, remedy: "set" });
  }
  if (identities.email !== undefined && personalData.email === "drop") {
    const reason = "has no effect, since personalData.email drops the address";
    conflicts.push({ path: ["profile", "identities", "email"], reason, remedy: "remove" });
  }
  // In an event of a message to it, a phone number is a recipient; in any other event of the same person, nothing changes it.
  if (identities.phone !== undefined && personalData.recipient !== "keep") {
    const treats = personalData.recipient === "hash" ? "hashes" : "drops";
    const reason = `can't identify people, since personalData.recipient ${treats} the number in events of messages to it, but in no other events`;
    conflicts.push({ path: ["profile", "identities", "phone"], reason, remedy: "remove" });
  }
  return conflicts;
}
