import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import {
  type Content,
  type Descriptions,
  type Operation,
  type Parameter,
  readDescriptions,
  type Vendor,
} from "./descriptions.ts";
import type { ProxiedAnswer, ProxiedRequest } from "./proxy.ts";

/** One call as it went over the wire. */
export interface Exchange {
  readonly vendor: Vendor;
  readonly request: ProxiedRequest;
  readonly answer: ProxiedAnswer;
}

/** One way in which a call differs from its description. */
export interface Finding {
  /** `Flow Service: PATCH /flows/{FLOW_ID}`; of a call that no description knows, its method and path. */
  readonly operation: string;
  /** What differs, and where: `answer 404: this status is not described`. */
  readonly difference: string;
}

export interface Verdict {
  readonly operation: string;
  readonly findings: readonly Finding[];
}

/** Holds calls against the vendors' API descriptions. */
export class Validator {
  readonly #descriptions: Descriptions;
  readonly #ajv: Ajv2020;

  constructor() {
    this.#descriptions = readDescriptions();
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, logger: false, validateSchema: false });
    addFormats.default(this.#ajv);
    for (const [id, document] of this.#descriptions.documents) this.#ajv.addSchema(document, id);
  }

  validate(exchange: Exchange): Verdict {
    const { request, answer } = exchange;
    const { pathname, searchParams } = new URL(request.url, "http://vendor");
    const segments = pathname.split("/").filter(Boolean);
    const operation = this.#operationOf(exchange, segments);
    if (!operation) {
      const name = `${request.method} ${withoutIds(segments)}`;
      return { operation: name, findings: [{ operation: name, difference: "this operation is not described" }] };
    }
    const differences = [
      ...this.#pathFindings(operation, segments),
      ...queryFindings(operation, searchParams),
      ...headerFindings(operation, request.headers),
      ...this.#requestBodyFindings(operation, request),
      ...this.#answerFindings(operation, answer),
    ];
    const distinct = [...new Set(differences)];
    return {
      operation: operation.name,
      findings: distinct.map((difference) => ({ operation: operation.name, difference })),
    };
  }

  /** The operation whose template has the most fixed segments. */
  #operationOf({ vendor, request }: Exchange, segments: readonly string[]): Operation | undefined {
    const literals = (operation: Operation) => operation.segments.filter((segment) => !isPlaceholder(segment)).length;
    return this.#descriptions.operations
      .filter((operation) => operation.vendor === vendor && operation.method === request.method)
      .filter((operation) => fits(operation.segments, segments))
      .toSorted((one, other) => literals(other) - literals(one))[0];
  }

  #pathFindings({ segments: template, parameters }: Operation, segments: readonly string[]): string[] {
    return template.flatMap((segment, index) => {
      if (!isPlaceholder(segment)) return [];
      const name = segment.slice(1, -1);
      const parameter = parameters.find((candidate) => candidate.in === "path" && candidate.name === name);
      if (!parameter) return [`request: the path parameter ${name} is not described`];
      const value = decodeURIComponent(segments[index] ?? "");
      return hasType(value, parameter) ? [] : [`request: the path parameter ${name} must be ${parameter.type}`];
    });
  }

  #requestBodyFindings({ requestBody }: Operation, { headers, body }: ProxiedRequest): string[] {
    if (body === "") return requestBody?.required ? ["request: the body is missing"] : [];
    if (!requestBody) return ["request: no body is described"];
    return this.#bodyFindings("request", requestBody.content, headers["content-type"], body);
  }

  #answerFindings({ answers }: Operation, { status, headers, body }: ProxiedAnswer): string[] {
    const where = `answer ${status}`;
    const answer = answers.get(String(status)) ?? answers.get("default");
    if (!answer) return [`${where}: this status is not described`];
    if (body === "") return answer.content.size > 0 && status !== 204 ? [`${where}: the body is missing`] : [];
    return this.#bodyFindings(where, answer.content, headers["content-type"], body);
  }

  #bodyFindings(where: string, content: Content, contentType: string | undefined, body: string): string[] {
    const mediaType = contentType?.split(";")[0]?.trim() ?? "";
    if (content.size === 0) return [`${where}: no body is described`];
    if (!content.has(mediaType)) return [`${where}: the media type ${mediaType || "(none)"} is not described`];
    const schema = content.get(mediaType);
    if (schema === undefined) return [`${where}: no schema of the body is described`];
    const validate = this.#ajv.getSchema(schema) ?? this.#ajv.compile({ $ref: schema });
    const json = parseIfJson(body);
    if (json === undefined) return [`${where}: the body is not JSON`];
    return validate(json) ? [] : (validate.errors ?? []).map((error) => `${where}: ${describeError(error)}`);
  }
}

function isPlaceholder(segment: string): boolean {
  return segment.startsWith("{");
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  if (template.length !== segments.length) return false;
  return template.every((segment, index) => isPlaceholder(segment) || segment === segments[index]);
}

function queryFindings({ parameters }: Operation, query: URLSearchParams): string[] {
  const described = parameters.filter((parameter) => parameter.in === "query");
  const missing = described
    .filter(({ name, required }) => required && !query.has(name))
    .map(({ name }) => `request: the query parameter ${name} is missing`);
  const given = Array.from(query, ([name, value]) => {
    const parameter = described.find((candidate) => candidate.name === name);
    if (!parameter) return [`request: the query parameter ${name} is not described`];
    const values = parameter.list ? value.split(",") : [value];
    return values.every((each) => hasType(each, parameter))
      ? []
      : [`request: the query parameter ${name} must be ${parameter.type}`];
  });
  return [...missing, ...given.flat()];
}

function headerFindings({ parameters }: Operation, headers: Readonly<Record<string, string>>): string[] {
  return parameters
    .filter((parameter) => parameter.in === "header" && parameter.required && !headers[parameter.name])
    .map(({ name }) => `request: the header ${name} is missing`);
}

function hasType(value: string, { type }: Parameter): boolean {
  switch (type) {
    case "integer":
      return /^-?\d+$/.test(value);
    case "number":
      return value !== "" && Number.isFinite(Number(value));
    case "boolean":
      return value === "true" || value === "false";
    default:
      return true;
  }
}

function parseIfJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What is wrong, and where in the body; with `N` for each index: `/items/N/state must be string`. */
function describeError({ instancePath, message, params }: ErrorObject): string {
  const place = instancePath.replaceAll(/\/\d+(?=\/|$)/g, "/N").replaceAll(/\/[0-9a-f]{24}(?=\/|$)/g, "/<id>");
  const detail = params.unevaluatedProperty ?? params.allowedValues?.join(", ");
  return [place || "the body", message ?? "is not as described", detail && `(${detail})`].filter(Boolean).join(" ");
}

/** A path that no description knows, with a placeholder for everything that looks like an id. */
function withoutIds(segments: readonly string[]): string {
  const named = segments.map((segment) => (/^[0-9a-f-]{20,}$/.test(segment) ? "{id}" : segment));
  return `/${named.join("/")}`;
}
