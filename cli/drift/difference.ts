import { z } from "zod";

/** One difference, as `--json` prints it. */
export const driftJson = z.object({
  part: z.enum(["app setting", "code", "secret", "access"]),
  name: z.string().describe("of the setting, the secret, or the function app, storage account or vault"),
  change: z.enum(["changed", "added", "removed"]).describe("what happened to it in Azure"),
  found: z.string().describe("a sentence for people; never a value"),
});

export type Drift = z.output<typeof driftJson>;
