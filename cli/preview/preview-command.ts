import { z } from "zod";
import { platformOf } from "../clients.ts";
import { defineCommand } from "../command/definition.ts";
import { countOf } from "../output/count-of.ts";
import { policyOf } from "../stack/source-settings.ts";
import { type MappedEvent, mapSamples } from "./mapped-events.ts";
import { mappingDraftOf } from "./mapping-draft.ts";
import { readSamples } from "./sample-events.ts";
import { commonPrefix, showEvent, showInvalid } from "./side-by-side.ts";

const errorJson = z.object({
  source: z.string().optional(),
  destination: z.string().optional(),
  message: z.string(),
});

export const previewCommand = defineCommand({
  name: "preview",
  summary: "map sample events in Platform with the stack's mapping, and show source and row side by side",
  description: "Nothing is ingested. Exits with 1 if a mapping is not valid, or if an event does not become a row.",
  options: {
    samples: {
      value: "file",
      description:
        "up to 100 events as Customer.io sends them: a JSON array, or one event per line; without it, one of every kind",
      schema: z.string().optional(),
    },
  },
  examples: [
    { args: "preview --stack dev", shows: "how one event of every kind is mapped" },
    { args: "preview --stack dev --samples events.json", shows: "how these events are mapped" },
  ],
  needsSecrets: true,
  needsStorage: false,
  stopsInOrder: false,
  json: z.object({
    mappings: z.number().describe("how many the stack has"),
    invalid: z.array(errorJson).describe("mappings that Platform refuses; if it refuses any, it maps no event"),
    events: z.array(
      z.object({
        sample: z.string().describe("such as email, event 2 or line 3"),
        fate: z.enum(["mapped", "filtered", "malformed"]),
        reason: z.string().optional().describe("the filter, or why it would be a dead letter"),
        row: z.record(z.string(), z.unknown()).optional().describe("as it would be in the dataset"),
        errors: z.array(errorJson).describe("for a mapped event; if empty, it becomes a row"),
      }),
    ),
  }),
  async check({ samples }) {
    await readSamples(samples);
  },
  async run(source, values, { print, progress }) {
    const samples = await readSamples(values.samples);
    const draft = mappingDraftOf(source);
    const prefix = commonPrefix(draft.mappings);
    const policy = source.hasRelay ? policyOf(source) : undefined;
    const mapped = mapSamples(platformOf(source), draft, samples, policy);
    const preview = await progress.showWhile(`Platform maps ${countOf(samples.length, "event")}`, mapped);
    const mappings = draft.mappings.length;
    if ("invalid" in preview) {
      const lines = preview.invalid.flatMap(showInvalid);
      print(`Platform refuses ${preview.invalid.length} of the ${mappings} mappings of the stack:`, ...lines);
      const invalid = preview.invalid.flatMap(({ mapping, errors }) =>
        errors.map(({ message, source = mapping.source, destination = mapping.destination }) => {
          return { source, destination, message };
        }),
      );
      return { ending: "broken", json: { mappings, invalid, events: [] } };
    }
    const { events } = preview;
    const under = prefix === "" ? "" : `; targets without a path are under ${prefix.slice(0, -1)}`;
    print(`Stack ${source.target.stack}: ${countOf(mappings, "mapping")}, ${countOf(events.length, "event")}${under}`);
    for (const event of events) print("", ...showEvent(event, draft.mappings, prefix));
    const failed = events.filter(isFailed).length;
    const filtered = events.filter(({ fate }) => fate === "filtered").length;
    const rows = events.length - failed - filtered;
    print(
      "",
      `${countOf(rows, "becomes a row", "become rows")}, ${countOf(filtered, "is", "are")} left out, ${countOf(failed, "fails", "fail")}.`,
    );
    return { ending: failed > 0 ? "broken" : "well", json: { mappings, invalid: [], events: events.map(asJson) } };
  },
});

function asJson(event: MappedEvent) {
  const { fate, sample } = event;
  if (event.fate === "filtered") return { sample: sample.name, fate, reason: event.rule, errors: [] };
  if (event.fate === "malformed") return { sample: sample.name, fate, reason: event.reason, errors: [] };
  const { row, errors } = event.mapped;
  return { sample: sample.name, fate, row: { ...row }, errors: errors.map((error) => ({ ...error })) };
}

function isFailed(event: MappedEvent): boolean {
  return event.fate === "malformed" || (event.fate === "mapped" && event.mapped.errors.length > 0);
}
