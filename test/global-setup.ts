import { randomUUID } from "node:crypto";
import { ensureEngine } from "../packages/local-cloud/src/engine/engine.ts";
import { runMark } from "../packages/local-cloud/src/run-mark.ts";
import { buildPlugins } from "../scripts/build-plugins.ts";

/** The providers as they are now, and the engine that `npx pulumi` runs, once per machine: some tests run whole stacks. */
export default async function globalSetup(): Promise<void> {
  await buildPlugins();
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
  // For the workers, and all that they start; global-teardown.ts looks for it.
  process.env[runMark] = randomUUID();
}
