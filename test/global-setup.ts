import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureEngine } from "../packages/local-cloud/src/engine/engine.ts";
import { runMark } from "../packages/local-cloud/src/run-mark.ts";
import { buildBundles } from "../scripts/build-bundles.ts";
import { startVault } from "./e2e/vault.ts";
import { makePulumiHome } from "./engine/pulumi-home.ts";

/** Builds the bundles but for the relay's, and once per machine the engine for `npx pulumi`, since some tests run whole stacks. */
export default async function globalSetup(): Promise<void> {
  await buildBundles();
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
  process.env.PULUMI_HOME = await makePulumiHome({ parent: tmpdir(), logs: false });
  await startVault();
  // Processes of all tests share a compile cache.
  process.env.NODE_COMPILE_CACHE ??= path.join(tmpdir(), "customerio-aep-compile-cache");
  // The engine lives for seconds: with a garbage collection only at the limit, it needs a fifth less processor time.
  process.env.GOGC ??= "off";
  process.env.GOMEMLIMIT ??= "1GiB";
  // For the workers and their child processes; global-teardown.ts looks for it.
  process.env[runMark] = randomUUID();
}
