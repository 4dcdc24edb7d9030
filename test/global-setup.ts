import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureEngine } from "../packages/local-cloud/src/engine/engine.ts";
import { runMark } from "../packages/local-cloud/src/run-mark.ts";
import { buildPlugins } from "../scripts/build-plugins.ts";

/** The providers as they are now, and the engine that `npx pulumi` runs, once per machine: some tests run whole stacks. */
export default async function globalSetup(): Promise<void> {
  await buildPlugins();
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
  // Each test starts processes of its own; what one has compiled, the next need not.
  process.env.NODE_COMPILE_CACHE ??= path.join(tmpdir(), "customerio-aep-compile-cache");
  // For the workers, and all that they start; global-teardown.ts looks for it.
  process.env[runMark] = randomUUID();
}
