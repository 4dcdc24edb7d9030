import { z } from "zod";

const path = z.string().trim().min(1, "it is empty");

/** A field and where its value comes from. */
const pair = z
  .strictObject({
    destination: path.meta({
      description:
        "Field of the schema, such as eventType or customerio.email, which is short for _<tenant>.customerio.email.",
    }),
    source: path.optional().meta({ description: "Attribute of the event, such as data.subject." }),
    expression: path.optional().meta({ description: "What to calculate, in Data Prep's expression language." }),
  })
  .superRefine(({ source, expression }, context) => {
    const [code, path] = ["custom" as const, ["source"]];
    if (source === undefined && expression === undefined) {
      context.addIssue({ code, path, message: "it is missing, and there is no expression either" });
    }
    if (source !== undefined && expression !== undefined) {
      context.addIssue({
        code,
        path,
        message: "it is set together with an expression; set only one of them",
        params: { superfluous: true },
      });
    }
  });

/** The setting `mapping`: changes to the automatic mapping. */
export const mappingSettings = z.strictObject({
  identifiers: z
    .enum(["all", "id"], { error: "it must be all, or id for a workspace that identifies people by id alone" })
    .default("all")
    .meta({
      description:
        "Which identifiers the workspace uses: all, or id, which leaves e-mail address, cio_id and phone number unmapped.",
    }),
  set: z.array(pair).default([]).meta({ description: "Additional pairs, and replacements for automatic ones." }),
  remove: z
    .array(path)
    .default([])
    .meta({ description: "Destinations not to map; customerio.* is all of that object." }),
});

export type MappingSettings = z.output<typeof mappingSettings>;
export type MappingPair = MappingSettings["set"][number];

/** Whether the identity map is the user's own, so that `profile.identities` do not make it. */
export function hasOwnIdentityMap({ set }: MappingSettings): boolean {
  return set.some(({ destination }) => destination === "identityMap");
}

/** Who sends the events to Platform: the relay, which adds to them, or Customer.io itself. */
export type DeliveryMode = "relay" | "direct";

/** The full path of a destination: `customerio.email` is short for `_<tenant>.customerio.email`. */
export function resolveDestination(destination: string, tenantId: string): string {
  return /^customerio(\.|$)/.test(destination) ? `_${tenantId}.${destination}` : destination;
}

/** Whether an entry of `remove`, given as a full path, covers a destination. */
export function removes(entry: string, destination: string): boolean {
  return entry.endsWith(".*") ? destination.startsWith(entry.slice(0, -1)) : destination === entry;
}
