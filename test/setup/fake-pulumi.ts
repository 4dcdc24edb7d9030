import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** A call of the fake `pulumi`. */
export interface PulumiCallSeen {
  readonly args: string[];
  readonly input: string;
  readonly passphrase: string | undefined;
}

/** What it does: a program of its own, which stays small so that it starts fast. Settings are JSON, which is YAML too. */
const program = `#!/usr/bin/env node
const fs = require("node:fs");
const path = require("node:path");
const args = process.argv.slice(2).filter((word) => !["--non-interactive", "--color", "never"].includes(word));
const flag = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const [command, sub] = args;
const input = command === "config" && sub === "set" ? fs.readFileSync(0, "utf8") : "";
// In a folder of its own, it has a world of its own.
const apart = flag("--cwd");
if (apart) process.chdir(apart);
const state = path.join(apart ?? __dirname, "state.json");
if (apart && !fs.existsSync(state)) fs.writeFileSync(state, JSON.stringify({ stacks: [] }));
const world = JSON.parse(fs.readFileSync(state, "utf8"));
const keep = () => fs.writeFileSync(state, JSON.stringify(world));
fs.appendFileSync(path.join(__dirname, "calls.jsonl"), JSON.stringify({ args, input, passphrase: process.env.PULUMI_CONFIG_PASSPHRASE }) + "\\n");
// "organization/events/dev" and "dev" are one stack.
const lastPart = (name) => name.split("/").at(-1);
const file = () => flag("--config-file") ?? "Pulumi." + lastPart(flag("--stack")) + ".yaml";
const settings = () => (fs.existsSync(file()) ? JSON.parse(fs.readFileSync(file(), "utf8")) : {});
const fail = (message) => {
  process.stderr.write("error: " + message + "\\n");
  process.exit(1);
};
if (args.includes("--")) fail("flags after -- are arguments");
if (world.fail && args.join(" ").includes(world.fail)) fail("told to fail");
if (world.pressCtrlC && args.join(" ").includes(world.pressCtrlC)) {
  // A terminal sends the signal to both.
  process.kill(process.ppid, "SIGINT");
  process.exit(130);
}
if (command === "version") {
  console.log("v3.0.0");
} else if (command === "whoami") {
  const url = process.env.PULUMI_BACKEND_URL ?? world.backend;
  if (!url) fail("PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions");
  console.log(JSON.stringify({ user: "operator", url }));
} else if (command === "login") {
  world.backend = sub;
  keep();
} else if (command === "stack" && sub === "ls") {
  console.log(JSON.stringify(world.stacks.map((name) => ({ name, current: name === world.selected }))));
} else if (command === "stack" && sub === "--show-name") {
  if (!world.stacks.includes(lastPart(flag("--stack")))) fail("no stack named '" + flag("--stack") + "' found");
} else if (command === "stack" && sub === "init") {
  if (world.stacks.includes(lastPart(args[2]))) fail("stack '" + args[2] + "' already exists");
  world.stacks.push(args[2]);
  world.selected = args[2];
  keep();
  const own = "Pulumi." + args[2] + ".yaml";
  const kept = fs.existsSync(own) ? JSON.parse(fs.readFileSync(own, "utf8")) : {};
  fs.writeFileSync(own, JSON.stringify({ encryptionsalt: "v1:salt", ...kept }));
} else if (command === "stack" && sub === "rm") {
  world.stacks = world.stacks.filter((name) => name !== args[2]);
  keep();
  if (!args.includes("--preserve-config")) fs.rmSync("Pulumi." + args[2] + ".yaml", { force: true });
} else if (command === "config" && sub === "set") {
  const found = settings();
  const key = args.slice(2).find((word, index, all) => !word.startsWith("--") && !["--stack", "--config-file"].includes(all[index - 1]));
  found.config = { ...found.config, [key]: { value: input, secret: args.includes("--secret") } };
  fs.writeFileSync(file(), JSON.stringify(found));
} else if (command === "config") {
  console.log(JSON.stringify(settings().config ?? {}));
} else if (command === "preview") {
  console.log("the preview");
  process.exit(world.previewFails ? 1 : 0);
} else if (command === "up") {
  console.log("the update");
} else fail("unknown command " + args.join(" "));
`;

/** The world of a fake `pulumi` that a folder has in its `node_modules/.bin`. */
export class FakePulumi {
  readonly #bin: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#bin = path.join(folder, "node_modules", ".bin");
  }

  static async install(
    folder: string,
    world: {
      backend?: string;
      stacks?: string[];
      selected?: string;
      fail?: string;
      pressCtrlC?: string;
      previewFails?: boolean;
    } = {},
  ): Promise<FakePulumi> {
    const fake = new FakePulumi(folder);
    await mkdir(fake.#bin, { recursive: true });
    await writeFile(path.join(fake.#bin, "package.json"), '{"type":"commonjs"}');
    await writeFile(path.join(fake.#bin, "pulumi"), program, { mode: 0o755 });
    await writeFile(path.join(fake.#bin, "calls.jsonl"), "");
    await fake.change({ backend: "file://~", stacks: [], ...world });
    return fake;
  }

  async change(world: object): Promise<void> {
    const file = path.join(this.#bin, "state.json");
    const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
    await writeFile(file, JSON.stringify({ ...before, ...world }));
  }

  async calls(): Promise<PulumiCallSeen[]> {
    const text = await readFile(path.join(this.#bin, "calls.jsonl"), "utf8");
    return text
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  }

  async stacks(): Promise<string[]> {
    return JSON.parse(await readFile(path.join(this.#bin, "state.json"), "utf8")).stacks;
  }

  /** The settings of a stack, with `[secret] ` before those that are stored encrypted. */
  async settings(stack: string): Promise<Record<string, string>> {
    const text = await readFile(path.join(this.#folder, `Pulumi.${stack}.yaml`), "utf8");
    const { config = {} } = JSON.parse(text) as { config?: Record<string, { value: string; secret: boolean }> };
    return Object.fromEntries(
      Object.entries(config).map(([key, { value, secret }]) => [key, `${secret ? "[secret] " : ""}${value}`]),
    );
  }
}
