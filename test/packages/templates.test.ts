import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { repository } from "../e2e/local-stack.ts";
import { oldNode, systemPath } from "./old-node.ts";

const templates = ["typescript", "yaml"];

// pnpm links the executables of direct dependencies only, and the engine looks for the plugins among those.
test.each(templates)("the template in %s asks for the versions of this package, and for each plugin", (template) => {
  const text = readFileSync(path.join(repository, "templates", template, "package.json"), "utf8");
  const { dependencies, engines } = JSON.parse(text) as {
    dependencies: Record<string, string>;
    engines: Record<string, string>;
  };
  const own = ["customerio-aep", "pulumi-aep", "pulumi-customerio"].map((name) => [name, `^${manifest.version}`]);
  expect(dependencies).toEqual({ ...manifest.peerDependencies, ...Object.fromEntries(own) });
  expect(engines).toEqual(manifest.engines);
});

(oldNode === undefined ? test.skip : test).each(templates)(
  "npm refuses to install the template in %s on an old Node, and says which one it needs",
  (template) => {
    const folder = mkdtempSync(path.join(tmpdir(), "customerio-aep-template-"));
    try {
      const from = path.join(repository, "templates", template);
      copyFileSync(path.join(from, ".npmrc"), path.join(folder, ".npmrc"));
      const { engines } = JSON.parse(readFileSync(path.join(from, "package.json"), "utf8")) as { engines: object };
      writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: "own", engines }));
      const { status, stderr } = spawnSync("npm", ["install", "--offline"], {
        cwd: folder,
        encoding: "utf8",
        env: { HOME: folder, PATH: systemPath },
      });
      expect(status).not.toBe(0);
      expect(stderr).toContain("Unsupported engine");
      expect(stderr).toMatch(/Required: \{"node":"\^22\.18 \|\| >=23\.6"\}\n.*Actual: +\{"node":"v/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
