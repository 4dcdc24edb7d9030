import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "yaml";
import { engineFolder } from "../../packages/local-cloud/src/engine/engine.ts";
import { oldNode, systemPath } from "./old-node.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const launchers = globSync(["bin/*.js", "packages/*/bin/*.js"], { cwd: repository });
if (oldNode === undefined) console.warn("Not tested: how launchers refuse an old Node, since this machine has none.");

const needed =
  /This program needs Node\.js 22\.18, 23\.6 or newer; this is v.*\. Install a newer one: .*: npx pulumi up$/;

test("there are launchers", () => expect(launchers.length).toBeGreaterThanOrEqual(4));

(oldNode === undefined ? test.skip : test).each(launchers)("%s refuses an old Node with one sentence", (launcher) => {
  const { status, stdout, stderr } = spawnSync(oldNode ?? "", [path.join(repository, launcher)], {
    encoding: "utf8",
    env: { PATH: systemPath },
  });
  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toEqual([
    expect.stringMatching(
      /^[\w-]+ needs Node\.js 22(\.18, 23\.6)? or newer; this is v\d+\.\d+\.\d+\. Install a newer one/,
    ),
  ]);
});

// Those of 23 that read no TypeScript without a flag, and this one.
test.each([
  ["23.0.0", true],
  ["23.5.0", true],
  ["23.6.0", false],
  [process.versions.node, false],
])("whether the command line and the program refuse Node %s: %s", (version, isRefused) => {
  const pretend = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } });`;
  const run = (script: string) => spawnSync(process.execPath, ["-e", `${pretend} ${script}`], { encoding: "utf8" });
  const [cli, program] = ["bin/customerio-aep.js", "run-program.js"].map((name) =>
    JSON.stringify(pathToFileURL(path.join(repository, name)).href),
  );
  expect(run(`process.argv.push("--help"); import(${cli})`).stderr.includes("needs Node.js 22.18, 23.6 or")).toBe(
    isRefused,
  );
  const { stdout } = run(
    `import(${program}).then((made) => made.runProgram(async () => ({}))).catch((error) => console.log(error.message))`,
  );
  expect(needed.test(stdout.trim())).toBe(isRefused);
});

/** Folders of the programs that users run, including this package's own. */
const programs = globSync("{index.ts,{examples,templates}/*/index.ts}", { cwd: repository }).map(path.dirname);

test.each(programs)("the program in %s starts with JavaScript, which any Node can read", (folder) => {
  const project = readFileSync(path.join(repository, folder, "Pulumi.yaml"), "utf8");
  const manifest = readFileSync(path.join(repository, folder, "package.json"), "utf8");
  const { main } = { ...(JSON.parse(manifest) as object), ...(parse(project) as object) } as { main?: string };
  expect(main).toBe("program.js");
});

(oldNode === undefined ? test.skip : test).each(programs)(
  "the program in %s refuses an old Node with one sentence",
  (folder) => {
    const program = pathToFileURL(path.join(repository, folder, "program.js"));
    const script = `import(${JSON.stringify(program.href)})
      .then(({ default: run }) => run())
      .catch((error) => console.log(JSON.stringify([Boolean(error.__pulumiRunError), error.message, error.stack])));`;
    const { stdout } = spawnSync(oldNode ?? "", ["-e", script], { encoding: "utf8", env: { PATH: systemPath } });
    const sentence = expect.stringMatching(needed);
    expect(JSON.parse(stdout)).toEqual([true, sentence, expect.not.stringContaining("\n")]);
  },
);

(oldNode === undefined ? test.skip : test)(
  "the program refuses an old Node with one sentence, without a stack trace",
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), "customerio-aep-old-node-"));
    const env = {
      HOME: process.env.HOME,
      // As with a globally installed `pulumi`: Node is the machine's.
      PATH: [engineFolder(), systemPath].join(path.delimiter),
      PULUMI_BACKEND_URL: `file://${folder}`,
      PULUMI_CONFIG_PASSPHRASE: "old",
      PULUMI_SKIP_UPDATE_CHECK: "1",
    };
    const settings = ["--stack", "old", "--config-file", path.join(folder, "Pulumi.old.yaml")];
    const pulumi = (...args: string[]) => spawnSync("pulumi", args, { cwd: repository, encoding: "utf8", env });
    try {
      // A stack that is initialized in the repository gets a settings file there.
      pulumi("stack", "init", "old", "--no-select", "--cwd", program(folder));
      const { status, stdout, stderr } = pulumi("preview", "--non-interactive", "--color", "never", ...settings);
      expect(status).not.toBe(0);
      const [, ...diagnostics] =
        `${stdout}${stderr}`.split("Diagnostics:")[1]?.split("\nResources:")[0]?.trim().split("\n") ?? [];
      expect(diagnostics.map((line) => line.trim())).toEqual([
        expect.stringMatching(new RegExp(`^error: ${needed.source}`)),
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  60_000,
);

/** The folder of a project with the program's name. */
function program(folder: string): string {
  copyFileSync(path.join(repository, "Pulumi.yaml"), path.join(folder, "Pulumi.yaml"));
  return folder;
}
