import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { provider as aep } from "../../packages/pulumi-aep/src/provider.ts";
import { provider as customerio } from "../../packages/pulumi-customerio/src/provider.ts";
import { provider as relay } from "../../relay/deploy/provider.ts";

interface Property {
  readonly type?: string;
  readonly $ref?: string;
  readonly description?: string;
  readonly secret?: boolean;
  readonly willReplaceOnChanges?: boolean;
  readonly default?: unknown;
  readonly defaultInfo?: { readonly environment: string[] };
  readonly items?: Property;
  readonly additionalProperties?: Property;
}
type Properties = Record<string, Property>;
interface PackageSchema {
  readonly name: string;
  readonly description: string;
  readonly config: { readonly variables: Properties };
  readonly types?: Record<string, { properties?: Properties; enum?: unknown[]; required?: string[] }>;
  readonly resources: Record<
    string,
    { description: string; inputProperties?: Properties; properties?: Properties; requiredInputs?: string[] }
  >;
  readonly functions?: Record<string, { description: string; outputs: { properties: Properties } }>;
}

const repository = path.resolve(__dirname, "../..");
const providers = { aep, customerio, "customerio-aep": relay };
const names = Object.keys(providers) as (keyof typeof providers)[];

/** The schema as the engine prints it; it has then been bound, as for the generators of all languages. */
async function printSchema(name: string): Promise<PackageSchema> {
  const bin = path.join(repository, "node_modules", ".bin");
  const executable = path.join(bin, `pulumi-resource-${name}`);
  const { stdout } = await promisify(execFile)("pulumi", ["package", "get-schema", executable], {
    env: { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH ?? ""}`, PULUMI_SKIP_UPDATE_CHECK: "1" },
  });
  return JSON.parse(stdout) as PackageSchema;
}

/** Property paths without a description or a type, including referenced types. */
function gaps(schema: PackageSchema, properties: Properties, at: string): string[] {
  return Object.entries(properties).flatMap(([name, property]) => {
    const here = `${at}.${name}`;
    const missing = [property.description ? [] : [`${here}: no description`], findUntyped(schema, property, here)];
    return missing.flat();
  });
}

function findUntyped(schema: PackageSchema, property: Property, at: string): string[] {
  const token = property.$ref?.match(/^#\/types\/(.+)$/)?.[1];
  if (token) {
    const type = schema.types?.[token];
    if (!type) return [`${at}: no type ${token}`];
    return type.enum ? [] : gaps(schema, type.properties ?? {}, at);
  }
  if (property.$ref?.startsWith("pulumi.json#/")) return [];
  if (property.type === "array") {
    return property.items ? findUntyped(schema, property.items, `${at}[]`) : [`${at}: no items`];
  }
  if (property.type === "object") {
    const { additionalProperties: values } = property;
    return values ? findUntyped(schema, values, `${at}.*`) : [`${at}: nothing about its properties`];
  }
  return property.type ? [] : [`${at}: no type`];
}

test.each(names)("the engine accepts the schema of %s, and everything in it is described and typed", async (name) => {
  const schema = await printSchema(name);
  expect(Object.keys(schema.resources)).toEqual(
    Object.keys(((await providers[name].schema()) as PackageSchema).resources).toSorted(),
  );
  expect(schema.description).toMatch(/\w\.$/);
  const parts = [
    ...gaps(schema, schema.config.variables, "config"),
    ...Object.entries(schema.resources).flatMap(([token, resource]) => [
      ...(/[\w”]\.$/.test(resource.description) ? [] : [`${token}: no description`]),
      ...gaps(schema, resource.inputProperties ?? {}, token),
      ...gaps(schema, resource.properties ?? {}, token),
    ]),
    ...Object.entries(schema.functions ?? {}).flatMap(([token, { outputs }]) =>
      gaps(schema, outputs.properties, token),
    ),
  ];
  expect(parts).toEqual([]);
});

function replacing(schema: PackageSchema): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(schema.resources).map(([token, { inputProperties = {} }]) => [
      token.split(":")[2] ?? "",
      Object.keys(inputProperties).filter((name) => inputProperties[name]?.willReplaceOnChanges),
    ]),
  );
}

function secrets(schema: PackageSchema): string[] {
  return Object.entries({ ...schema.resources, config: { properties: schema.config.variables } }).flatMap(
    ([token, { properties = {} }]) =>
      Object.keys(properties).flatMap((name) => (properties[name]?.secret ? [`${token}.${name}`] : [])),
  );
}

test("it says what replaces, what is secret and required, and where settings come from", async () => {
  const [platform, webhooks, code] = await Promise.all(names.map(printSchema));
  if (!platform || !webhooks || !code) throw new Error("a schema is missing");
  expect(replacing(platform)).toMatchObject({
    IdentityDescriptor: ["isPrimary", "namespace", "schemaId", "schemaVersion", "sourceProperty"],
    MappingSet: ["mappings", "schemaId", "schemaVersion"],
    Schema: ["classId"],
  });
  expect(replacing(platform).Dataflow).toEqual(expect.arrayContaining(["sourceConnectionId", "targetConnectionId"]));
  expect(replacing(webhooks)).toEqual({ Ownership: [], ReportingWebhook: [] });
  expect(secrets(platform)).toEqual([
    "aep:index:BaseConnection.inletUrl",
    "aep:index:Dataflow.inletUrl",
    "aep:index:Dataflow.streamingUrl",
    "config.clientSecret",
  ]);
  expect(secrets(webhooks)).toEqual([
    "customerio:index:Ownership.endpoint",
    "customerio:index:Ownership.formerClaims",
    "customerio:index:ReportingWebhook.endpoint",
    "config.appApiKey",
  ]);
  expect(platform.resources["aep:index:Dataset"]?.requiredInputs).toEqual(["name", "schemaId"]);
  expect(webhooks.resources["customerio:index:ReportingWebhook"]?.requiredInputs).toEqual([
    "name",
    "endpoint",
    "events",
  ]);
  expect(platform.config.variables.platformUrl).toMatchObject({
    default: "https://platform.adobe.io",
    defaultInfo: { environment: ["AEP_PLATFORM_URL"] },
  });
  expect(code.resources["customerio-aep:index:FunctionCode"]?.inputProperties?.package?.$ref).toBe(
    "pulumi.json#/Archive",
  );
});
