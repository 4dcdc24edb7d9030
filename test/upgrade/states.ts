import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";

const repository = path.resolve(import.meta.dirname, "../..");
/** The placeholder for the repository's folder in a recorded state. */
const folderMark = "/repository";

/** The ways of delivery, each with a recorded state. */
export const deliveries = ["relay", "direct"] as const;

export type Delivery = (typeof deliveries)[number];

/** Gives a stack the settings of the recorded ones, in addition to those of `Pulumi.local.yaml`. */
export async function configure(pulumi: Pulumi, delivery: Delivery): Promise<void> {
  await pulumi.configure("delivery", delivery);
  // They are for the relay's alerts, and direct would warn of them.
  if (delivery === "relay") await pulumi.configure("alertEmails[0]", "oncall@example.com", "--path");
}

/** The file of the recorded state with a way of delivery. */
export function stateFile(delivery: Delivery): string {
  return path.join(import.meta.dirname, `${delivery}.json`);
}

/** Records what `pulumi stack export` prints, without what only tells where the program was. Secrets are encrypted in it. */
export async function writeState(delivery: Delivery, exported: string): Promise<void> {
  const whereabouts = new Set(["sourcePosition", "stackTrace", "created", "modified"]);
  const state = JSON.parse(exported, (key, value) => (whereabouts.has(key) ? undefined : value));
  const text = JSON.stringify(state, null, 1).replaceAll(repository, folderMark);
  await writeFile(stateFile(delivery), `${text}\n`);
}

/** A recorded state as it would be on this machine, for `pulumi stack import`. */
export async function readState(delivery: Delivery): Promise<string> {
  return (await readFile(stateFile(delivery), "utf8")).replaceAll(`"${folderMark}/`, `"${repository}/`);
}
