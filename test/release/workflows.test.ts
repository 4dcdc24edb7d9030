import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { parse } from "yaml";
import manifest from "../../package.json" with { type: "json" };

const repository = path.join(import.meta.dirname, "../..");
const folder = path.join(repository, ".github/workflows");

interface Workflow {
  readonly on: object;
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: { readonly node: readonly string[] } };
  readonly steps: readonly Step[];
}

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, string | boolean>>;
}

const workflows = Object.fromEntries(
  readdirSync(folder).map((file) => [file, parse(readFileSync(path.join(folder, file), "utf8")) as Workflow]),
);

function commandsOf(file: string): string[] {
  return Object.values(workflows[file]?.jobs ?? {}).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
}

/** Where each command of a workflow that does not need GitHub is run by a test, or compared with one. */
const proofs: Readonly<Record<string, string>> = {
  "npm ci": ".ci/run",
  "npm test": ".ci/run",
  "npm install --no-save --no-audit node@${{ matrix.node }}": "test/release/workflows.test.ts",
  "npm run pack": "test/release/release.test.ts",
  "npm run publish-packages -- --provenance": "test/release/release.test.ts",
};

test.each(Object.keys(workflows))("%s runs only commands that a test runs too", (file) => {
  const commands = commandsOf(file);
  expect(commands.length).toBeGreaterThan(0);
  expect(commands.filter((command) => proofs[command] === undefined)).toEqual([]);
  for (const command of commands) {
    const proof = readFileSync(path.join(repository, proofs[command] ?? ""), "utf8");
    expect(proof).toContain(command);
    // Any other value in a command could be a stranger's text, such as the title of a pull request.
    expect(command.match(/\$\{\{.*?\}\}/g) ?? []).toEqual(command.includes("matrix") ? ["${{ matrix.node }}"] : []);
  }
});

test("every listed command is in a workflow", () => {
  expect(Object.keys(proofs).toSorted()).toEqual([...new Set(Object.keys(workflows).flatMap(commandsOf))].toSorted());
});

test.each(Object.keys(workflows))("%s has only the permissions that it needs", (file) => {
  const workflow = workflows[file];
  expect(Object.keys(workflow?.on ?? {}).length).toBeGreaterThan(0);
  // It would run another author's code with the secrets of this repository.
  expect(Object.keys(workflow?.on ?? {})).not.toContain("pull_request_target");
  expect(workflow?.permissions).toEqual({ contents: "read" });
  for (const { steps } of Object.values(workflow?.jobs ?? {})) {
    const [checkout] = steps;
    expect(checkout?.uses).toMatch(/^actions\/checkout@/);
    expect(checkout?.with?.["persist-credentials"]).toBe(false);
  }
});

test("actions are pinned by the commit of a release, one for all workflows", () => {
  const lines = Object.keys(workflows).flatMap(
    (file) => readFileSync(path.join(folder, file), "utf8").match(/(?<=uses:).*$/gm) ?? [],
  );
  const steps = Object.values(workflows).flatMap(({ jobs }) => Object.values(jobs).flatMap((job) => job.steps));
  expect(lines).toHaveLength(steps.filter(({ uses }) => uses).length);
  expect(lines.filter((line) => !/^ actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  const pins = new Set(lines);
  expect(pins.size).toBe(new Set([...pins].map((line) => line.split("@")[0])).size);
});

test("Dependabot proposes newer actions and packages", () => {
  const { updates } = parse(readFileSync(path.join(folder, "../dependabot.yml"), "utf8")) as {
    updates: { "package-ecosystem": string; directory: string }[];
  };
  expect(updates.map(({ directory, ...update }) => [update["package-ecosystem"], directory])).toEqual([
    ["github-actions", "/"],
    ["npm", "/"],
  ]);
});

test("the tests run as in .ci/run, from the oldest supported Node on", () => {
  const steps = readFileSync(path.join(repository, ".ci/run"), "utf8").match(/^npm .+$/gm) ?? [];
  expect(commandsOf("ci.yml").filter((command) => !command.startsWith("npm install"))).toEqual(steps);
  const nodes = workflows["ci.yml"]?.jobs.test?.strategy?.matrix.node ?? [];
  expect(`${manifest.engines.node.split(" ")[0]}.0`).toBe(`^${nodes[0]}`);
  const [developed = ""] = readFileSync(path.join(repository, ".node-version"), "utf8").split(".");
  expect(nodes).toContain(developed);
});

test("scripts run on the tested Node instead of the one that npm ci installs", async () => {
  const project = await mkdtemp(path.join(tmpdir(), "customerio-aep-ci-"));
  const oldest = workflows["ci.yml"]?.jobs.test?.strategy?.matrix.node[0] ?? "";
  const command = commandsOf("ci.yml")
    .find((line) => line.startsWith("npm install"))
    ?.replace("${{ matrix.node }}", oldest);
  const { node } = manifest.devDependencies;
  const text = JSON.stringify({
    scripts: { node: "node --version" },
    devDependencies: { node },
    allowScripts: { node: true },
  });
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const run = (line: string) =>
    promisify(execFile)("sh", ["-c", line], {
      cwd: project,
      env: { ...environment, npm_config_prefer_offline: "true" },
    });
  try {
    await writeFile(path.join(project, "package.json"), text);
    await run(command ?? "");
    expect((await run("npm run --silent node")).stdout).toBe(`v${oldest}\n`);
    expect(await readFile(path.join(project, "package.json"), "utf8")).toBe(text);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}, 60_000);

test("a release tests, packs and then publishes with a signature of its origin", () => {
  expect(commandsOf("release.yml")).toEqual([
    "npm ci",
    "npm test",
    "npm run pack",
    "npm run publish-packages -- --provenance",
  ]);
  expect(workflows["release.yml"]?.jobs.publish?.permissions).toEqual({ contents: "read", "id-token": "write" });
});

test("no code of an installed package runs where npm can be told that it is this repository", () => {
  const all = Object.values(workflows).flatMap(({ jobs }) => Object.values(jobs));
  const trusted = all.filter((job) => job.permissions?.["id-token"] || JSON.stringify(job).includes("secrets."));
  expect(trusted.flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))).toEqual([
    "npm run publish-packages -- --provenance",
  ]);
  const script = manifest.scripts["publish-packages"].replace(/^node /, "");
  const loaded = new Set([path.join(repository, script)]);
  for (const file of loaded) {
    for (const [, name = ""] of readFileSync(file, "utf8").matchAll(/\b(?:from|import) "([^"]+)"|\bimport\("/g)) {
      if (!name.startsWith("node:")) loaded.add(path.join(path.dirname(file), name));
    }
  }
  // A package's name would be no file.
  expect([...loaded].map((file) => path.relative(repository, file))).toEqual([
    "scripts/publish.ts",
    "scripts/packed-files.ts",
  ]);
});
