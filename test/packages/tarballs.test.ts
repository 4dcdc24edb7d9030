import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { apiPage, publicApi } from "../../scripts/api.ts";
import { findBrokenLinks } from "../../scripts/links.ts";
import { packAll, type Tarball } from "../../scripts/pack.ts";
import { runCli, type SourceReport } from "../cli/cli.ts";
import { configureAccounts } from "../e2e/account-settings.ts";
import { type LocalProgram, repository, startLocalProgram } from "../e2e/local-stack.ts";
import { untilDelivered } from "../e2e/traffic.ts";
import { type Consumer, installConsumer } from "./consumer.ts";
import { listTypeErrors } from "./type-errors.ts";

// From an empty folder, the template and the tarballs only. The tests run in order.
interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
}

let tarballs: Tarball[];
let consumer: Consumer;
let stack: LocalProgram;

const minutes = 60_000;

/** The TypeScript of a package's README, as a file that can be checked. */
async function readmeCode(folder: string): Promise<string> {
  const text = await readFile(path.join(repository, folder, "README.md"), "utf8");
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(blocks.length).toBeGreaterThan(0);
  return blocks.join("\n");
}

const plugin = path.join(repository, "packages/pulumi-aep/dist/plugin.mjs");
let pluginBefore: { readonly ino: number; readonly mtimeMs: number };

beforeAll(async () => {
  pluginBefore = await stat(plugin);
  tarballs = await packAll();
  consumer = await installConsumer("typescript", tarballs, {
    "readme/aep.ts": await readmeCode("packages/pulumi-aep"),
    "readme/customerio.ts": await readmeCode("packages/pulumi-customerio"),
    "readme/kit.ts": await readmeCode("packages/pulumi-provider-kit"),
    "readme/data-prep.ts": await readmeCode("packages/adobe-data-prep"),
    "readme/policies.ts": await readmeCode("packages/customerio-aep-policies"),
  });
}, 5 * minutes);

afterAll(async () => {
  await stack?.stop();
  await consumer?.remove();
}, 60_000);

test("packing does not rebuild a plugin, since an engine may be starting it", async () => {
  const { ino, mtimeMs } = pluginBefore;
  expect(await stat(plugin)).toMatchObject({ ino, mtimeMs });
});

test("tarballs contain what runs, and no tests, stand-ins or sources that Node would refuse", () => {
  const sizes = tarballs.map(({ name, size, unpackedSize, files }) => {
    const kibibytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
    return `  ${name}: ${kibibytes(size)}, ${kibibytes(unpackedSize)} unpacked, ${files.length} files`;
  });
  process.stdout.write(`tarballs:\n${sizes.join("\n")}\n`);
  for (const { name, files, unpackedSize } of tarballs) {
    // Projects are made from the templates, elsewhere.
    const own = files.filter((file) => !file.startsWith("templates/"));
    const misplaced = own.filter((file) => /(^|\/)(test|local-cloud|bench)\/|(?<!\.d)\.ts$|\.test\./.test(file));
    expect([name, misplaced]).toEqual([name, []]);
    expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
    expect(unpackedSize).toBeLessThan(10e6);
  }
  const own = tarballs.find(({ name }) => name === "customerio-aep")?.files;
  expect(own).toEqual(expect.arrayContaining(["cli/dist/main.mjs", "cli/console/page/index.html", "docs/runbooks.md"]));
});

test("no page links to a file that its tarball lacks", async () => {
  for (const { name, files } of tarballs) {
    const documents = files.filter((file) => file.endsWith(".md"));
    expect(await findBrokenLinks(path.join(repository, "build/stage", name), documents)).toEqual([]);
  }
});

test("what a bundle contains is named with its license, and nothing else has to be installed", async () => {
  for (const { name, files } of tarballs) {
    const stage = path.join(repository, "build/stage", name);
    const read = (file: string) => readFile(path.join(stage, file), "utf8");
    const hasBundle = files.some((file) => /^(\w+\/)?dist\//.test(file));
    expect([name, files.includes("THIRD-PARTY-NOTICES.txt")]).toEqual([name, hasBundle]);
    if (hasBundle) {
      const [, ...notices] = (await read("THIRD-PARTY-NOTICES.txt")).split(/^-{80}$/m).map((notice) => notice.trim());
      expect(notices.find((notice) => notice.startsWith("zod "))).toContain("granted, free of charge");
      // Shorter than any license is a notice that only names it.
      expect(notices.filter((notice) => notice.length < 300)).toEqual([]);
    }
    const { dependencies = {}, peerDependencies = {} } = JSON.parse(await read("package.json")) as Manifest;
    const compiled = files.filter((file) => file.endsWith(".js") && !/^(templates|bin|cli)\//.test(file));
    const code = (await Promise.all(compiled.map(read))).join("\n");
    const imported = [...code.matchAll(/^import\s(?:[^;"]*\sfrom\s)?"((?:@[^/"]+\/)?[^./"@][^/"]*)/gm)].map(
      ([, one]) => one,
    );
    const needed = new Set(imported.filter((one) => one !== name && !one?.startsWith("node:")));
    expect([name, Object.keys({ ...dependencies, ...peerDependencies })]).toEqual([
      name,
      expect.arrayContaining([...needed]),
    ]);
  }
});

test(
  "they export what docs/api says; npm run api rewrites it",
  async () => {
    const pages = await publicApi(tarballs.map(({ name }) => name));
    for (const [name, page] of pages) expect(page).toBe(await readFile(apiPage(name), "utf8"));
    expect(pages.size).toBe(tarballs.length);
  },
  2 * minutes,
);

test.each(["publint", "attw"])(
  "%s finds nothing wrong with any of them",
  async (tool) => {
    const flags = tool === "attw" ? ["--profile", "esm-only", "--no-color"] : ["--strict"];
    const bin = path.join(repository, "node_modules", ".bin", tool);
    for (const { file } of tarballs) await consumer.run(bin, file, ...flags);
  },
  2 * minutes,
);

test(
  "the template's program and the READMEs' code compile, however modules are resolved",
  async () => {
    const names = tarballs.map(({ name }) => name);
    for (const resolution of ["nodenext", "bundler"] as const) {
      expect([resolution, await listTypeErrors(consumer, names, resolution)]).toEqual([resolution, []]);
    }
  },
  2 * minutes,
);

test(
  "up, events, the command line and destroy work on the oldest supported Node, and Pulumi finds the plugins by itself",
  async () => {
    expect(await consumer.run("node", "--version")).toBe("v22.18.0\n");
    stack = await startLocalProgram(consumer.folder, { ownSettings: true, bin: consumer.bin });
    const { pulumi, vendors } = stack;
    await configureAccounts(pulumi);
    await pulumi.configureSecret("signingKeys", localCredentials.customerIo.signingKey);
    // As for a user who may lose the rows, and does not wait five minutes for the first event.
    await pulumi.configure("dataset.forceDestroy", "true", "--path");
    await pulumi.configure("dataflowActivationSeconds", "2");
    await pulumi.up();
    const { datasetId, nextSteps } = (await pulumi.outputs()) as { datasetId: string; nextSteps: string[] };
    expect(nextSteps).toEqual([]);
    await vendors.emit(samples.map(({ event }) => event));
    await vendors.untilSent();
    const emitted = samples.map(({ event }) => event.event_id);
    await untilDelivered(vendors, emitted);
    const ids = (await vendors.rows(datasetId)).map(({ _id }) => _id as string);
    expect(ids.toSorted()).toEqual(emitted.toSorted());
    await pulumi.preview("--expect-no-changes");
    const target = ["--stack", "local", "--config-file", String(stack.configFile), "--json"];
    const cli = { environment: stack.cloud.environment, folder: consumer.folder, bin: consumer.bin };
    const status = await runCli(cli, "status", ...target);
    const [source] = (JSON.parse(status.stdout) as { sources: SourceReport[] }).sources;
    expect([
      status.stderr,
      source?.source,
      source?.result.parts?.filter(({ verdict }) => verdict === "broken"),
    ]).toEqual(["", "events", []]);
    await pulumi.destroy();
    expect(await vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
    // The template names no folder: before npm install there is none, and pulumi new would fail.
    expect(await readFile(stack.logFile, "utf8")).toContain("using pulumi-resource-aep from $PATH");
  },
  6 * minutes,
);
