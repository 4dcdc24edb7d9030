import { ensureEngine } from "../local/engine/engine.ts";
import { buildProviders } from "../providers/build.ts";

/** The providers as they are now, and the engine that `npx pulumi` runs, once per machine: some tests run whole stacks. */
export default async function globalSetup(): Promise<void> {
  await buildProviders();
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
}
