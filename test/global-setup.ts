import { randomUUID } from "node:crypto";
import { mkdtemp, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { engineFolder, ensureEngine } from "../packages/local-cloud/src/engine/engine.ts";
import { runMark } from "../packages/local-cloud/src/run-mark.ts";
import { buildPlugins } from "../scripts/build-plugins.ts";

/** Builds the providers, and once per machine the engine for `npx pulumi`, since some tests run whole stacks. */
export default async function globalSetup(): Promise<void> {
  await buildPlugins();
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
  process.env.PULUMI_HOME = await makePulumiHome();
  // Processes of all tests share a compile cache.
  process.env.NODE_COMPILE_CACHE ??= path.join(tmpdir(), "customerio-aep-compile-cache");
  // The engine lives for seconds: with a garbage collection only at the limit, it needs a fifth less processor time.
  process.env.GOGC ??= "off";
  process.env.GOMEMLIMIT ??= "1GiB";
  // For the workers and their child processes; global-teardown.ts looks for it.
  process.env[runMark] = randomUUID();
}

/**
 * Pulumi's home folder for this run, with a link to the engine. The engine lists the logs of all earlier commands whenever it
 * starts, which takes a third of a preview's time once there are thousands of them, and the user's own folder is not changed.
 */
async function makePulumiHome(): Promise<string> {
  const home = await mkdtemp(path.join(tmpdir(), "customerio-aep-pulumi-home-"));
  await symlink(path.resolve(engineFolder(), "../.."), path.join(home, "versions"), "junction");
  return home;
}
