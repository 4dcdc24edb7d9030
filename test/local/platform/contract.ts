import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Ajv, type ErrorObject } from "ajv";
import addFormats from "ajv-formats";
import { parse } from "yaml";
import { isObject, type Json, type JsonObject, objectOf } from "../../../local/platform/json.ts";

/** Adobe's API descriptions, beside the repository; without them the answers go unchecked. */
const folder = resolve(process.cwd(), "../shared/specs/adobe");
export const hasDescriptions = existsSync(folder);

/** Which description covers which part of the origin. */
const services: readonly { base: string; file: string }[] = [
  { base: "/data/foundation/schemaregistry", file: "schema-registry" },
  { base: "/data/foundation/catalog", file: "catalog" },
  { base: "/data/foundation/flowservice", file: "flow-service" },
  { base: "/data/foundation/conversion", file: "data-prep" },
  { base: "", file: "streaming-ingestion" },
];

interface Exception {
  /** `METHOD template`, as far as it matters. */
  readonly operation: RegExp;
  /** Where in the answer. */
  readonly at: RegExp;
  readonly reason: string;
}

/** Where a description contradicts its own example or the documentation, the stand-in follows the latter. */
export const exceptions: readonly Exception[] = [
  {
    operation: /^(GET|POST|PUT) \/mappingSets/,
    at: /(created|modified)Date$/,
    reason:
      "described as date-time strings, but milliseconds in the description's examples and in the tutorial's sample",
  },
  {
    operation: /^(GET|PUT) \/mappingSets\/\{MAPPING_SET_ID\}|^GET \/mappingSets$/,
    at: /\/sourceType$/,
    reason: "described as ATTRIBUTE, EXPRESSION or STATIC, but text/x.schema-path in the description's examples",
  },
  {
    operation: /^GET \/mappingSets\/\{MAPPING_SET_ID\}\/mappings$/,
    at: /^$/,
    reason: "described as one mapping, though the operation lists them all",
  },
  {
    operation: /^POST \/mappingSets\/preview$/,
    at: /^$/,
    reason: "described as one object, but the Data Prep guide's sample is an array with one object for each record",
  },
  {
    operation: /^POST \/mappingSets\/validate$/,
    at: /\/errors$/,
    reason: "described as an array, but null for SUCCESS in the description's example",
  },
  {
    operation: /^POST \/collection/,
    at: /\/receivedTimeMs$/,
    reason: "described as int32, which can't hold the milliseconds of its own example",
  },
  {
    operation: /^GET \/\{CONTAINER_ID\}\//,
    at: /\/(_page|_links)\/next$/,
    reason: "described as a string whose example is null for the last page",
  },
  {
    operation: /descriptors/,
    at: /\/xdm:sourceVersion$/,
    reason: "described as a string for creation and as an integer for look-ups; an integer in all samples",
  },
  {
    operation: /^GET .*\/descriptors$/,
    at: /^\/xdm:descriptorIdentity\/\d+$/,
    reason: "described as objects only, but ids or links when the Accept header asks for them (descriptors page)",
  },
  {
    operation: /^GET \/flows/,
    at: /\/mappingVersion$/,
    reason: "described as a string, but a number in the tutorial's samples",
  },
  {
    operation: /^GET \/flowSpecs/,
    at: /\/transformationSpecs$/,
    reason: "described as an object, but an array in the flow spec of the Streaming SDK's page",
  },
];

interface Operation {
  readonly name: string;
  readonly pattern: RegExp;
  readonly method: string;
  readonly base: string;
  /** Schema pointers by status. */
  readonly schemas: ReadonlyMap<number, string>;
}

let loaded: { operations: readonly Operation[]; ajv: Ajv } | undefined;

function load(): { operations: readonly Operation[]; ajv: Ajv } {
  if (loaded !== undefined) return loaded;
  const ajv = new Ajv({ strict: false, allErrors: true, logger: false, validateSchema: false });
  addFormats.default(ajv);
  const operations: Operation[] = [];
  for (const { base, file } of services) {
    const description = parse(readFileSync(resolve(folder, `${file}.yaml`), "utf8")) as JsonObject;
    ajv.addSchema(withoutExamples(description), `${file}.json`);
    for (const [template, methods] of Object.entries(objectOf(description.paths))) {
      for (const [method, operation] of Object.entries(objectOf(methods))) {
        operations.push({
          name: `${method.toUpperCase()} ${template}`,
          pattern: new RegExp(`^${template.replaceAll(/\{[^}]+\}/g, "[^/]+").replace(/\/$/, "/?")}$`),
          method: method.toUpperCase(),
          base,
          schemas: schemasOf(file, template, method, objectOf(objectOf(operation).responses)),
        });
      }
    }
  }
  loaded = { operations, ajv };
  return loaded;
}

/** Examples hold `$id`s, which would be taken for schemas' own. */
function withoutExamples(value: JsonObject): JsonObject {
  const kept = Object.entries(value).filter(([key]) => key !== "example" && key !== "examples");
  return Object.fromEntries(
    kept.map(([key, entry]) => [key, isObject(entry) ? withoutExamples(entry) : stripped(entry)]),
  );
}

function stripped(entry: Json | undefined): Json | undefined {
  return Array.isArray(entry) ? entry.map((item) => (isObject(item) ? withoutExamples(item) : item)) : entry;
}

function schemasOf(file: string, template: string, method: string, responses: JsonObject): Map<number, string> {
  const schemas = new Map<number, string>();
  for (const [status, response] of Object.entries(responses)) {
    const json = objectOf(objectOf(objectOf(response).content)["application/json"]);
    const swagger2 = isObject(objectOf(response).schema) ? ["schema"] : undefined;
    const inside = isObject(json.schema) ? ["content", "application/json", "schema"] : swagger2;
    if (inside === undefined) continue;
    const pointer = ["paths", template, method, "responses", status, ...inside]
      .map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")))
      .join("/");
    schemas.set(Number(status), `${file}.json#/${pointer}`);
  }
  return schemas;
}

export interface ContractCheck {
  /** The operation that describes this answer, or undefined if none does. */
  readonly operation: string | undefined;
  readonly violations: readonly string[];
  readonly excepted: readonly Exception[];
}

/** Checks an answer against the description of its operation and status, where there is one. */
export function checkContract(method: string, path: string, status: number, body: Json): ContractCheck {
  const undescribed = { operation: undefined, violations: [], excepted: [] };
  if (!hasDescriptions) return undescribed;
  const { operations, ajv } = load();
  const operation = operations.find(
    (candidate) =>
      candidate.method === method &&
      path.startsWith(candidate.base) &&
      candidate.pattern.test(path.slice(candidate.base.length)),
  );
  const pointer = operation?.schemas.get(status);
  if (operation === undefined || pointer === undefined) return undescribed;
  const validate = ajv.getSchema(pointer) ?? ajv.compile({ $ref: pointer });
  if (validate(body) === true) return { operation: operation.name, violations: [], excepted: [] };
  const excepted: Exception[] = [];
  const violations: string[] = [];
  for (const error of validate.errors ?? []) {
    const exception = exceptions.find(
      (candidate) => candidate.operation.test(operation.name) && candidate.at.test(error.instancePath),
    );
    if (exception === undefined) violations.push(describe(operation.name, error));
    else excepted.push(exception);
  }
  return { operation: operation.name, violations, excepted };
}

function describe(operation: string, { instancePath, message }: ErrorObject): string {
  return `${operation}: ${instancePath || "/"} ${message ?? "is not as described"}`;
}
