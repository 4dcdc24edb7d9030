import { chmod, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { engineFolder } from "../../packages/local-cloud/src/engine/engine.ts";
import { repository } from "../e2e/local-stack.ts";

const bin = path.join("node_modules", ".bin");

/** Makes a clone of the repository, of links, in which commands may write. */
export async function linkClone(clone: string): Promise<void> {
  await linkAll("", clone, /^(\.git|\.local|node_modules|Pulumi\..+\.yaml)$/);
  await linkAll("node_modules", clone, /^\.bin$/);
  await linkAll(bin, clone, /^pulumi$/);
  await writeReader(clone);
}

/** Links what a folder of the repository has, but for these names. */
async function linkAll(folder: string, clone: string, except: RegExp): Promise<void> {
  await mkdir(path.join(clone, folder), { recursive: true });
  const names = (await readdir(path.join(repository, folder))).filter((name) => !except.test(name));
  for (const name of names) await symlink(path.join(repository, folder, name), path.join(clone, folder, name));
}

/**
 * A `pulumi` for the commands of customerio-aep in the clone. Each begins with reading state and settings, for which two engines start.
 * What Pulumi printed for the same state and settings is printed again.
 */
async function writeReader(clone: string): Promise<void> {
  const kept = path.join(clone, "..", "read");
  await mkdir(kept);
  const file = path.join(clone, bin, "pulumi");
  const program = `#!/bin/sh
PATH="${engineFolder()}:$PATH"
real=${path.join(engineFolder(), "pulumi")}
case "$1 $2" in "stack export" | "config --json") ;; *) exec "$real" "$@" ;; esac
state="\${PULUMI_BACKEND_URL#file://}"
given() { for argument; do [ ! -f "$argument" ] || cat "$argument"; done; }
key=$({ printf '%s\\n' "$PWD" "$@"; given "$@"; find "\${state%%\\?*}/.pulumi/stacks" -name '*.json' -exec cat {} +; cat Pulumi.*.yaml; } 2>/dev/null | cksum | tr ' ' '-')
kept="${kept}/$key"
[ -f "$kept" ] || { "$real" "$@" >"$kept.$$" && mv "$kept.$$" "$kept"; } || exit 1
exec cat "$kept"
`;
  await writeFile(file, program);
  await chmod(file, 0o755);
}
