import type { Setting } from "../../settings/setting.ts";
import { settingsTable } from "../../settings/table.ts";
import { literal } from "./example-code.ts";
import { wrapped } from "./markdown.ts";

/** components/settings/setting-arguments.ts: the settings as arguments, with the comments that editors show. */
export function settingArguments(): string {
  const members = Object.entries(settingsTable).map(([name, setting]) => member(name, setting));
  return `// Generated from settings/table.ts by npm run docs.
import type { SettingArgument } from "./setting-types.ts";

/** The settings as arguments of a component. Each has a default. */
export interface SettingArguments {
${members.join("\n")}
}
`;
}

function member(name: string, setting: Setting): string {
  const comment = [setting.description, plainness(setting), defaultOf(setting)].filter((part) => part !== "").join(" ");
  const lines = [wrapped(comment, 118, "   * "), ...exampleOf(name, setting)];
  return ["  /**", ...lines, "   */", `  ${name}?: SettingArgument<"${name}">;`].join("\n");
}

function plainness(setting: Setting): string {
  if (setting.secret) return "A secret.";
  if (setting.decides === true) return "A plain value, not an output.";
  const [last, ...others] = (setting.decides ?? []).map((property) => `\`${property}\``).toReversed();
  if (last === undefined) return "";
  if (others.length === 0) return `${last} is a plain value, not an output.`;
  return `${others.toReversed().join(", ")} and ${last} are plain values, not outputs.`;
}

function defaultOf(setting: Setting): string {
  return setting.secret || typeof setting.default === "object"
    ? ""
    : `Default: \`${JSON.stringify(setting.default)}\`.`;
}

function exampleOf(name: string, setting: Setting): string[] {
  const example = setting.secret
    ? `new pulumi.Config().getSecret("${name}")`
    : setting.examples && literal(setting.examples[0], "");
  return example === undefined ? [] : ["   *", ...`@example ${example}`.split("\n").map((line) => `   * ${line}`)];
}
