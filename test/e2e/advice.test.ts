import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { readStackSettings } from "../../components/settings/settings.ts";
import { engineFolder } from "../../packages/local-cloud/src/engine/engine.ts";
import { configure } from "../components/stack.ts";

// Commands from the product's messages are run here with the real CLI.
const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, "../..");
const commands = "up|config|import|refresh|state|stack|cancel|destroy|login|preview";
const bare = new RegExp(`(?<!npx )(?<![\\w/@.:$-])pulumi (?:${commands})\\b`);

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "advice-"));
  await writeFile(path.join(folder, "Pulumi.yaml"), "name: customerio-aep\nruntime: nodejs\n");
  // npx finds the package's own CLI by the working directory.
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
  await shell("command npx pulumi stack init dev");
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

/** In place of npx, whose start takes longer than most commands: it finds the same CLI. */
const npx = `npx() { "$@"; }`;

/** Runs a command as a user's shell in the repository. */
async function shell(command: string): Promise<string> {
  const env = {
    ...process.env,
    PATH: [engineFolder(), path.join(repository, "node_modules/.bin"), process.env.PATH].join(path.delimiter),
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "advice",
    PULUMI_SKIP_UPDATE_CHECK: "1",
  };
  const { stdout } = await run("bash", ["-ec", `${npx}\n${command}`], { cwd: folder, env });
  return stdout;
}

function mistakesIn(settings: Record<string, unknown>): string[] {
  configure(settings);
  try {
    readStackSettings(new pulumi.Config("customerio-aep"));
    return [];
  } catch (error) {
    return (error as Error).message.split("\n").slice(1);
  }
}

/** The commands of a line of advice, with a value in place of each placeholder. */
function commandsIn(line: string, value: string): string[] {
  const found = line.match(/(?:Set it|Remove it|Remove one of them|Perhaps): (npx pulumi .*)$/)?.[1];
  if (found === undefined) throw new Error(`no command in: ${line}`);
  return found.split(", or ").map((command) => command.replaceAll("<value>", value).replaceAll("<name>", "name"));
}

test.each<[string, Record<string, unknown>, string]>([
  ["a name that looks like a number", { dataset: { name: 2026 } }, "2026"],
  ["a name that looks like a truth value", { webhook: { name: true } }, "true"],
  ["a choice", { source: "https" }, "http"],
  ["a number", { nodeVersion: 18 }, "24"],
  ["a truth value", { profile: { enabled: "yes" } }, "true"],
  ["a number in a list", { filters: { only: { campaigns: ["x"] } } }, "7"],
  ["a text where a list belongs", { filters: { only: { metrics: "sent" } } }, "sent"],
  ["a text where an object belongs", { schema: "My events" }, "x"],
  ["an unknown setting", { swatch: "red" }, ""],
  ["an unknown part", { dataset: { swatch: "red" } }, ""],
  ["a setting beside another", { delivery: "direct", source: "http" }, ""],
])(
  "the advice on %s can be typed unchanged",
  async (_what, settings, value) => {
    const lines = mistakesIn(settings);
    expect(lines).toHaveLength(1);
    for (const [key, given] of Object.entries(settings)) {
      if (typeof given === "object") await writeSetting(key, given as object);
      else await shell(`npx pulumi config set ${key} '${String(given)}'`);
    }
    for (const command of commandsIn(lines[0] ?? "", value)) await shell(command);
    expect(remaining(mistakesIn(await takeSettings()))).toEqual([]);
  },
  60_000,
);

/** A placeholder's name inside an object is not a setting. */
function remaining(lines: string[]): string[] {
  return lines.filter((line) => !line.includes(".name"));
}

async function writeSetting(key: string, value: object): Promise<void> {
  const file = path.join(folder, "Pulumi.dev.yaml");
  const text = await readFile(file, "utf8").catch(() => "");
  const known = (parse(text) ?? {}) as { config?: object };
  const config = { ...known.config, [`customerio-aep:${key}`]: value };
  await writeFile(file, stringify({ ...known, config }));
}

async function takeSettings(): Promise<Record<string, unknown>> {
  const { config = {} } = parse(await readFile(path.join(folder, "Pulumi.dev.yaml"), "utf8")) as { config?: object };
  await rm(path.join(folder, "Pulumi.dev.yaml"));
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [key.replace("customerio-aep:", ""), value]));
}

test("every printed or documented command begins with npx, so that it runs this package's CLI and Node", async () => {
  // The local cloud has texts of others: the titles of the demo's steps, and messages of azure-native.
  const files = globSync("{components,mapping,settings,cli,relay,packages/*/src}/**/*.ts", { cwd: repository }).filter(
    (name) => !name.includes("dist/") && !name.includes("local-cloud/"),
  );
  const found: string[] = [];
  for (const name of files) {
    for (const [index, line] of (await readFile(path.join(repository, name), "utf8")).split("\n").entries()) {
      if (/^\s*(\*|\/\/|\/\*)/.test(line)) continue;
      if (bare.test(line)) found.push(`${name}:${index + 1}: ${line.trim()}`);
    }
  }
  expect(found).toEqual([]);
});
