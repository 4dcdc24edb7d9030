import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { config as aep } from "../../packages/pulumi-aep/src/config.ts";
import { config as customerio } from "../../packages/pulumi-customerio/src/config.ts";
import { config as plugin } from "../../relay/deploy/config.ts";
import { plainSettings, secretSettings, settingsSchema } from "../../settings/schema.ts";
import { settingsTable } from "../../settings/table.ts";

const repository = path.resolve(__dirname, "../..");
const names = Object.keys(settingsTable);

test("a setting accepts its own default and examples", () => {
  const refused = Object.entries(plainSettings).flatMap(([name, { default: value, examples = [] }]) =>
    [value, ...examples].filter((given) => !settingsSchema.safeParse({ [name]: given }).success).map(() => name),
  );
  expect(refused.map((name) => `settings/table.ts: ${name} refuses its own default or example`)).toEqual([]);
});

test("every setting is described in whole sentences, without links, which lead nowhere in an editor", () => {
  for (const [name, { description }] of Object.entries(settingsTable)) {
    expect([name, description]).toEqual([name, expect.stringMatching(/^[A-Z`].*\.$/)]);
    expect([name, description]).toEqual([name, expect.not.stringContaining("](")]);
  }
});

function codeIn(folder: string): string {
  const names = readdirSync(path.join(repository, folder), { recursive: true, encoding: "utf8" });
  const files = names.filter((name) => name.endsWith(".ts") && !name.endsWith("setting-arguments.ts"));
  return files.map((name) => readFileSync(path.join(repository, folder, name), "utf8")).join("\n");
}

test("every setting is used: by a component, or by the relay under the name of its app setting", () => {
  const uses = { components: codeIn("components"), "relay/azure": codeIn("relay/azure") };
  const unused = Object.entries(settingsTable).flatMap(([name, setting]) => {
    const [folder, sought] =
      "appSetting" in setting ? (["relay/azure", setting.appSetting] as const) : (["components", name] as const);
    return new RegExp(`\\b${sought}\\b`).test(uses[folder])
      ? []
      : [`settings/table.ts has ${name}: use ${sought} in ${folder}`];
  });
  expect(unused).toEqual([]);
});

test("Pulumi.example.yaml names the settings of the providers too", () => {
  const example = readFileSync(path.join(repository, "Pulumi.example.yaml"), "utf8");
  const keys = Object.entries({ aep, customerio, "customerio-aep": plugin }).flatMap(([name, { shape }]) =>
    Object.keys(shape).map((key) => `${name}:${key}`),
  );
  const absent = keys.filter((key) => !example.includes(key));
  expect(absent.map((key) => `Pulumi.example.yaml lacks ${key}`)).toEqual([]);
});

test("secrets are not parsed with the other settings, since their values are known too late", () => {
  expect(Object.keys(settingsSchema.shape).toSorted()).toEqual(
    names.filter((name) => !(name in secretSettings)).toSorted(),
  );
});
