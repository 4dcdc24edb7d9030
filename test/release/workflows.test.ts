import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
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
  readonly with?: Readonly<Record<string, string>>;
}

const workflows = Object.fromEntries(
  readdirSync(folder).map((file) => [file, parse(readFileSync(path.join(folder, file), "utf8")) as Workflow]),
);

function commandsOf(file: string): string[] {
  return Object.values(workflows[file]?.jobs ?? {}).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
}

test.each(Object.keys(workflows))("%s calls only what exists, and may do no more than it needs", (file) => {
  const workflow = workflows[file];
  expect(Object.keys(workflow?.on ?? {}).length).toBeGreaterThan(0);
  expect(workflow?.permissions).toEqual({ contents: "read" });
  const known = commandsOf(file).filter((command) => {
    const script = /^npm (?:run ([\w-]+)(?: -- .+)?|(test))$/.exec(command);
    if (script) return (script[1] ?? script[2] ?? "") in manifest.scripts;
    return command === "npm ci" || command.startsWith("npm install --no-save ");
  });
  expect(commandsOf(file)).toEqual(known);
  for (const { steps } of Object.values(workflow?.jobs ?? {})) {
    for (const { uses } of steps.filter((step) => step.uses)) expect(uses).toMatch(/^actions\/[a-z-]+@v\d+$/);
  }
});

test("the tests run as .ci/run runs them, from the oldest Node that is supported on", () => {
  const steps = readFileSync(path.join(repository, ".ci/run"), "utf8").match(/^npm .+$/gm) ?? [];
  expect(commandsOf("ci.yml").filter((command) => !command.startsWith("npm install"))).toEqual(steps);
  const nodes = workflows["ci.yml"]?.jobs.test?.strategy?.matrix.node ?? [];
  expect(`>=${nodes[0]}`).toBe(`${manifest.engines.node}.0`);
  const [developed = ""] = readFileSync(path.join(repository, ".node-version"), "utf8").split(".");
  expect(nodes).toContain(developed);
});

test("a release tests, packs and then publishes with a signature of its origin", () => {
  expect(commandsOf("release.yml")).toEqual([
    "npm ci",
    "npm test",
    "npm run pack",
    "npm run publish-packages -- --provenance",
  ]);
  expect(workflows["release.yml"]?.jobs.publish?.permissions).toEqual({ contents: "read", "id-token": "write" });
});
