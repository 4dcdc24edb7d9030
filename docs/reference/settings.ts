import { stringify } from "yaml";
import { z } from "zod";
import { config as aep } from "../../packages/pulumi-aep/src/config.ts";
import { config as customerio } from "../../packages/pulumi-customerio/src/config.ts";
import { config as plugin } from "../../relay/deploy/config.ts";
import type { Setting } from "../../settings/setting.ts";
import { settingsTable } from "../../settings/table.ts";
import { code, page, table, wrapped } from "./markdown.ts";

/** The files that are generated from settings/table.ts: the project's configuration, the example, and the documented table. */
const settings = Object.entries(settingsTable) as [string, Setting][];

const width = 120;

/** Pulumi.yaml with every setting of the program. */
export function withProjectSettings(projectFile: string): string {
  const mark = "config: # made from settings/table.ts by npm run docs";
  const declared = settings.map(([name, setting]) =>
    [
      `  ${name}:`,
      ...(setting.secret
        ? [
            '    # Without "secret: true", for which the engine would refuse the default. What is not stored as a secret is refused.',
          ]
        : []),
      ...typeOf(setting).map((line) => `    ${line}`),
      `    default: ${inline(setting.secret ? "" : setting.default)}`,
      "    description: >-",
      wrapped(setting.description, width, "      "),
    ].join("\n"),
  );
  return replaceFrom(projectFile, mark, `${[mark, ...declared].join("\n")}\n`);
}

/** Pulumi.example.yaml with an example of every setting of the program. */
export function withExampleSettings(example: string): string {
  const mark = "  # Settings of the program, made from settings/table.ts by npm run docs.";
  const shown = settings.map(([name, setting]) =>
    [
      wrapped(setting.description, width, "  # "),
      ...(setting.secret
        ? [`  # npx pulumi config set --secret ${name}`]
        : (setting.examples ?? [setting.default]).map((value) => exampleOf(`customerio-aep:${name}`, value))),
    ].join("\n"),
  );
  return replaceFrom(example, mark, `${[mark, ...shown].join("\n\n")}\n`);
}

/** docs/settings.md with a table of all settings, and one of those of the providers. */
export function withSettingsTables(document: string): string {
  const mark = "<!-- Generated from settings/table.ts by npm run docs. -->";
  const made = page(
    mark,
    table(
      ["Setting", "Default", "With `delivery: direct`", "What it does"],
      settings.map(([name, setting]) => [
        code(name) + (setting.secret ? " (secret)" : ""),
        setting.secret ? "" : code(JSON.stringify(setting.default)),
        setting.secret || !setting.direct ? "" : "refused" in setting.direct ? "refused" : "no effect",
        setting.description + (setting.page ? ` [More](${setting.page})` : ""),
      ]),
    ),
    "## Settings of the providers",
    table(
      ["Setting", "Default", "Environment variable", "What it does"],
      [
        ...Object.entries({ aep, customerio, "customerio-aep": plugin }).flatMap(([name, { shape }]) =>
          Object.entries(shape as Record<string, z.ZodType>).map(([key, schema]) =>
            providerRow(`${name}:${key}`, schema),
          ),
        ),
        [
          "`azure-native:location`",
          "",
          "",
          "The region in Azure. A change does not move an existing relay: [how to move it](tasks/replace.md).",
        ],
        [
          "`azure-native:subscriptionId`",
          "",
          "`ARM_SUBSCRIPTION_ID`",
          "By default the subscription of `az account show`.",
        ],
      ],
    ),
  );
  return replaceFrom(document, mark, made);
}

function providerRow(key: string, schema: z.ZodType): string[] {
  const { description = "", secret, environment } = schema.meta() ?? {};
  const value = schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
  return [
    code(key) + (secret ? " (secret)" : ""),
    value === undefined ? "" : code(JSON.stringify(value)),
    typeof environment === "string" ? code(environment) : "",
    description,
  ];
}

/** The lines for a setting's type in Pulumi.yaml. */
function typeOf({ schema }: Setting): string[] {
  const { type, items, enum: values } = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  if (type === "array") return ["type: array", `items: { type: ${(items as { type?: string }).type} }`];
  return [`type: ${values?.every(Number.isInteger) ? "integer" : type}`];
}

function exampleOf(key: string, value: unknown): string {
  const short = `  # ${key}: ${inline(value)}`;
  if (short.length <= width) return short;
  const lines = stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split("\n");
  return lines.map((line) => `  # ${line}`).join("\n");
}

function inline(value: unknown): string {
  return stringify(value, { collectionStyle: "flow", lineWidth: 0 }).trimEnd();
}

/** The text with everything from a line on replaced. */
function replaceFrom(text: string, line: string, replacement: string): string {
  const start = text.indexOf(`${line}\n`);
  if (start < 0) throw new Error(`The line "${line}", after which npm run docs writes the settings, no longer exists.`);
  return text.slice(0, start) + replacement;
}
