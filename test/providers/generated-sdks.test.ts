import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
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
  },
  60_000,
);
