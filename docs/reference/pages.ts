import { readdirSync } from "node:fs";
import path from "node:path";
import { provider as aep } from "../../packages/pulumi-aep/src/provider.ts";
import { provider as customerio } from "../../packages/pulumi-customerio/src/provider.ts";
import { provider as relay } from "../../relay/deploy/provider.ts";
import { cliPage } from "./cli.ts";
import { typeScriptOf, yamlOf } from "./example-code.ts";
import { examples } from "./examples.ts";
import { errorIndexPage } from "./lists/error-index.ts";
import { fieldsPage } from "./lists/fields.ts";
import { code, escaped, fenced, page, table, yes } from "./markdown.ts";
import { rolesPage } from "./roles.ts";

interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly defaultInfo?: { readonly environment: readonly string[] };
  readonly secret?: boolean;
  readonly willReplaceOnChanges?: boolean;
  readonly items?: Property;
  readonly additionalProperties?: Property;
}
type Properties = Readonly<Record<string, Property>>;
interface ObjectType {
  readonly properties?: Properties;
  readonly required?: readonly string[];
  readonly enum?: readonly { value: string }[];
}
interface Resource {
  readonly description: string;
  readonly inputProperties: Properties;
  readonly requiredInputs: readonly string[];
  readonly properties: Properties;
}
interface PackageSchema {
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
  readonly config: { readonly variables: Properties; readonly defaults: readonly string[] };
  readonly types: Readonly<Record<string, ObjectType>>;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly functions: Readonly<Record<string, { description: string; outputs: ObjectType }>>;
}

/** Generates the reference from the package schemas: path in this folder → page. */
export async function referencePages(): Promise<Map<string, string>> {
  const schemas = (await Promise.all([aep, customerio, relay].map((provider) => provider.schema()))) as PackageSchema[];
  const pages = new Map<string, string>();
  for (const schema of schemas) {
    pages.set(`${schema.name}/README.md`, packagePage(schema));
    for (const [token, resource] of Object.entries(schema.resources)) {
      pages.set(`${schema.name}/${fileOf(token)}`, resourcePage(schema, token, resource));
    }
  }
  pages.set("cli.md", cliPage());
  pages.set("roles.md", rolesPage());
  pages.set("fields.md", fieldsPage());
  pages.set("errors.md", errorIndexPage(productFiles()));
  pages.set("README.md", indexPage(schemas));
  return pages;
}

/** The files whose messages people see, in an order that is the same everywhere. */
function productFiles(): string[] {
  const repository = path.resolve(import.meta.dirname, "../..");
  const rooms = ["cli", "components", "mapping", "settings", "relay/deploy"];
  const packages = ["pulumi-aep", "pulumi-customerio", "pulumi-provider-kit"].map((name) => `packages/${name}/src`);
  const files = [...rooms, ...packages].flatMap((room) =>
    readdirSync(path.join(repository, room), { recursive: true, encoding: "utf8" }).map(
      (name) => `${room}/${name.split(path.sep).join("/")}`,
    ),
  );
  return files.filter((name) => name.endsWith(".ts")).sort();
}

function indexPage(schemas: readonly PackageSchema[]): string {
  return page(
    "# Reference",
    "The Pulumi packages of this repository. `npm run docs` generates these pages from their schemas.",
    ...schemas.flatMap((schema) => [
      `## [${schema.displayName} (\`${schema.name}\`)](${schema.name}/README.md)`,
      schema.description,
      resourceList(schema, `${schema.name}/`),
    ]),
    "## [Events and fields](fields.md)",
    "What Customer.io reports, and what a row of the dataset has.",
    "## [Error messages](errors.md)",
    "Every message that this project writes itself.",
    "## [Command line (`customerio-aep`)](cli.md)",
    "The commands for operators of a running stack.",
  );
}

function packagePage(schema: PackageSchema): string {
  const { name, config } = schema;
  const functions = Object.entries(schema.functions).flatMap(([token, { description, outputs }]) => [
    `### ${token}`,
    description,
    outputTable(schema, outputs.properties ?? {}),
  ]);
  return page(
    `# ${schema.displayName}: package \`${name}\``,
    schema.description,
    "The schema for the generators of all Pulumi languages:",
    fenced("sh", `npx pulumi package get-schema ./node_modules/.bin/pulumi-resource-${name}`),
    "## Settings",
    `Set with \`pulumi config set ${name}:<name> <value>\`, secret ones with \`--secret\`; where the stack's configuration ` +
      "has none, the environment variable counts.",
    table(
      ["Name", "Given", "Environment", "Replaces", "Secret", "Description"],
      Object.entries(config.variables).map(([key, property]) => [
        code(`${name}:${key}`),
        given(property, config.defaults.includes(key)),
        (property.defaultInfo?.environment ?? []).map(code).join(", "),
        property.willReplaceOnChanges ? "all resources" : "",
        yes(property.secret),
        property.description ?? "",
      ]),
    ),
    "## Resources",
    resourceList(schema, ""),
    ...(functions.length > 0 ? ["## Functions", ...functions] : []),
  );
}

/** The file with the examples of a package. */
const exampleFiles: Readonly<Record<string, string>> = {
  aep: "test/subjects/platform.ts",
  customerio: "test/subjects/customerio.ts",
  "customerio-aep": "test/subjects/relay.ts",
};

function resourcePage(schema: PackageSchema, token: string, resource: Resource): string {
  const inputs = Object.keys(resource.inputProperties);
  const outputs = Object.entries(resource.properties).filter(([name]) => !(name in resource.inputProperties));
  const example = examples[token];
  if (!example) throw new Error(`${exampleFiles[schema.name]} has no example of ${token}`);
  return page(
    `# ${token}`,
    escaped(resource.description),
    "## Example",
    fenced("ts", typeScriptOf(token, example)),
    fenced("yaml", yamlOf(token, example)),
    "## Inputs",
    inputs.length > 0 ? inputTable(schema, resource.inputProperties, resource.requiredInputs) : "None.",
    ...nestedTables(schema, resource.inputProperties),
    "## Outputs",
    "All inputs, `id`, and:",
    outputs.length > 0 ? outputTable(schema, Object.fromEntries(outputs)) : "nothing else.",
    "## Import",
    ...(example.imported
      ? [
          fenced("sh", `pulumi import ${token} ${example.name} '${example.imported.id}'`),
          `Where to find the id: ${escaped(example.imported.where)}.`,
        ]
      : ["It can't be imported."]),
  );
}

function resourceList(schema: PackageSchema, folder: string): string {
  const entries = Object.entries(schema.resources).map(([token, { description }]) => {
    const [first = ""] = description.split(/(?<=\.) /);
    return `- [${token.split(":")[2]}](${folder}${fileOf(token)}): ${first}`;
  });
  return entries.join("\n");
}

function inputTable(schema: PackageSchema, properties: Properties, required: readonly string[]): string {
  return table(
    ["Name", "Type", "Given", "Replaces", "Secret", "Description"],
    Object.entries(properties).map(([name, property]) => [
      code(name),
      typeOf(schema, property),
      given(property, required.includes(name)),
      yes(property.willReplaceOnChanges),
      yes(property.secret),
      property.description ?? "",
    ]),
  );
}

function nestedTables(schema: PackageSchema, properties: Properties): string[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const type = objectTypeOf(schema, property.items ?? property);
    if (!type?.properties) return [];
    const of = property.items ? `Each of \`${name}\`` : `\`${name}\``;
    return [`### ${of}`, inputTable(schema, type.properties, type.required ?? [])];
  });
}

function outputTable(schema: PackageSchema, properties: Properties): string {
  return table(
    ["Name", "Type", "Secret", "Description"],
    Object.entries(properties).map(([name, property]) => [
      code(name),
      typeOf(schema, property),
      yes(property.secret),
      property.description ?? "",
    ]),
  );
}

function typeOf(schema: PackageSchema, property: Property): string {
  if (property.$ref === "pulumi.json#/Archive") return "archive";
  if (property.$ref === "pulumi.json#/Any") return "any";
  const type = objectTypeOf(schema, property);
  if (type?.enum) return type.enum.map(({ value }) => code(value)).join(" or ");
  if (type) return "object";
  if (property.items) return `list of ${typeOf(schema, property.items)}`;
  if (property.additionalProperties) return `map of ${typeOf(schema, property.additionalProperties)}`;
  return property.type ?? "";
}

function objectTypeOf(schema: PackageSchema, property: Property): ObjectType | undefined {
  return schema.types[property.$ref?.replace("#/types/", "") ?? ""];
}

function given(property: Property, required: boolean): string {
  if (required) return "required";
  return property.default === undefined ? "optional" : `default ${code(JSON.stringify(property.default))}`;
}

/** `aep:index:FieldGroup` → `field-group.md`. */
function fileOf(token: string): string {
  const name = token.split(":")[2] ?? "";
  return `${name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.md`;
}
