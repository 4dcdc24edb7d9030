import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Clone, cloneRepository } from "./clone.ts";
import { type Registry, startRegistry } from "./registry.ts";

// A release from the first check to the registry. The tests run in order. Only the signature is missing: it needs the
// identity that GitHub gives to a workflow.
let registry: Registry;
let clone: Clone;
let settings: string;

const version = "9.8.7";
const minutes = 60_000;
const inOrder = [
  "adobe-data-prep",
  "pulumi-provider-kit",
  "pulumi-customerio",
  "pulumi-aep",
  "customerio-aep",
  "customerio-aep-policies",
];

const read = (file: string) => readFile(path.join(clone.folder, file), "utf8");
const write = (file: string, text: string) => writeFile(path.join(clone.folder, file), text);
const release = (...args: string[]) => clone.run("node", "scripts/release.ts", ...args);
const publish = () => clone.run("npm", "run", "--silent", "publish-packages");

async function state(): Promise<string[]> {
  const looks = [["status", "--porcelain"], ["log", "--format=%s"], ["tag"]];
  return Promise.all(looks.map(async (look) => (await clone.run("git", ...look)).printed.trim()));
}

beforeAll(async () => {
  registry = await startRegistry();
  settings = await mkdtemp(path.join(tmpdir(), "customerio-aep-npm-"));
  const userConfig = path.join(settings, ".npmrc");
  // What actions/setup-node writes for the input `registry-url`.
  const auth = `${registry.url.replace(/^http:/, "")}:_authToken=\${NODE_AUTH_TOKEN}`;
  await writeFile(userConfig, `${auth}\nregistry=${registry.url}\n`);
  clone = await cloneRepository({
    npm_config_userconfig: userConfig,
    npm_config_cache: ".local/npm-cache",
    NODE_AUTH_TOKEN: registry.token,
    npm_config_update_notifier: "false",
    npm_config_fetch_retries: "0",
    GITHUB_SERVER_URL: "https://github.example",
    GITHUB_REPOSITORY: "somebody/customerio-aep",
  });
}, minutes);

afterAll(async () => {
  await clone?.remove();
  await registry?.stop();
  await rm(settings, { recursive: true, force: true });
});

test("an invalid release is refused with a message, and changes nothing", async () => {
  const refusals: [string[], string][] = [
    [[], "Name the version to release"],
    [["next"], '"next" is not a version.'],
    [["0.2.0-beta.1"], '"0.2.0-beta.1" is not a version.'],
    [["0.0.9"], "Release a version that is not older."],
  ];
  for (const [args, sentence] of refusals) {
    const { code, printed } = await release(...args);
    expect([code, printed]).toEqual([1, expect.stringContaining(sentence)]);
    expect(printed.trim()).not.toContain("\n");
  }
  await clone.run("git", "switch", "--quiet", "--create", "feature");
  expect((await release(version)).printed).toContain("This is the branch feature. Releases come from main");
  await clone.run("git", "switch", "--quiet", "main");

  await write("forgotten.txt", "");
  expect((await release(version)).printed).toContain("not committed yet:\n?? forgotten.txt");
  await clone.run("git", "clean", "--quiet", "--force");

  await clone.run("git", "tag", `v${version}`);
  expect((await release(version)).printed).toContain(`The tag v${version} exists already.`);
  await clone.run("git", "tag", "--delete", `v${version}`);

  const changelog = await read("CHANGELOG.md");
  const [before = "", ...parts] = changelog.split(/^(?=## )/m);
  await write("CHANGELOG.md", [before, "## Unreleased\n\n", ...parts.slice(1)].join(""));
  await clone.run("git", "commit", "--quiet", "--all", "--message", "Empty");
  expect((await release(version)).printed).toContain("CHANGELOG.md says nothing below");
  await clone.run("git", "reset", "--quiet", "--hard", "HEAD~1");

  await write(".git/hooks/pre-commit", "#!/bin/sh\necho no >&2\nexit 1\n");
  await clone.run("chmod", "+x", ".git/hooks/pre-commit");
  expect((await release(version)).code).toBe(1);
  await clone.run("rm", ".git/hooks/pre-commit");

  expect(await state()).toEqual(["", "Start", ""]);
});

test("a release sets its version in every package and the changelog, in one commit with a tag", async () => {
  const before = await read("CHANGELOG.md");
  const { code, printed } = await release(version);
  expect([code, printed]).toEqual([0, expect.stringContaining(`git push --atomic origin main v${version}`)]);
  expect(await state()).toEqual(["", `Release ${version}\nStart`, `v${version}`]);
  const today = (
    await clone.run("env", "TZ=UTC", "git", "log", "-1", "--format=%cd", "--date=format-local:%Y-%m-%d")
  ).printed.trim();
  expect(await read("CHANGELOG.md")).toBe(
    before.replace("## Unreleased\n", `## Unreleased\n\n## ${version} - ${today}\n`),
  );
  // Nothing of the project keeps the former version; the lock file, in which others may have it, fits the manifests. A recorded state has
  // the version that made it.
  const { version: former } = JSON.parse(await readFile(path.join(import.meta.dirname, "../../package.json"), "utf8"));
  const { printed: left } = await clone.run(
    "git",
    "grep",
    "-lE",
    `"(version|[a-z-]*(aep|customerio|kit|prep|cloud))": "\\^?${former}"`,
    ":!package-lock.json",
    ":!test/upgrade/*.json",
  );
  expect(left).toBe("");
  const { printed: changed } = await clone.run("git", "diff", "--stat", "HEAD~1");
  for (const file of ["package-lock.json", "templates/yaml/package.json", "relay/deploy/schema.json"]) {
    expect(changed).toContain(file);
  }
  const installed = await clone.run("npm", "ci", "--dry-run", "--offline", "--ignore-scripts");
  expect([installed.code, installed.printed]).toEqual([0, expect.stringContaining("added ")]);
});

test(
  "what was packed arrives in the order of dependencies, with its origin, and a run that failed half-way is repeated",
  async () => {
    const packed = await clone.run("sh", "-c", "npm run pack");
    expect(packed).toMatchObject({ code: 0 });
    // npm refuses before it asks the registry, unless the workflow has an identity: without the permission, this is what it says.
    const unsigned = "GITHUB_ACTIONS=true CI=true npm run publish-packages -- --provenance";
    const { code, printed } = await clone.run("sh", "-c", unsigned);
    expect([code, printed]).toEqual([
      1,
      expect.stringContaining('requires "write" access to the "id-token" permission'),
    ]);
    expect(registry.packages.size).toBe(0);
    registry.fail("pulumi-customerio", "refused");
    const failed = await publish();
    expect(failed.code).toBe(1);
    expect(failed.printed).toContain(`pulumi-customerio@${version} was not published`);
    expect(failed.printed).toContain("published versions are skipped");
    expect([...registry.packages.keys()]).toEqual(inOrder.slice(0, 2));

    registry.fail("pulumi-aep", "lost");
    const repeated = await publish();
    expect(repeated).toMatchObject({ code: 0 });
    expect(repeated.printed.trim().split("\n")).toEqual(
      inOrder.map((name, index) => `${name}@${version}: ${index < 2 ? "there already" : "published"}`),
    );
    expect([...registry.packages.keys()]).toEqual(inOrder);

    for (const { name, versions, "dist-tags": tags } of registry.packages.values()) {
      const { dependencies = {}, devDependencies, scripts, ...manifest } = versions[version] as Record<string, unknown>;
      expect(tags).toEqual({ latest: version });
      expect(manifest).toMatchObject({
        name,
        version,
        license: "Apache-2.0",
        repository: { url: "git+https://github.example/somebody/customerio-aep.git" },
        bugs: { url: "https://github.example/somebody/customerio-aep/issues" },
      });
      expect(manifest.homepage).toMatch(
        /^https:\/\/github\.example\/somebody\/customerio-aep(\/tree\/HEAD\/packages\/|#)/,
      );
      expect([manifest.private, devDependencies, scripts]).toEqual([undefined, undefined, undefined]);
      const own = Object.entries(dependencies as object).filter(([dependency]) => inOrder.includes(dependency));
      for (const dependency of own) expect(dependency).toEqual([expect.any(String), version]);
    }
  },
  6 * minutes,
);

test("another package of the same version, and a tag of another version, are refused", async () => {
  await write(`build/pulumi-aep-${version}.tgz`, "something else");
  const other = await publish();
  expect([other.code, other.printed]).toEqual([
    1,
    expect.stringContaining(`The registry has another pulumi-aep@${version}`),
  ]);
  const { code, printed } = await clone.run(
    "env",
    "GITHUB_REF_TYPE=tag",
    "GITHUB_REF_NAME=v1.0.0",
    "npm",
    "run",
    "--silent",
    "publish-packages",
  );
  expect([code, printed]).toEqual([1, expect.stringContaining("The tag is v1.0.0, but adobe-data-prep has version")]);
});
