import type { MappingDraft } from "pulumi-aep/client";
import { z } from "zod";
import type { StackSource } from "../stack/source.ts";
import { valuesOf } from "../stack/state.ts";

const mappingSet = z.object({
  schemaId: z.string(),
  schemaVersion: z.number().default(1),
  mappings: z.array(
    z.object({
      sourceType: z.enum(["ATTRIBUTE", "EXPRESSION", "STATIC"]),
      source: z.string(),
      destination: z.string(),
    }),
  ),
});

/** The mappings of a source's dataflow. */
export function mappingDraftOf(source: StackSource): MappingDraft {
  return mappingSet.parse(valuesOf(source.resource("aep:index:MappingSet")));
}
