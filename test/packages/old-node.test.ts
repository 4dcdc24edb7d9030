import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import path from "node:path";

const repository = path.resolve(import.meta.dirname, "../..");
const systemPath = "/usr/local/bin:/usr/bin:/bin";

/** The machine's own Node, outside of this package's; undefined unless it is older than what the package needs. */
function oldNode(): string | undefined {
  const node = systemPath
    .split(":")
    .map((folder) => path.join(folder, "node"))
    .find(existsSync);
  if (node === undefined) return undefined;
  const version = execFileSync(node, ["-p", "process.versions.node"], { encoding: "utf8" });
  return Number(version.split(".")[0]) < 22 ? node : undefined;
}

const node = oldNode();
const launchers = globSync(["bin/*.js", "packages/*/bin/*.js"], { cwd: repository });
if (node === undefined) console.warn("Not tested: how launchers refuse an old Node, since this machine has none.");

test("there are launchers", () => expect(launchers.length).toBeGreaterThanOrEqual(4));

(node === undefined ? test.skip : test).each(launchers)("%s refuses an old Node with one sentence", (launcher) => {
  const { status, stdout, stderr } = spawnSync(node ?? "", [path.join(repository, launcher)], {
    encoding: "utf8",
    env: { PATH: systemPath },
  });
  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(/^[\w-]+ needs Node\.js 22(\.18)? or newer; this is v\d+\.\d+\.\d+\. Install a newer one/),
  ]);
});
