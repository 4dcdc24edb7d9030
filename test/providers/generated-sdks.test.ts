import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ensureGenerators } from "../../packages/local-cloud/src/engine/engine.ts";

const run = promisify(execFile);
const repository = path.resolve(__dirname, "../..");
const languages = ["dotnet", "go", "java", "nodejs", "python"];

let generators: string;
let folder: string;
beforeAll(async () => {
  generators = await ensureGenerators((line) => process.stdout.write(`${line}\n`));
  folder = await mkdtemp(path.join(tmpdir(), "generated-sdks-"));
}, 600_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Packages that a module in Go imports from itself, but does not have. */
async function findMissingImports(module: string): Promise<string[]> {
  const [, name = ""] = /^module (\S+)$/m.exec(await readFile(path.join(module, "go.mod"), "utf8")) ?? [];
  const files = (await readdir(module, { recursive: true })).filter((file) => file.endsWith(".go"));
  const texts = await Promise.all(files.map((file) => readFile(path.join(module, file), "utf8")));
  const own = texts.flatMap((text) =>
    [...text.matchAll(/^\s+(?:\w+ )?"(example\.com\/[^"]+)"$/gm)].map(([, one = ""]) => one),
  );
  expect(own.length).toBeGreaterThan(0);
  return [...new Set(own)].filter(
    (one) => !one.startsWith(`${name}/`) || !existsSync(path.join(module, one.slice(name.length))),
  );
}

test.each([
  ["packages/pulumi-aep/schema.json", ["Dataset"]],
  ["packages/pulumi-customerio/schema.json", ["ReportingWebhook"]],
  [
    "relay/deploy/schema.json",
    ["CustomerIoSource", "PlatformDataflow", "WebhookRelay", "ReportingWebhookSubscription"],
  ],
])(
  "Pulumi's generators make SDKs of %s in all languages",
  async (schema, resources) => {
    const output = path.join(folder, path.dirname(schema));
    // In a folder of its own, or the generators would read this repository's Pulumi.yaml.
    await run(generators, [path.join(repository, schema), output], { cwd: folder });
    for (const language of languages) {
      const files = await readdir(path.join(output, language), { recursive: true });
      const classes = files.map((file) =>
        path
          .basename(file)
          .replace(/_|\..*$/g, "")
          .toLowerCase(),
      );
      const missing = resources.filter((resource) => !classes.includes(resource.toLowerCase()));
      expect([language, missing]).toEqual([language, []]);
    }
    await run("python3", ["-m", "compileall", "-q", path.join(output, "python")]);
    expect(await findMissingImports(path.join(output, "go"))).toEqual([]);
  },
  60_000,
);
