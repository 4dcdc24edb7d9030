import { mkdtemp, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { engineFolder } from "../../packages/local-cloud/src/engine/engine.ts";

/**
 * Makes a home folder for Pulumi with a link to the engine, so that tests do not change the user's own.
 *
 * @param options.parent the folder to make it in
 * @param options.logs whether the engine writes its encrypted log of each command, which takes a third of its processor time in a
 *   preview. It makes the folder `logs` for that, and continues without a log if a file is in the way.
 */
export async function makePulumiHome({ parent, logs }: { parent: string; logs: boolean }): Promise<string> {
  const home = await mkdtemp(path.join(parent, "customerio-aep-pulumi-home-"));
  await symlink(path.resolve(engineFolder(), "../.."), path.join(home, "versions"), "junction");
  if (!logs) await writeFile(path.join(home, "logs"), "");
  return home;
}
