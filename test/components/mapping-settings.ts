import * as pulumi from "@pulumi/pulumi";
import { createEventMapping, type MappingTarget } from "../../components/platform/event-mapping.ts";
import { readStackSettings } from "../../components/settings/settings.ts";
import { stackWords } from "../../settings/setting-words.ts";
import { configure } from "./stack.ts";

/** The mapping that the setting `mapping` makes. */
export function createMapping(mapping: object, target: Partial<MappingTarget> = {}) {
  configure({ mapping });
  return createEventMapping(
    readStackSettings(new pulumi.Config("customerio-aep")),
    { tenantId: "acme", ...target },
    stackWords("customerio-aep"),
  );
}

/** The message for the user, without the parts that each line has. */
export function mistakesOf(mapping: object, target: Partial<MappingTarget> = {}): string[] {
  try {
    createMapping(mapping, target);
    return [];
  } catch (error) {
    if (!pulumi.RunError.isInstance(error)) throw error;
    const [first, ...lines] = error.message.split("\n");
    expect(first).toBe("The stack's settings can't be used:");
    return lines.map((line) => line.replace("  - customerio-aep:mapping", "mapping"));
  }
}

/** The setting that fills one field. */
export const pair = (destination: string, from: object) => ({ set: [{ destination, ...from }] });
