import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

/** The machine's own search path, without this package. */
export const systemPath = "/usr/local/bin:/usr/bin:/bin";

/** The machine's own Node; undefined unless it is older than what the package needs. */
export const oldNode = findOldNode();

function findOldNode(): string | undefined {
  const node = systemPath
    .split(":")
    .map((folder) => path.join(folder, "node"))
    .find(existsSync);
  if (node === undefined) return undefined;
  const version = execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" });
  return Number(version.split(".")[0]) < 22 ? node : undefined;
}
