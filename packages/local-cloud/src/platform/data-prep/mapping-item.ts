import { hex } from "../web/identifiers.ts";
import { type Json, type JsonObject, objectOf, stringOf } from "../web/json.ts";
import { Unreadable } from "./language/unreadable.ts";

type SourceType = "ATTRIBUTE" | "EXPRESSION" | "STATIC";

/** One mapping of a set, in either spelling. */
export interface MappingItem {
  readonly id: string;
  readonly sourceType: SourceType;
  readonly source: string;
  readonly destination: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
}

/** The spellings that callers may use, and the type that each means. */
const sourceTypes: Readonly<Record<string, SourceType>> = {
  ATTRIBUTE: "ATTRIBUTE",
  EXPRESSION: "EXPRESSION",
  STATIC: "STATIC",
  "text/x.schema-path": "ATTRIBUTE",
  "text/x.aep-xl": "EXPRESSION",
};

const writtenTypes: Readonly<Record<SourceType, string>> = {
  ATTRIBUTE: "text/x.schema-path",
  EXPRESSION: "text/x.aep-xl",
  STATIC: "STATIC",
};

/**
 * Reads a mapping: `{sourceType, source, destination}`, or the older `{sourceAttribute | sourceExpression,
 * destinationXdmPath}` of the tutorials.
 */
export function readMappingItem(entry: Json): MappingItem {
  const item = objectOf(entry);
  const expression = stringOf(item.sourceExpression);
  const written = stringOf(item.sourceType) ?? (expression === undefined ? "ATTRIBUTE" : "EXPRESSION");
  const sourceType = sourceTypes[written];
  if (sourceType === undefined) throw new Unreadable(`The sourceType ${written} is not known`);
  const source = stringOf(item.source) ?? expression ?? stringOf(item.sourceAttribute);
  if (source === undefined || source === "") throw new Unreadable("The source of a mapping is missing");
  const destination = stringOf(item.destination) ?? stringOf(item.destinationXdmPath);
  if (destination === undefined) throw new Unreadable("The destination of a mapping is missing");
  return {
    id: hex(32),
    sourceType,
    source,
    destination,
    name: stringOf(item.name),
    description: stringOf(item.description),
  };
}

/** A mapping in the answer of a GET: both spellings at once, as in the API description's sample. */
export function renderMappingItem(item: MappingItem, common: JsonObject): JsonObject {
  return {
    id: item.id,
    version: 0,
    ...common,
    sourceType: writtenTypes[item.sourceType],
    source: item.source,
    destination: item.destination,
    identity: false,
    primaryIdentity: false,
    matchScore: 0,
    functionVersion: 1,
    ...(item.sourceType === "EXPRESSION" ? { sourceExpression: item.source } : { sourceAttribute: item.source }),
    destinationXdmPath: item.destination,
    name: item.name,
    description: item.description,
  };
}
