import { writeFile } from "node:fs/promises";
import path from "node:path";
import { stringify } from "yaml";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { linkClone } from "../cli/linked-clone.ts";

/** Makes a clone of the repository, with settings and files for the commands of the pages. */
export async function makeClone(clone: string): Promise<void> {
  await linkClone(clone);
  // The settings of tests: quick, and with rows that are worth nothing.
  const quick = { dataflowActivationSeconds: "2", alwaysReadyInstances: "0", dataset: { forceDestroy: true } };
  const own = Object.entries(quick).map(([name, value]) => [`customerio-aep:${name}`, value]);
  const config = { ...Object.fromEntries(own), "azure-native:location": "westeurope" };
  await writeFile(path.join(clone, "Pulumi.dev.yaml"), stringify({ config }));
  await writeFile(path.join(clone, "events.json"), JSON.stringify([samples[0]?.event]));
  const price = { amount: 0.1, per: 1e6, region: "West Europe", date: "2026-11", source: "our contract" };
  await writeFile(path.join(clone, "ours.json"), JSON.stringify({ executions: price }));
}
