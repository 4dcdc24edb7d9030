import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import {
  isObject,
  itemsOf,
  type Json,
  type JsonObject,
  objectOf,
  stringOf,
} from "../../packages/local-cloud/src/platform/web/json.ts";
import { jsonSchemas } from "./json-schema.ts";

/** The vendors' API descriptions, kept beside the repository if available. */
const folder = path.resolve(import.meta.dirname, "../../../shared/specs");
export const hasDescriptions = existsSync(folder);

/** A description by the name that findings and exceptions use, and the base path of its operations. */
const services = [
  { vendor: "platform", name: "Schema Registry", file: "adobe/schema-registry.yaml" },
  { vendor: "platform", name: "Catalog", file: "adobe/catalog.yaml" },
  { vendor: "platform", name: "Flow Service", file: "adobe/flow-service.yaml" },
  { vendor: "platform", name: "Data Prep", file: "adobe/data-prep.yaml" },
  { vendor: "platform", name: "Streaming Ingestion", file: "adobe/streaming-ingestion.yaml" },
  { vendor: "customer-io", name: "App API", file: "customerio/app-reporting-webhooks.yaml" },
] as const;

export type Vendor = (typeof services)[number]["vendor"];

/** One value that a request may carry outside its body. */
export interface Parameter {
  readonly in: "path" | "query" | "header";
  /** As the description spells it; of a header in lower case. */
  readonly name: string;
  readonly required: boolean;
  /** The type of a single value, if it is not a string. */
  readonly type: string | undefined;
  /** Whether a query parameter holds a list, separated by commas or repeated. */
  readonly list: boolean;
}

/** A description's JSON schemas of a body, as ids by media type; no entry if it is silent. */
export type Content = ReadonlyMap<string, string | undefined>;

interface Answer {
  readonly content: Content;
}

export interface Operation {
  /** `Flow Service: PATCH /flows/{FLOW_ID}`. */
  readonly name: string;
  readonly vendor: Vendor;
  readonly method: string;
  /** The segments of the whole path; those in braces stand for any. */
  readonly segments: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly requestBody: { readonly content: Content; readonly required: boolean } | undefined;
  /** By status; `default` for all others. */
  readonly answers: ReadonlyMap<string, Answer>;
}

export interface Descriptions {
  readonly operations: readonly Operation[];
  /** Documents by their ids, which the ids of `Content` begin with; as JSON Schema of 2020-12. */
  readonly documents: ReadonlyMap<string, object>;
}

const methods = ["get", "put", "post", "patch", "delete"];

/** Reads all descriptions: OpenAPI 3.1, 3.0 and Swagger 2.0 in one shape. */
export function readDescriptions(): Descriptions {
  const documents = new Map<string, object>();
  const operations = services.flatMap(({ vendor, name, file }) => {
    const document = parse(readFileSync(path.join(folder, file), "utf8")) as JsonObject;
    for (const direction of ["request", "answer"] as const) {
      documents.set(`${direction}/${file}`, jsonSchemas(document, direction));
    }
    const base = basePath(document).split("/").filter(Boolean);
    return Object.entries(objectOf(document.paths)).flatMap(([template, item]) =>
      methods.flatMap((method): Operation[] => {
        const operation = objectOf(item)[method];
        if (!isObject(operation)) return [];
        const reader = new Reader(document, file, ["paths", template, method]);
        return [
          {
            name: `${name}: ${method.toUpperCase()} ${template}`,
            vendor,
            method: method.toUpperCase(),
            segments: [...base, ...template.split("/").filter(Boolean)],
            parameters: reader.parameters(objectOf(item), operation),
            requestBody: reader.requestBody(operation),
            answers: reader.answers(operation),
          },
        ];
      }),
    );
  });
  return { operations, documents };
}

function basePath(document: JsonObject): string {
  const server = stringOf(objectOf(itemsOf(document.servers)[0]).url);
  return stringOf(document.basePath) ?? server?.replace(/^(https?:)?\/\/[^/]+/, "") ?? "";
}

/** Reads one operation; `place` are the keys that lead to it. */
class Reader {
  readonly #document: JsonObject;
  readonly #file: string;
  readonly #place: readonly string[];

  constructor(document: JsonObject, file: string, place: readonly string[]) {
    this.#document = document;
    this.#file = file;
    this.#place = place;
  }

  parameters(item: JsonObject, operation: JsonObject): Parameter[] {
    return this.#parametersOf(item, operation).flatMap(({ value }) => {
      const place = stringOf(value.in);
      if (place !== "path" && place !== "query" && place !== "header") return [];
      const schema = isObject(value.schema) ? this.#resolve(value.schema, []).value : value;
      const name = stringOf(value.name) ?? "";
      const list = schema.type === "array";
      return [
        {
          in: place,
          name: place === "header" ? name.toLowerCase() : name,
          required: value.required === true,
          type: stringOf(list ? objectOf(schema.items).type : schema.type),
          list,
        },
      ];
    });
  }

  requestBody(operation: JsonObject): Operation["requestBody"] {
    if (isObject(operation.requestBody)) {
      const { value, place } = this.#resolve(operation.requestBody, [...this.#place, "requestBody"]);
      return { content: this.#content(value, place, "request"), required: value.required === true };
    }
    // Swagger 2.0 has the body among the parameters.
    const body = this.#parametersOf({}, operation).find(({ value }) => value.in === "body");
    if (!body) return undefined;
    const schema = this.#id("request", [...body.place, "schema"]);
    return { content: new Map([["application/json", schema]]), required: body.value.required === true };
  }

  answers(operation: JsonObject): Map<string, Answer> {
    const described = Object.entries(objectOf(operation.responses)).map(([status, response]): [string, Answer] => {
      const { value, place } = this.#resolve(objectOf(response), [...this.#place, "responses", status]);
      return [status, { content: this.#content(value, place, "answer") }];
    });
    return new Map(described);
  }

  #content(value: JsonObject, place: readonly string[], direction: "request" | "answer"): Content {
    // Swagger 2.0 has the schema without a media type.
    if (isObject(value.schema)) return new Map([["application/json", this.#id(direction, [...place, "schema"])]]);
    const entries = Object.entries(objectOf(value.content)).map(([type, media]): [string, string | undefined] => [
      type.replace("*/*", "application/json"),
      isObject(objectOf(media).schema) ? this.#id(direction, [...place, "content", type, "schema"]) : undefined,
    ]);
    return new Map(entries);
  }

  #parametersOf(item: JsonObject, operation: JsonObject): { value: JsonObject; place: readonly string[] }[] {
    const own = itemsOf(operation.parameters).map((parameter, index) =>
      this.#resolve(objectOf(parameter), [...this.#place, "parameters", String(index)]),
    );
    return [...itemsOf(item.parameters).map((parameter) => this.#resolve(objectOf(parameter), [])), ...own];
  }

  /** Follows references inside the document. */
  #resolve(value: JsonObject, place: readonly string[]): { value: JsonObject; place: readonly string[] } {
    const reference = stringOf(value.$ref);
    if (reference === undefined) return { value, place };
    const keys = reference
      .slice(2)
      .split("/")
      .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
    const found = keys.reduce<Json | undefined>((parent, key) => objectOf(parent)[key], this.#document);
    return this.#resolve(objectOf(found), keys);
  }

  #id(direction: "request" | "answer", place: readonly string[]): string {
    const pointer = place.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    return `${direction}/${this.#file}#/${pointer}`;
  }
}
