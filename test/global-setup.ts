import { randomUUID } from "node:crypto";
import { mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { engineFolder, ensureEngine } from "../packages/local-cloud/src/engine/engine.ts";
import { runMark } from "../packages/local-cloud/src/run-mark.ts";
import { buildPlugins } from "../scripts/build-plugins.ts";

/** The providers as they are now, and the engine that `npx pulumi` runs, once per machine: some tests run whole stacks. */
export default async function globalSetup(): Promise<void> {
  await buildPlugins();
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
  process.env.PULUMI_HOME = await makePulumiHome();
  // Each test starts processes of its own; what one has compiled, the next need not.
  process.env.NODE_COMPILE_CACHE ??= path.join(tmpdir(), "customerio-aep-compile-cache");
  // For the workers, and all that they start; global-teardown.ts looks for it.
  process.env[runMark] = randomUUID();
}

/**
 * A folder of Pulumi's for this run, which holds the engine by a link. The engine lists the logs of all earlier commands whenever it
 * starts, which takes a third of a preview's time once there are thousands of them, and the user's own folder stays as it is.
 */
async function makePulumiHome(): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), "customerio-aep-pulumi-home-"));
  await symlink(path.resolve(engineFolder(), "../.."), path.join(home, "versions"), "junction");
  return home;
}
