import { z } from "zod";
import type { ComponentDefinition } from "./component-definition.ts";
import { metadata, propertiesWhere } from "./metadata.ts";
import type { PackageDefinition } from "./package-definition.ts";
import type { FunctionDefinition, ResourceDefinition } from "./resource-definition.ts";

/** Prefix for the names of types of settings. */
const settings = "Config";

type Json = { [key: string]: unknown };
/** The part of JSON Schema that zod's converter emits for the shapes that definitions use. */
interface JsonSchema {
  type?: string;
  description?: string;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
}

// Generated packages have the schema's version, and Python's uses a pyproject.toml.
const languages = {
  nodejs: { respectSchemaVersion: true },
  python: { respectSchemaVersion: true, pyproject: { enabled: true } },
  csharp: { respectSchemaVersion: true },
  go: { respectSchemaVersion: true, generateResourceContainerTypes: true },
};

/** The Pulumi package schema of a provider: what `pulumi package get-schema` prints and SDKs are generated from. */
export async function packageSchema<Client, Config extends z.ZodObject>(
  definition: PackageDefinition<Client, Config>,
): Promise<Json> {
  const types = new SchemaTypes(definition.name);
  const resources = definition.resources.map((resource) => [resource.type, describeResource(resource, types)]);
  const components = ((await definition.components?.()) ?? []).map((component) => [
    component.type,
    describeComponent(component, types),
  ]);
  const functions = (definition.functions ?? []).map((entry) => [entry.token, describeFunction(entry, types)]);
  const config = types.describe(definition.config, settings);
  return {
    name: definition.name,
    displayName: definition.displayName,
    version: definition.version,
    description: definition.description,
    license: "Apache-2.0",
    keywords: ["pulumi", definition.name, "category/infrastructure"],
    language: languages,
    // Otherwise Go's SDK has no module, and its imports name a folder that differs from that of a name with a hyphen.
    meta: { supportPack: true },
    // `defaults` is what Pulumi's metaschema calls the list of required variables.
    config: { variables: config.properties, defaults: config.required },
    provider: { description: definition.description, inputProperties: config.properties },
    types: types.named,
    resources: Object.fromEntries([...resources, ...components]),
    functions: Object.fromEntries(functions),
  };
}

function describeResource<Client>(resource: ResourceDefinition<Client>, types: SchemaTypes): Json {
  const name = lastPart(resource.type);
  const inputs = types.describe(resource.inputs, name);
  // Without an update in place, each change of an input creates a new object.
  if (!resource.update) {
    const matters = propertiesWhere(resource.inputs, (meta) => !meta.creation);
    for (const input of matters) Object.assign(inputs.properties[input] ?? {}, { willReplaceOnChanges: true });
  }
  const outputs = types.describe(resource.outputs, name);
  const { inputOnly = [] } = resource;
  const isRepeated = (input: string) => !inputOnly.includes(input);
  const repeated = Object.entries(inputs.properties).filter(([input]) => isRepeated(input));
  return {
    description: resource.description,
    inputProperties: inputs.properties,
    requiredInputs: inputs.required,
    properties: { ...Object.fromEntries(repeated), ...outputs.properties },
    required: [...new Set([...inputs.present.filter(isRepeated), ...outputs.present])],
  };
}

function describeComponent({ type, description, inputs, outputs }: ComponentDefinition, types: SchemaTypes): Json {
  const name = lastPart(type);
  const given = types.describe(inputs, name);
  const made = types.describe(outputs, name);
  // The values themselves are marked. For a secret property, Java's generator uses an option that components don't have, so that its SDK
  // does not compile.
  for (const property of Object.values(made.properties)) delete property.secret;
  return {
    isComponent: true,
    description,
    inputProperties: given.properties,
    requiredInputs: given.required,
    properties: made.properties,
    required: made.present,
  };
}

function describeFunction<Client>(entry: FunctionDefinition<Client>, types: SchemaTypes): Json {
  const name = lastPart(entry.token);
  const args = types.describe(entry.args, `${name}Args`);
  const result = types.describe(entry.result, `${name}Result`);
  return {
    description: entry.description,
    inputs: { type: "object", properties: args.properties, required: args.required },
    outputs: { type: "object", properties: result.properties, required: result.present },
  };
}

function lastPart(token: string): string {
  return token.split(":").at(-1) ?? "";
}

/** Properties in the language of Pulumi's schemas, and the types that they refer to. */
class SchemaTypes {
  readonly named: Json = {};
  readonly #packageName: string;

  constructor(packageName: string) {
    this.#packageName = packageName;
  }

  /**
   * The properties of an object. `required`: must be given; `present`: always set afterwards, because given or defaulted.
   *
   * @param owner prefix for the names of types
   */
  describe(
    object: z.ZodObject,
    owner: string,
  ): { properties: Record<string, Json>; required: string[]; present: string[] } {
    const properties: Record<string, Json> = {};
    const required: string[] = [];
    const present: string[] = [];
    for (const [name, property] of Object.entries(object.shape) as [string, z.ZodType][]) {
      const { description, secret, replaces, environment } = metadata(property);
      properties[name] = {
        ...this.#specOf(property, typeName(owner, name)),
        ...(description ? { description } : {}),
        ...(secret ? { secret: true } : {}),
        ...(replaces ? { willReplaceOnChanges: true } : {}),
        ...(environment ? { defaultInfo: { environment: [environment] } } : {}),
        ...defaultOf(property),
      };
      if (!z.safeParse(property, undefined).success) required.push(name);
      if (!(property instanceof z.ZodOptional)) present.push(name);
    }
    return { properties, required, present };
  }

  #specOf(property: z.ZodType, name: string): Json {
    if (property instanceof z.ZodCustom) return { $ref: "pulumi.json#/Archive" };
    const json = z.toJSONSchema(property, { io: "input", unrepresentable: "any" }) as JsonSchema;
    return this.#toPulumi(json, name);
  }

  #toPulumi(json: JsonSchema, name: string): Json {
    const alternatives = (json.anyOf ?? []).filter((option) => option.type !== "null");
    if (alternatives.length === 1 && alternatives[0]) return this.#toPulumi(alternatives[0], name);
    switch (json.type) {
      case "string":
        // For a setting with an enumeration, the Go generator emits code that doesn't compile.
        if (!json.enum || name.startsWith(settings)) return { type: "string" };
        return this.#addType(name, { type: "string", enum: json.enum.map((value) => ({ value })) });
      case "number":
        // zod calls a choice of whole numbers this, and Go and Python would ask for a float.
        return { type: json.enum?.every(Number.isInteger) ? "integer" : "number" };
      case "boolean":
      case "integer":
        return { type: json.type };
      case "array":
        return { type: "array", items: this.#toPulumi(json.items ?? {}, name) };
      case "object":
        return this.#objectToPulumi(json, name);
      default:
        return { $ref: "pulumi.json#/Any" };
    }
  }

  #objectToPulumi({ properties = {}, additionalProperties, required = [] }: JsonSchema, name: string): Json {
    const mapOf = (values: JsonSchema) => ({
      type: "object",
      additionalProperties: this.#toPulumi(values, `${name}Value`),
    });
    const entries = Object.entries(properties);
    const [first] = entries;
    if (first === undefined) return mapOf(typeof additionalProperties === "object" ? additionalProperties : {});
    // A name such as `$ref` is not valid in any language, so such an object stays a map.
    if (!entries.every(([key]) => /^[A-Za-z]\w*$/.test(key))) return mapOf(first[1]);
    const described = entries.map(([key, property]) => [
      key,
      {
        ...this.#toPulumi(property, typeName(name, key)),
        ...(property.description ? { description: property.description } : {}),
      },
    ]);
    return this.#addType(name, { type: "object", properties: Object.fromEntries(described), required });
  }

  #addType(name: string, type: Json): Json {
    const token = `${this.#packageName}:index:${name}`;
    this.named[token] = type;
    return { $ref: `#/types/${token}` };
  }
}

function typeName(owner: string, property: string): string {
  return `${owner}${property[0]?.toUpperCase()}${property.slice(1)}`;
}

function defaultOf(property: z.ZodType): { default?: unknown } {
  const value = property instanceof z.ZodDefault ? property.def.defaultValue : undefined;
  // A schema has defaults for scalars only.
  return ["string", "number", "boolean"].includes(typeof value) ? { default: value } : {};
}
