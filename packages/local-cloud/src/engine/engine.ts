/**
 * Installs Pulumi's engine where npm's `pulumi` looks for it, so that `npx pulumi` works from then on.
 * It prefers the official build. If that can't be downloaded but Go is installed, it builds the same sources: the CLI
 * and the language hosts, from the modules beside this file.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { access, chmod, constants, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isAlive } from "../is-alive.ts";

const folder = import.meta.dirname;
const require = createRequire(path.join(folder, "engine.ts"));
const oldestGo = [1, 26] as const;

export type ReportLine = (line: string) => void;

/** The engine's version: that of npm's `pulumi` package, which looks for it. */
const engineVersion = (require("pulumi/package.json") as { version: string }).version;

/** Where npm's `pulumi` expects the executables of its version. */
export function engineFolder(): string {
  const home = process.env.PULUMI_HOME ?? path.join(homedir(), ".pulumi");
  return path.join(home, "versions", engineVersion, "bin");
}

/**
 * Installs or builds the engine once per machine and returns the path of the `pulumi` executable. Building takes about
 * six minutes on two cores; `report` gets the progress.
 * @throws Error that says what to install, if neither works
 */
export async function ensureEngine(report: ReportLine): Promise<string> {
  const executable = path.join(engineFolder(), "pulumi");
  if (await isExecutable(executable)) return executable;
  const release = await lock(report, executable);
  if (!release) return executable;
  try {
    if (!(await download(report))) await build(report);
  } finally {
    await release();
  }
  if (!(await isExecutable(executable))) {
    throw new Error(`Pulumi ${engineVersion} was installed but is not at ${executable}.`);
  }
  return executable;
}

/**
 * The same for the host of Pulumi YAML, which the official build of the engine includes.
 * @throws Error that says what to install, if it can't be built
 */
export async function ensureYamlHost(report: ReportLine): Promise<void> {
  await ensureEngine(report);
  const command = "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml";
  await ensureBuilt("pulumi-language-yaml", "language-yaml", command, report);
}

/**
 * Pulumi's SDK generators, with which `pulumi package gen-sdk` works in the hosts of all languages; see
 * gen-sdk/main.go.
 * @returns the path of the executable
 * @throws Error that says what to install, if it can't be built
 */
export async function ensureGenerators(report: ReportLine): Promise<string> {
  await ensureEngine(report);
  // An older checkout built fewer languages.
  const sources = await Promise.all(["main.go", "go.sum"].map((file) => readFile(path.join(folder, "gen-sdk", file))));
  const digest = createHash("sha256").update(Buffer.concat(sources)).digest("hex").slice(0, 12);
  return ensureBuilt(`gen-sdk-${digest}`, "gen-sdk", ".", report);
}

/** Builds one more executable beside the engine, once per machine. */
async function ensureBuilt(name: string, module: string, command: string, report: ReportLine): Promise<string> {
  const executable = path.join(engineFolder(), name);
  if (await isExecutable(executable)) return executable;
  const release = await lock(report, executable);
  if (!release) return executable;
  const work = await mkdtemp(path.join(path.dirname(engineFolder()), "build-"));
  try {
    await requireGo();
    await goBuild(module, command, path.join(work, name), [], report);
    await rename(path.join(work, name), executable);
  } finally {
    await rm(work, { recursive: true, force: true });
    await release();
  }
  return executable;
}

async function download(report: ReportLine): Promise<boolean> {
  const reachable = await fetch("https://get.pulumi.com/install.sh", { signal: AbortSignal.timeout(10_000) })
    .then((response) => response.ok)
    .catch(() => false);
  if (!reachable) return false;
  report(`downloading Pulumi ${engineVersion}`);
  return run(process.execPath, [require.resolve("pulumi/run.js"), "version"], folder, report).then(
    () => true,
    () => false,
  );
}

async function build(report: ReportLine): Promise<void> {
  await requireGo();
  const target = engineFolder();
  await mkdir(target, { recursive: true });
  // Beside the target, so that a rename puts only complete files there.
  const work = await mkdtemp(path.join(path.dirname(target), "build-"));
  try {
    report(`building Pulumi ${engineVersion} from source with Go, once for this machine (some minutes)`);
    const host = path.join(work, "pulumi-language-nodejs-host");
    await goBuild(
      "language-nodejs",
      "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
      host,
      [],
      report,
    );
    const version = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${engineVersion}`;
    const cli = path.join(work, "pulumi");
    await goBuild("cli", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi", cli, ["-ldflags", `-s -w ${version}`], report);
    // This host comes from the last version that can be built by itself; it reads `typescript: false` from a flag, not from
    // Pulumi.yaml as the official one does.
    const launcher = path.join(work, "pulumi-language-nodejs");
    await writeFile(launcher, '#!/bin/sh\nexec "$(dirname "$0")/pulumi-language-nodejs-host" -typescript=false "$@"\n');
    await chmod(launcher, 0o755);
    for (const file of [host, launcher, cli]) await rename(file, path.join(target, path.basename(file)));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function goBuild(
  module: string,
  command: string,
  output: string,
  flags: string[],
  report: ReportLine,
): Promise<void> {
  const directory = path.join(folder, module);
  report(`fetching the sources of ${module}`);
  const listing: string[] = [];
  await run("go", ["list", "-deps", command], directory, (line) => listing.push(line));
  let built = 0;
  let shown = Date.now();
  await run("go", ["build", "-v", "-buildvcs=false", ...flags, "-o", output, command], directory, (line) => {
    // `-v` names each package as it is compiled.
    if (/^[\w.-]+(\/|$)/.test(line)) built++;
    if (Date.now() - shown < 5_000) return;
    shown = Date.now();
    report(`building ${module}: ${built} of at most ${listing.length} packages`);
  });
}

async function requireGo(): Promise<void> {
  const wanted = oldestGo.join(".");
  const lines: string[] = [];
  await run("go", ["env", "GOVERSION"], folder, (line) => lines.push(line)).catch(() => undefined);
  const [major = 0, minor = 0] = (lines[0] ?? "").replace(/^go/, "").split(".").map(Number);
  if (major > oldestGo[0] || (major === oldestGo[0] && minor >= oldestGo[1])) return;
  const found = lines[0] ? `Go here is ${lines[0]}` : "Go is not installed";
  throw new Error(
    `Pulumi's engine ${engineVersion} is not on this machine: get.pulumi.com can't be reached, and ${found}. ` +
      `Install Pulumi (https://www.pulumi.com/docs/install/) or Go ${wanted} or newer, then run the command again.`,
  );
}

/** Runs a command, passes on each line that it prints, and rejects with the last lines if it fails. */
function run(command: string, args: string[], directory: string, onLine: ReportLine): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
    const tail: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      stream.setEncoding("utf8").on("data", (text: string) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          tail.push(line);
          if (tail.length > 20) tail.shift();
          onLine(line);
        }
      });
    }
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${command} ${args.slice(0, 2).join(" ")} failed:\n${tail.join("\n")}`)),
    );
  });
}

/**
 * Lets one process install while others wait. Returns undefined if another process has finished the work meanwhile.
 * Takes a lock whose owner is gone.
 */
async function lock(report: ReportLine, executable: string): Promise<(() => Promise<void>) | undefined> {
  const file = `${path.dirname(engineFolder())}.lock`;
  await mkdir(path.dirname(file), { recursive: true });
  for (let told = false; ; ) {
    try {
      const handle = await open(file, "wx");
      await handle.writeFile(String(process.pid));
      await handle.close();
      return () => rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const owner = Number(await readFile(file, "utf8").catch(() => ""));
    if (owner && !isAlive(owner)) await rm(file, { force: true });
    if (!told) report("waiting for another process that is installing Pulumi's engine");
    told = true;
    await wait(1_000);
    if (await isExecutable(executable)) return undefined;
  }
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
