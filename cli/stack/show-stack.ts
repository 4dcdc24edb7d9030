import path from "node:path";
import { z } from "zod";
import type { CommandTarget } from "../../relay/core/operator-command.ts";
import { runPulumi } from "./pulumi.ts";
import { readState, type StackResource } from "./state.ts";

/** What `pulumi config --json` prints; a secret has a value only if secrets are shown. */
export const configuration = z.record(
  z.string(),
  z.object({ value: z.string().optional(), secret: z.boolean().default(false) }),
);

/** A stack as the Pulumi CLI shows it. */
interface ShownStack {
  readonly resources: StackResource[];
  /** The stack's settings by their full keys. */
  readonly settings: z.output<typeof configuration>;
}

/** The flags of a command of Pulumi that name the stack and the file of its settings. */
export function stackFlags({ stack, configFile }: Pick<CommandTarget, "stack" | "configFile">): string[] {
  return [
    ...(stack === undefined ? [] : ["--stack", stack]),
    ...(configFile === undefined ? [] : ["--config-file", configFile]),
  ];
}

/** Reads state and settings of a stack. @param options `secrets`: whether to show them in plain text */
export async function showStack(
  { stack, folder = ".", configFile }: CommandTarget,
  { secrets }: { readonly secrets: boolean },
): Promise<ShownStack> {
  const program = path.resolve(folder);
  const show = secrets ? ["--show-secrets"] : [];
  const [state, settings] = await Promise.all([
    runPulumi(program, "stack", "export", ...show, ...stackFlags({ stack })),
    runPulumi(program, "config", "--json", ...show, ...stackFlags({ stack, configFile })),
  ]);
  return { resources: readState(state), settings: configuration.parse(JSON.parse(settings)) };
}
