import { parseArgs } from "node:util";
import { z } from "zod";
import { platformOf } from "./clients.ts";
import { type MappedEvent, mapSamples } from "./preview/mapped-events.ts";
import { readSamples } from "./preview/sample-events.ts";
import { commonPrefix, showEvent, showInvalid } from "./preview/side-by-side.ts";
import { PulumiStack } from "./pulumi-stack.ts";
import { stackOptions } from "./stack-options.ts";
import { policyOf } from "./stack-policy.ts";

export const previewUsage = `preview   lets Platform map sample events by the stack's mapping, and shows source and row side by side
  --samples <file>           up to 100 events as Customer.io sends them: a JSON array, or one a line; default: one of every kind
  exit code 1 if a mapping is not valid or an event does not become a row`;

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

/** `ops preview`. @returns the exit code */
export async function previewCommand(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { ...stackOptions, samples: { type: "string" } } });
  const samples = await readSamples(values.samples);
  const stack = await PulumiStack.read({ stack: values.stack, configFile: values["config-file"] });
  const draft = mappingSet.parse(stack.resource("aep:index:MappingSet").outputs);
  const prefix = commonPrefix(draft.mappings);
  const preview = await mapSamples(platformOf(stack), draft, samples, stack.hasRelay ? policyOf(stack) : undefined);
  if ("invalid" in preview) {
    const lines = preview.invalid.flatMap(showInvalid);
    print(
      `Platform refuses ${preview.invalid.length} of the ${draft.mappings.length} mappings of the stack:`,
      ...lines,
    );
    return 1;
  }
  const { events } = preview;
  const under = prefix === "" ? "" : `; targets without a path lie under ${prefix.slice(0, -1)}`;
  print(`Stack ${stack.name}: ${draft.mappings.length} mappings, ${events.length} events${under}`);
  for (const event of events) print("", ...showEvent(event, draft.mappings, prefix));
  const failed = events.filter(isFailed).length;
  const filtered = events.filter(({ fate }) => fate === "filtered").length;
  const rows = events.length - failed - filtered;
  print("", `${rows} become rows, ${filtered} are left out, ${failed} fail.`);
  return failed > 0 ? 1 : 0;
}

function isFailed(event: MappedEvent): boolean {
  return event.fate === "malformed" || (event.fate === "mapped" && event.mapped.errors.length > 0);
}

function print(...lines: string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}
