import { readFile } from "node:fs/promises";
import path from "node:path";
import { referencePages } from "./pages.ts";
import { withScalingTables } from "./scaling.ts";
import { packageSchemas } from "./schemas.ts";
import { settingArguments } from "./setting-arguments.ts";
import { withExampleSettings, withProjectSettings, withSettingsTables } from "./settings.ts";

export const repository = path.resolve(import.meta.dirname, "../..");

/** Every file that `npm run docs` writes, whole or in part: path in the repository → text. */
export async function madeFiles(): Promise<Map<string, string>> {
  const read = (name: string) => readFile(path.join(repository, name), "utf8");
  const pages = [...(await referencePages())].map(([name, text]) => [`docs/reference/${name}`, text] as const);
  return new Map([
    ...pages,
    ...(await packageSchemas()),
    ["components/settings/setting-arguments.ts", settingArguments()],
    ["docs/settings.md", withSettingsTables(await read("docs/settings.md"))],
    ["docs/scaling.md", withScalingTables(await read("docs/scaling.md"))],
    ["Pulumi.yaml", withProjectSettings(await read("Pulumi.yaml"))],
    ["Pulumi.example.yaml", withExampleSettings(await read("Pulumi.example.yaml"))],
  ]);
}
