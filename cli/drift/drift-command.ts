import { z } from "zod";
import { azureOf } from "../clients.ts";
import { defineCommand } from "../command/definition.ts";
import { driftJson } from "./difference.ts";
import { driftLines, findDrifts } from "./drift.ts";

export const driftCommand = defineCommand({
  name: "drift",
  summary: "list changes made in Azure that `npx pulumi preview` does not show",
  description:
    "Compares Azure with its state after the last `npx pulumi up`: the relay's app settings (by name), its code (by digest), its secrets (by version), " +
    "and the access rules of the function app, the storage accounts and the vault. Prints no values. Changes nothing. Exits with 1 if something " +
    "differs or can't be compared, so that a nightly job can detect it.",
  options: {},
  examples: [
    { args: "drift --stack prod", shows: "what differs in the stack, and how to undo it" },
    { args: "drift --stack prod --json", shows: "the same for a script" },
  ],
  needsSecrets: false,
  needsStorage: true,
  stopsInOrder: false,
  json: z.object({
    drift: z.array(driftJson).describe("empty if nothing differs"),
    unknown: z.array(z.string()).describe("why something could not be compared; empty if everything was"),
  }),
  async run(source, _values, { print, progress }) {
    const report = await progress.showWhile("comparing with Azure", findDrifts(azureOf(source), source));
    print(...driftLines(report, source.target));
    const { drift, unknown } = report;
    const isSame = drift.length === 0 && unknown.length === 0;
    return { ending: isSame ? "well" : "broken", json: { drift: [...drift], unknown: [...unknown] } };
  },
});
