import { z } from "zod";
import { metadata, propertiesWhere } from "./metadata.ts";
import type { PackageDefinition } from "./package-definition.ts";

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
  const types: Json = {};
  const describe = (object: z.ZodObject, owner: string) => describeProperties(definition.name, types, object, owner);
  const resources = definition.resources.map((resource) => {
    const name = resource.type.split(":").at(-1) ?? "";
    const inputs = describe(resource.inputs, name);
    // Without an update in place, each change of an input creates a new object.
    if (!resource.update) {
      const matters = propertiesWhere(resource.inputs, (meta) => !meta.creation);
      for (const input of matters) Object.assign(inputs.properties[input] ?? {}, { willReplaceOnChanges: true });
    }
    const outputs = describe(resource.outputs, name);
    const { inputOnly = [] } = resource;
    const isRepeated = (input: string) => !inputOnly.includes(input);
    const repeated = Object.entries(inputs.properties).filter(([input]) => isRepeated(input));
    return [
      resource.type,
      {
        description: resource.description,
        inputProperties: inputs.properties,
        requiredInputs: inputs.required,
        properties: { ...Object.fromEntries(repeated), ...outputs.properties },
        required: [...new Set([...inputs.present.filter(isRepeated), ...outputs.present])],
      },
    ];
  });
  const components = ((await definition.components?.()) ?? []).map(({ type, description, inputs, outputs }) => {
    const name = type.split(":").at(-1) ?? "";
    const given = describe(inputs, name);
    const made = describe(outputs, name);
    return [
      type,
      {
        isComponent: true,
        description,
        inputProperties: given.properties,
        requiredInputs: given.required,
        properties: made.properties,
        required: made.present,
      },
    ];
  });
  const functions = (definition.functions ?? []).map((entry) => {
    const name = entry.token.split(":").at(-1) ?? "";
    const [args, result] = [describe(entry.args, `${name}Args`), describe(entry.result, `${name}Result`)];
    return [
      entry.token,
      {
        description: entry.description,
        inputs: { type: "object", properties: args.properties, required: args.required },
        outputs: { type: "object", properties: result.properties, required: result.present },
      },
    ];
  });
  const config = describe(definition.config, settings);
  return {
    name: definition.name,
    displayName: definition.displayName,
    version: definition.version,
    description: definition.description,
    license: "Apache-2.0",
    keywords: ["pulumi", definition.name, "category/infrastructure"],
    language: languages,
    // `defaults` is what Pulumi's metaschema calls the list of required variables.
    config: { variables: config.properties, defaults: config.required },
    provider: { description: definition.description, inputProperties: config.properties },
    types,
    resources: Object.fromEntries([...resources, ...components]),
    functions: Object.fromEntries(functions),
  };
}

/** `required`: must be given; `present`: always set afterwards, because given or defaulted. */
function describeProperties(
  packageName: string,
  types: Json,
  object: z.ZodObject,
  owner: string,
): { properties: Record<string, Json>; required: string[]; present: string[] } {
  const properties: Record<string, Json> = {};
  const required: string[] = [];
  const present: string[] = [];
  for (const [name, property] of Object.entries(object.shape) as [string, z.ZodType][]) {
    const { description, secret, replaces, environment } = metadata(property);
    const type = specOf(packageName, types, property, `${owner}${name[0]?.toUpperCase()}${name.slice(1)}`);
    properties[name] = {
      ...type,
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

function specOf(packageName: string, types: Json, property: z.ZodType, name: string): Json {
  if (property instanceof z.ZodCustom) return { $ref: "pulumi.json#/Archive" };
  const json = z.toJSONSchema(property, { io: "input", unrepresentable: "any" }) as JsonSchema;
  return toPulumi(packageName, types, json, name);
}

function toPulumi(packageName: string, types: Json, json: JsonSchema, name: string): Json {
  const alternatives = (json.anyOf ?? []).filter((option) => option.type !== "null");
  if (alternatives.length === 1 && alternatives[0]) return toPulumi(packageName, types, alternatives[0], name);
  switch (json.type) {
    case "string":
      // For a setting with an enumeration, the Go generator emits code that doesn't compile.
      if (!json.enum || name.startsWith(settings)) return { type: "string" };
      return enumeration(types, json.enum, `${packageName}:index:${name}`);
    case "boolean":
    case "integer":
    case "number":
      return { type: json.type };
    case "array":
      return { type: "array", items: toPulumi(packageName, types, json.items ?? {}, name) };
    case "object": {
      if (!json.properties || Object.keys(json.properties).length === 0) {
        const values = typeof json.additionalProperties === "object" ? json.additionalProperties : {};
        return { type: "object", additionalProperties: toPulumi(packageName, types, values, `${name}Value`) };
      }
      // A name such as `$ref` is not valid in any language, so such an object stays a map.
      if (!Object.keys(json.properties).every((key) => /^[A-Za-z]\w*$/.test(key))) {
        const [value = {}] = Object.values(json.properties);
        return { type: "object", additionalProperties: toPulumi(packageName, types, value, `${name}Value`) };
      }
      const token = `${packageName}:index:${name}`;
      const properties = Object.entries(json.properties).map(([key, property]) => [
        key,
        {
          ...toPulumi(packageName, types, property, `${name}${key[0]?.toUpperCase()}${key.slice(1)}`),
          ...(property.description ? { description: property.description } : {}),
        },
      ]);
      types[token] = { type: "object", properties: Object.fromEntries(properties), required: json.required ?? [] };
      return { $ref: `#/types/${token}` };
    }
    default:
      return { $ref: "pulumi.json#/Any" };
  }
}

function enumeration(types: Json, values: readonly unknown[], token: string): Json {
  types[token] = { type: "string", enum: values.map((value) => ({ value })) };
  return { $ref: `#/types/${token}` };
}

function defaultOf(property: z.ZodType): { default?: unknown } {
  const value = property instanceof z.ZodDefault ? property.def.defaultValue : undefined;
  // A schema has defaults for scalars only.
  return ["string", "number", "boolean"].includes(typeof value) ? { default: value } : {};
}
