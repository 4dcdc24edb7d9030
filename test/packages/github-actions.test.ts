import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse } from "yaml";
import { auditCommand } from "../../cli/audit/audit-command.ts";
import { roleDefinitions } from "../../packages/local-cloud/src/azure/identity/role-definitions.ts";
import { engineFolder } from "../../packages/local-cloud/src/engine/engine.ts";

const repository = path.join(import.meta.dirname, "../..");
const folder = path.join(repository, "templates/github-actions");
const files = readdirSync(folder).filter((file) => file.endsWith(".yml"));

/** GitHub's runners have it; a machine for development may not. */
const jq = "/usr/bin/jq";
const hasJq = existsSync(jq);
if (!hasJq) process.stdout.write(`skipped: there is no jq at ${jq} (apt-get install jq)\n`);
const testWithJq = hasJq ? test : test.skip;

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Job {
  readonly environment: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly on: object;
  readonly permissions: object;
  readonly jobs: Readonly<Record<string, Job>>;
}

function workflow(file: string): Workflow {
  return parse(readFileSync(path.join(folder, file), "utf8")) as Workflow;
}

function jobOf(file: string): Job {
  const [job, ...others] = Object.values(workflow(file).jobs);
  if (!job || others.length > 0) throw new Error(`${file} does not have one job`);
  return job;
}

let work: string;

beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), "customerio-aep-actions-"));
  mkdirSync(path.join(work, "bin"));
  // Each records how it was called, and behaves as the variable of its name says.
  for (const command of ["npm", "npx", "gh"]) {
    const file = path.join(work, "bin", command);
    const script = `#!/bin/sh
echo "${command} $*" >> "$CALLS"
if [ "$1 $2" = "issue list" ] || [ "$1 $2" = "api --paginate" ]; then printf '%s' "$FOUND"; exit 0; fi
if [ "$2" = audit ]; then printf '%s' "$AUDIT"; fi
if [ -n "$FAILS" ] && [ "$2" = "$FAILS" ]; then echo "error: it failed" >&2; exit 1; fi
[ "$2" = preview ] && echo "+ 1 to create"
exit 0
`;
    writeFileSync(file, script);
    chmodSync(file, 0o755);
  }
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

interface Ran {
  readonly status: number;
  readonly calls: readonly string[];
}

/** Runs a step as GitHub does, with stubs for everything that it calls. */
function runStep(file: string, run: string, given: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const calls = path.join(work, "calls");
  writeFileSync(calls, "");
  const script = path.join(work, "step.sh");
  writeFileSync(script, run);
  const { env } = jobOf(file);
  const step = jobOf(file).steps.find((one) => one.run === run)?.env ?? {};
  const filled = Object.fromEntries(Object.entries({ ...env, ...step }).map(([name, value]) => [name, fill(value)]));
  const environment = { ...filled, GITHUB_REPOSITORY: "acme/events", CALLS: calls, FOUND: "", FAILS: "", ...given };
  const options = { cwd: work, env: { ...environment, PATH: `${path.join(work, "bin")}:/usr/bin:/bin` } };
  return new Promise((resolve) => {
    // GitHub's own way to start a step on Linux.
    execFile("bash", ["-e", script], options, (error) => {
      const status = error === null ? 0 : Number(error.code);
      resolve({ status, calls: readFileSync(calls, "utf8").split("\n").filter(Boolean) });
    });
  });
}

const values: Readonly<Record<string, string>> = {
  "matrix.stack": "prod",
  "github.event.pull_request.number": "7",
  "github.server_url": "https://github.example",
  "github.repository": "acme/events",
  "github.run_id": "42",
};

function fill(value: string): string {
  return value.replaceAll(/\$\{\{ ([\w.]+) \}\}/g, (_, name: string) => values[name] ?? `<${name}>`);
}

function stepOf(file: string, name: string): string {
  const { run } = jobOf(file).steps.find((step) => step.name === name) ?? {};
  if (run === undefined) throw new Error(`${file} has no step ${name}`);
  return run;
}

const auditFile = "audit.yml";

async function runAll(file: string): Promise<void> {
  const runs = jobOf(file).steps.flatMap(({ run }) => run ?? []);
  const calls: string[] = [];
  for (const run of runs) {
    // A value that GitHub inserts into a command could be a stranger's text, such as the title of a pull request.
    expect(run).not.toContain("${{");
    const ran = await runStep(file, run);
    expect([run, ran.status]).toEqual([run, 0]);
    calls.push(...ran.calls);
  }
  expect(calls.slice(0, 2)).toEqual(["npm ci", "npx pulumi login"]);
  expect(calls.join("\n")).not.toMatch(/<[\w.]+>/);
}

test.each(files.filter((file) => file !== auditFile))("every command of %s runs unchanged", runAll);
testWithJq(`every command of ${auditFile} runs unchanged`, () => runAll(auditFile));

test.each(files)("%s logs in without a credential, with only the permissions that it needs", (file) => {
  const { on, permissions, jobs } = workflow(file);
  expect(permissions).toEqual({ contents: "read" });
  // It would run another author's code with an identity of this repository.
  expect(Object.keys(on)).not.toContain("pull_request_target");
  for (const job of Object.values(jobs)) {
    expect(job.permissions["id-token"]).toBe("write");
    expect(job.environment).toBeDefined();
    expect(job.env).toMatchObject({ ARM_USE_OIDC: "true", ARM_CLIENT_ID: "${{ vars.AZURE_CLIENT_ID }}" });
    expect(JSON.stringify(job)).not.toContain("secrets.");
  }
});

test("actions are pinned by commit, with the versions that this repository uses itself", () => {
  const pinsOf = (directory: string) =>
    readdirSync(directory)
      .filter((file) => file.endsWith(".yml"))
      .flatMap((file) => readFileSync(path.join(directory, file), "utf8").match(/(?<=uses: ).*$/gm) ?? []);
  const pins = [...new Set(pinsOf(folder))];
  expect(pins.filter((pin) => !/^(actions|azure)\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(pin))).toEqual([]);
  const own = pinsOf(path.join(repository, ".github/workflows"));
  const foreign = pins.filter((pin) => pin.startsWith("actions/") && !own.includes(pin));
  expect(foreign).toEqual([]);
});

describe("the preview of a pull request", () => {
  test("that fails is shown, and fails the job", async () => {
    const ran = await runStep("preview.yml", stepOf("preview.yml", "Preview"), { FAILS: "preview" });
    expect(ran.status).not.toBe(0);
    expect(ran.calls).toEqual(["npx pulumi preview --stack prod --diff --non-interactive --color never"]);
    expect(readFileSync(path.join(work, "preview.txt"), "utf8")).toContain("error: it failed");
  });

  test("is a new comment, which a later push rewrites", async () => {
    const comment = stepOf("preview.yml", "Comment");
    writeFileSync(path.join(work, "preview.txt"), `${"x".repeat(70_000)}\nResources: 3 to create\n`);
    const comments = "repos/acme/events/issues/7/comments";
    const first = await runStep("preview.yml", comment);
    expect(first.calls.at(-1)).toBe(`gh api --silent --method POST ${comments} --field body=@comment.md`);
    const body = readFileSync(path.join(work, "comment.md"), "utf8");
    expect(body).toMatch(/^<!-- preview of prod -->\nPreview of `prod`:\n~~~~\n/);
    expect(body).toMatch(/Resources: 3 to create\n~~~~\n$/);
    expect(body.length).toBeLessThan(65_536);
    const later = await runStep("preview.yml", comment, { FOUND: "99" });
    expect(later.calls.at(-1)).toBe(
      "gh api --silent --method PATCH repos/acme/events/issues/comments/99 --field body=@comment.md",
    );
  });
});

testWithJq("another author's comment is not taken for the workflow's own", async () => {
  writeFileSync(path.join(work, "preview.txt"), "1 to create");
  const { calls } = await runStep("preview.yml", stepOf("preview.yml", "Comment"));
  const [, expression = ""] = calls[0]?.match(/--jq (.+)$/) ?? [];
  const comment = (id: number, login: string, body: string) => ({ id, user: { login }, body });
  const marker = "<!-- preview of prod -->";
  const comments = [
    comment(1, "stranger", `${marker}\nNo changes.`),
    comment(2, "github-actions[bot]", "Another comment"),
    comment(3, "github-actions[bot]", `${marker}\n1 to create`),
  ];
  expect(execFileSync(jq, [expression], { input: JSON.stringify(comments), encoding: "utf8" })).toBe("3\n");
});

test.each(["drift.yml", auditFile])("another author's issue is not taken for the own one of %s", async (file) => {
  const told = await runStep(file, stepOf(file, "Tell"));
  expect(told.calls[0]).toContain(" --app github-actions ");
});

describe("the check for drift", () => {
  const tell = () => stepOf("drift.yml", "Tell");

  test("fails for drift that Pulumi sees, and for drift that only the command line sees", async () => {
    const pulumi = stepOf("drift.yml", "Objects that Pulumi knows");
    expect((await runStep("drift.yml", pulumi, { FAILS: "refresh" })).status).not.toBe(0);
    const own = stepOf("drift.yml", "App settings, code and secrets");
    const ran = await runStep("drift.yml", own, { FAILS: "drift" });
    expect(ran.calls).toEqual(["npx customerio-aep drift --stack prod"]);
    expect(ran.status).not.toBe(0);
  });

  test("opens one issue per stack, with a link to the run", async () => {
    const { calls } = await runStep("drift.yml", tell());
    expect(calls.at(-1)).toBe(
      "gh issue create --repo acme/events --title Drift in prod --body The check failed, or found changes: " +
        "https://github.example/acme/events/actions/runs/42",
    );
    const again = await runStep("drift.yml", tell(), { FOUND: "Drift in prod" });
    expect(again.calls).toHaveLength(1);
  });
});

describe("the nightly audit", () => {
  const audit = () => stepOf("audit.yml", "Audit");
  const { totals } = auditCommand.json.shape;
  const none = totals.parse(Object.fromEntries(Object.keys(totals.shape).map((name) => [name, 0])));
  const gap = { ...none, recorded: 5, found: 2, missing: 2, held: 1 };
  const cell = { day: "2026-11-20", objectType: "email", metric: "sent", verdict: "missing", ...gap, reasons: [] };
  const unread = { ...cell, day: "2026-11-21", verdict: "unjudged", ...none, recorded: 3, unjudged: 3 };
  const complete = { ...cell, metric: "opened", verdict: "complete", ...none };
  const result = auditCommand.json.parse({
    verdict: "missing",
    totals: gap,
    cells: [cell, unread, complete],
    reasons: [
      { reason: "1 batches of the dataset are not finished", events: 3, isTemporary: true },
      { reason: "Customer.io keeps no time for it", events: 1, isTemporary: false },
    ],
    messages: 9,
    unknownNames: {},
    missingFile: "/home/runner/audit/missing.jsonl",
  });
  const gapJson = JSON.stringify({ stack: "prod", sources: [{ source: "events", ending: "broken", result }] });

  testWithJq("audits days for which Customer.io no longer repeats calls", async () => {
    const ran = await runStep("audit.yml", audit(), { AUDIT: gapJson });
    const dateOf = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);
    expect(ran).toEqual({
      status: 0,
      calls: [`npx customerio-aep audit --stack prod --from ${dateOf(14)} --to ${dateOf(8)} --json`],
    });
  });

  testWithJq("that finds a gap fails the job, and names days, kinds and counts", async () => {
    const ran = await runStep("audit.yml", audit(), { AUDIT: gapJson, FAILS: "audit" });
    expect(ran.status).toBe(1);
    expect(readFileSync(path.join(work, "report.md"), "utf8")).toBe(
      "events: 2 missing, 1 dead letters, 0 not judged yet\n- 3 not judged yet: 1 batches of the dataset are not finished\n" +
        "- 2026-11-20 email sent: 2 missing, 1 dead letters, 0 not judged yet\n" +
        "- 2026-11-21 email sent: 0 missing, 0 dead letters, 3 not judged yet\n",
    );
    expect(readFileSync(path.join(work, "audit.json"), "utf8")).toBe(gapJson);
  });

  testWithJq("that can't run fails the job with the reason", async () => {
    const sources = [{ source: "events", ending: "broken", error: "No dataset" }];
    for (const [text, report] of [
      [JSON.stringify({ error: "No stack" }), "No stack\n"],
      [JSON.stringify({ stack: "prod", sources }), "events: No dataset\n"],
      ["", ""],
    ] as const) {
      expect((await runStep("audit.yml", audit(), { AUDIT: text, FAILS: "audit" })).status).toBe(1);
      expect(readFileSync(path.join(work, "report.md"), "utf8")).toBe(report);
    }
  });

  test("has one issue per stack, which a later run rewrites, even if nothing was compared", async () => {
    const tell = stepOf("audit.yml", "Tell");
    const first = await runStep("audit.yml", tell);
    expect(first.calls.at(-1)).toBe("gh issue create --repo acme/events --title Audit of prod --body-file body.md");
    expect(readFileSync(path.join(work, "body.md"), "utf8")).toContain(
      "https://github.example/acme/events/actions/runs/42",
    );
    writeFileSync(path.join(work, "report.md"), "events: 2 missing\n");
    const later = await runStep("audit.yml", tell, { FOUND: "9" });
    expect(later.calls.at(-1)).toBe("gh issue edit 9 --repo acme/events --body-file body.md");
    expect(readFileSync(path.join(work, "body.md"), "utf8")).toContain("events: 2 missing");
  });

  test("keeps counts, and no list of ids", () => {
    const [keep] = jobOf("audit.yml").steps.filter(({ name }) => name === "Keep") as { with?: object }[];
    expect(keep?.with).toEqual({ name: "audit-${{ matrix.stack }}", path: "audit.json" });
  });
});

test("an up changes one stack at a time, and none is interrupted", () => {
  const { jobs, ...whole } = workflow("up.yml") as Workflow & { readonly concurrency: string };
  expect(whole.concurrency).toBe("up");
  expect(jobs.up).toMatchObject({ environment: "${{ matrix.stack }}", strategy: { "max-parallel": 1 } });
});

/** When each file and folder was last changed; a lock that is gone again has changed its folder. */
function changesIn(root: string): Record<string, number> {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  return Object.fromEntries(["", ...names].map((name) => [name, statSync(path.join(root, name)).mtimeMs]));
}

test("a preview and a check for drift only read the state, so their identities need no right to write it", () => {
  const [project, state] = ["project", "state"].map((name) => path.join(work, name)) as [string, string];
  for (const made of [project, state]) mkdirSync(made);
  writeFileSync(path.join(project, "Pulumi.yaml"), "name: own\nruntime: nodejs\n");
  writeFileSync(path.join(project, "package.json"), '{ "main": "index.js" }');
  writeFileSync(path.join(project, "index.js"), "");
  const modules = path.join(repository, "node_modules");
  symlinkSync(modules, path.join(project, "node_modules"));
  const env = {
    HOME: process.env.HOME,
    PATH: [engineFolder(), path.join(modules, ".bin"), "/usr/bin:/bin"].join(path.delimiter),
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "own",
    PULUMI_SKIP_UPDATE_CHECK: "1",
    STACK: "dev",
  };
  const run = (script: string) => execFileSync("bash", ["-e", "-c", script], { cwd: project, env, encoding: "utf8" });
  run("pulumi stack init dev && pulumi up --stack dev --yes --skip-preview");
  const before = changesIn(state);
  for (const [file, step] of [
    ["preview.yml", "Preview"],
    ["drift.yml", "Objects that Pulumi knows"],
  ] as const) {
    run(stepOf(file, step).replaceAll("npx pulumi", "pulumi"));
  }
  // What the command line reads of a stack.
  run("pulumi stack export --show-secrets --stack dev && pulumi config --json --show-secrets --stack dev");
  expect(changesIn(state)).toEqual(before);
  const page = readFileSync(path.join(repository, "docs/deploying.md"), "utf8");
  expect(page).toMatch(/\| `preview`, `drift`, `audit` \| \*Storage Blob Data Reader\*/);
}, 120_000);

test("the condition on the deploying identity has every role that an up assigns, and no other", () => {
  const page = readFileSync(path.join(repository, "docs/deploying.md"), "utf8");
  const lists = [...page.matchAll(/GuidEquals \{([^}]*)\}/g)].map(([, list = ""]) => list.split(", ").toSorted());
  // The code that `up` runs: it names each role that it assigns by its id.
  const code = globSync(["components/**/*.ts", "relay/deploy/**/*.ts"], { cwd: repository })
    .map((file) => readFileSync(path.join(repository, file), "utf8"))
    .join("\n");
  const roles = roleDefinitions.map(({ id }) => id).filter((id) => code.includes(id));
  expect(roles).toHaveLength(7);
  expect(lists).toEqual([roles.toSorted(), roles.toSorted()]);
});
