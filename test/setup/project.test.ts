import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { parse } from "yaml";
import { createProject, projectNameFor } from "../../cli/setup/project.ts";
import { FakePulumi } from "./fake-pulumi.ts";
import { ScriptedPrompter } from "./scripted-prompter.ts";
import { everything, giveCredentials, SetupWorld, written } from "./setup-world.ts";

// The project in whose folder a setup runs.
const world = new SetupWorld("shop");
beforeAll(() => world.start());
afterAll(() => world.stop());
beforeEach(() => world.beginTest());
afterEach(() => world.endTest());

test("an empty folder becomes a project", async () => {
  await world.emptyFolder("exit 0");
  const { result } = await world.run(new ScriptedPrompter([[/has no Pulumi project/, "typescript"], ...everything]));
  expect(result).toMatchObject({ madeProject: true, madeStack: true, project: path.basename(world.folder) });
  const [settings, manifest] = await Promise.all(
    ["Pulumi.yaml", "package.json"].map((name) => readFile(path.join(world.folder, name), "utf8")),
  );
  expect(settings).toMatch(new RegExp(`^name: ${path.basename(world.folder)}\n`));
  // Without the folder of the plugins, Pulumi would refuse lines that name it.
  expect(`${settings}${manifest}`).not.toMatch(/\$\{|^(template|plugins):/m);
  for (const name of [".npmrc", ".gitignore"]) {
    const template = path.join(__dirname, "../../templates/typescript", name);
    expect(await readFile(path.join(world.folder, name), "utf8")).toBe(await readFile(template, "utf8"));
  }
});

test.each(["typescript", "yaml"])(
  "a new project in %s says where the plugins are, once npm has put them there",
  async (language) => {
    await world.emptyFolder("touch node_modules/.bin/pulumi-resource-aep");
    await world.run(new ScriptedPrompter([[/has no Pulumi project/, language], ...everything]));
    const { name, plugins } = parse(await readFile(path.join(world.folder, "Pulumi.yaml"), "utf8"));
    const folder = "node_modules/.bin";
    expect([name, plugins]).toEqual([
      path.basename(world.folder),
      { providers: ["aep", "customerio", "customerio-aep"].map((plugin) => ({ name: plugin, path: folder })) },
    ]);
  },
);

test.each([
  ["npm", "npm/12.0.1 node/v24.21.0 linux x64 workspaces/false", []],
  ["pnpm", "pnpm/12.23.0 npm/? node/? linux x64", ["pnpm-workspace.yaml"]],
  ["yarn", "yarn/4.9.1 npm/? node/v24.21.0 linux x64", [".yarnrc.yml"]],
  ["bun", "bun/1.4.5 npm/? node/v26.3.0 linux x64", []],
])("%s installs the packages if it started the setup", async (manager, agent, files) => {
  process.env.npm_config_user_agent = agent;
  await world.emptyFolder("exit 1", {}, manager);
  const print = jest.fn();
  const made = { template: "yaml", name: "shop", isQuiet: true, print } as const;
  await expect(createProject(world.folder, made)).rejects.toThrow(`Once ${manager} can install them`);
  expect(print).toHaveBeenCalledWith(`Created the project shop in ${world.folder}. ${manager} installs its packages.`);
  expect(await readdir(world.folder)).toEqual(["node_modules"]);
  await writeFile(path.join(world.folder, "node_modules/.bin", manager), "#!/bin/sh\nexit 0\n");
  await createProject(world.folder, made);
  const ofTemplate = [".gitignore", ".npmrc", "Pulumi.yaml", "node_modules", "package.json"];
  expect((await readdir(world.folder)).sort()).toEqual([...ofTemplate, ...files].sort());
});

test("a folder with other files is left alone", async () => {
  await FakePulumi.install(world.folder);
  await writeFile(path.join(world.folder, "package.json"), "{}");
  await expect(world.run(undefined)).rejects.toThrow("which would be overwritten");
  expect((await readdir(world.folder)).sort()).toEqual(["node_modules", "package.json"]);
});

test("a project does not get the name of a provider, which would take its settings as its own", async () => {
  expect(["/home/me/customerio", "aep", "azure-native", "events"].map(projectNameFor)).toEqual([
    "customerio-events",
    "aep-events",
    "azure-native-events",
    "events",
  ]);
  expect(["/home/me/Événements – été", `/${"x".repeat(110)}`, "/日本"].map(projectNameFor)).toEqual([
    "Evenements-ete",
    "x".repeat(100),
    "customerio-events",
  ]);
  const pulumi = await world.project();
  await writeFile(path.join(world.folder, "Pulumi.yaml"), "name: customerio\nruntime: nodejs\n");
  giveCredentials();
  await expect(world.run(undefined)).rejects.toThrow(
    /^The project is called customerio, .* in Pulumi\.yaml, such as to customerio-events\.$/,
  );
  expect((await pulumi.calls()).map(({ args }) => args[0])).toEqual(["version"]);
  // Its settings are arguments, so that the provider gets nothing but its own.
  await writeFile(path.join(world.folder, "index.ts"), "");
  await expect(world.run(undefined)).rejects.toThrow(/since this is missing:\n {2}- aep:sandbox/);
});

test("settings that the program does not read are refused", async () => {
  await world.project();
  await writeFile(path.join(world.folder, "index.ts"), "");
  await expect(world.run(undefined, { options: { delivery: "direct" } })).rejects.toThrow(
    /^--delivery: the program of this folder/,
  );
});

test.each([
  ["its folder", "main: infra\n", {}],
  ["its file", "main: infra/index.ts\n", {}],
  ["package.json", "", { main: "infra/index.ts" }],
])("settings of a program in another folder, which %s names, are asked for", async (_what, line, manifest) => {
  const pulumi = await world.project();
  await mkdir(path.join(world.folder, "infra"));
  await rename(path.join(world.folder, "index.ts"), path.join(world.folder, "infra/index.ts"));
  await writeFile(path.join(world.folder, "Pulumi.yaml"), `name: events\nruntime: nodejs\n${line}`);
  await writeFile(path.join(world.folder, "package.json"), JSON.stringify(manifest, null, 2));
  await world.run(new ScriptedPrompter(everything));
  expect(await pulumi.settings("dev")).toEqual(written);
});
