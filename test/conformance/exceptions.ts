import { z } from "zod";
import type { Finding } from "./validator.ts";

/** One point in which a vendor's description is wrong or silent. A call may differ from its description in these only. */
export interface Exception {
  /** Matches names of operations such as `Flow Service: PATCH /flows/{FLOW_ID}`. */
  readonly operation: RegExp;
  /** Matches the validator's texts of the differences. */
  readonly difference: RegExp;
  /** What the answer's body must still be. */
  readonly answer?: z.ZodType;
  /** The operations, for people. */
  readonly where: string;
  /** What the description says, or leaves out. */
  readonly description: string;
  /** What is sent or returned here. */
  readonly instead: string;
  readonly source: string;
  /** Only the stand-in's own tests meet it: no provider makes such a call. */
  readonly standInOnly?: true;
}

/** The errors of Platform's services (troubleshooting guide of the Schema Registry; "Flow Service errors"). */
const serviceProblem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  report: z.looseObject({}).optional(),
});
/** The errors of the gateway before all services (Adobe's troubleshooting guide). */
const gatewayProblem = z.strictObject({ error_code: z.string(), message: z.string() });
const inletProblem = z.strictObject({
  type: z.string(),
  status: z.number(),
  title: z.string(),
  report: z.looseObject({ message: z.string() }),
});
const tokenAnswer = z.union([
  z.strictObject({ access_token: z.string(), token_type: z.literal("bearer"), expires_in: z.number() }),
  z.strictObject({ error: z.string(), error_description: z.string() }),
  gatewayProblem,
]);
/** The refusal of an authenticated inlet, whose status is a text. */
const inletAuthorizationProblem = inletProblem.extend({ status: z.literal("401") });
const preview = z.looseObject({ data: z.array(z.looseObject({})) });
const metrics = z.looseObject({ metricResponses: z.array(z.looseObject({ datapoints: z.array(z.looseObject({})) })) });

const noBody = "this status is not described|no body is described";

/** The one source of the list in docs/vendor-descriptions.md; an entry that no call needs fails the conformance test. */
export const exceptions: readonly Exception[] = [
  {
    operation: /^(Schema Registry|Flow Service): /,
    difference: new RegExp(`^answer (400|404|412): (${noBody})`),
    answer: serviceProblem,
    where: "Schema Registry and Flow Service: refusals of most operations",
    description: "Leaves out 400, 404 or 412, or their bodies.",
    instead: "The problem documents of the services, with a code such as `FLOW-1439-404` at the end of `type`.",
    source: "Adobe: “Schema Registry troubleshooting guide”; “Flow Service errors”",
  },
  {
    operation: /^(Schema Registry|Flow Service|Catalog|Data Prep): /,
    difference: new RegExp(`^answer (401|403|429|500|503): (${noBody})`),
    answer: z.union([gatewayProblem, serviceProblem]),
    where: "All services behind the gateway",
    description: "Leaves out 401, 403, 429, 500 or 503, or their bodies.",
    instead: "What the gateway answers for every service: `error_code` and `message`.",
    source: "Adobe: “Experience Platform troubleshooting guide”, API status codes and request header errors",
  },
  {
    operation: /^Catalog: /,
    difference: /^answer (400|404): no body is described/,
    where: "Catalog: refusals",
    description: "Names the statuses and no body.",
    instead: "A problem document such as the other services have.",
    source: "None",
  },
  {
    operation: /^Data Prep: /,
    difference: new RegExp(`^answer (400|404): (${noBody})`),
    where: "Data Prep: refusals",
    description: "Leaves out 404, and the body of 400.",
    instead: "A problem document such as the other services have.",
    source: "None",
  },
  {
    operation: /^Catalog: GET \/batches/,
    difference: /^answer 200: .*\/tags\/acp_\w+ must be array$/,
    where: "Catalog: tags of a batch",
    description: "Each tag has a list of texts.",
    instead: "The tags that Platform itself sets are true and a number.",
    source: "Adobe: “Partial batch ingestion”",
  },
  {
    operation: /^Catalog: PATCH \/v2\/dataSets/,
    difference: /rowExpiration\/ttlValue must be string$/,
    where: "Catalog: how long a dataset keeps its records",
    description: "`ttlValue` is a string.",
    instead: "null, which ends the expiration.",
    source: "Adobe: “Manage Experience Event dataset retention in the data lake using TTL”",
  },
  {
    operation: /^Catalog: PATCH \/dataSets/,
    difference: /^request: the body must be object$/,
    where: "Catalog: tagging a dataset",
    description: "The body is an object.",
    instead: "A JSON Patch, with the content type `application/json-patch+json`.",
    source: "Adobe: “Enable a dataset for Profile and Identity Service using APIs”",
  },
  {
    operation: /^Schema Registry: PATCH \/tenant\/schemas/,
    difference: /^request: \/N\/value must be string$/,
    where: "Schema Registry: enabling a schema for Profile",
    description: "`value` is a string.",
    instead: "The list of tags.",
    source: "Adobe: “Schemas endpoint”, enable a schema for use in Real-Time Customer Profile",
  },
  {
    operation: /^GET \/data\/core\/idnamespace\/identities$/,
    difference: /^this operation is not described$/,
    answer: z.array(z.looseObject({ id: z.number(), code: z.string(), name: z.string() })),
    where: "Identity Service: listing namespaces",
    description: "None at hand.",
    instead: "A list of namespaces with their codes.",
    source: "Adobe: “Identity namespaces endpoint”",
  },
  {
    operation: /^Schema Registry: GET \/\{CONTAINER_ID\}\/(classes|descriptors|fieldgroups|schemas)$/,
    difference: /^answer 200: \/(_links|_page)\/next must be string$/,
    where: "Schema Registry: lists",
    description: "`_page.next` and `_links.next` are strings.",
    instead: "null on the last page.",
    source: "The description's own example",
  },
  {
    operation: /^Schema Registry: (POST|PUT) \/tenant\/schemas/,
    difference: /^request: \/allOf\/N must NOT have unevaluated properties \(\$ref\)$/,
    where: "Schema Registry: creating and replacing a schema",
    description: 'Names the references of `allOf` `"$ref "`, with a space.',
    instead: "`$ref`.",
    source: "The description's own examples; Adobe: “Schemas endpoint”",
  },
  {
    operation: /^Schema Registry: .*descriptors/,
    difference: /xdm:sourceVersion must be string$/,
    where: "Schema Registry: descriptors",
    description: "`xdm:sourceVersion` is a string.",
    instead: "The number 1.",
    source: "The description's own examples; Adobe: “Descriptors endpoint”",
  },
  {
    operation: /^Schema Registry: GET \/\{CONTAINER_ID\}\/descriptors$/,
    difference: /^answer 200: \/xdm:descriptorIdentity\/N must be object$/,
    where: "Schema Registry: listing descriptors",
    description: "A list of objects.",
    instead: "Ids or links, where the `Accept` header asks for those.",
    source: "Adobe: “Descriptors endpoint”",
    standInOnly: true,
  },
  {
    operation: /^Schema Registry: (POST|PUT) \/tenant\/descriptors/,
    difference: /^request: the body must NOT have unevaluated properties \(xdm:(isPrimary|namespace|property)\)$/,
    where: "Schema Registry: creating a descriptor",
    description: "Names only the properties that all kinds of descriptors share.",
    instead: "`xdm:namespace`, `xdm:property` and `xdm:isPrimary`, which make an identity descriptor.",
    source: "Adobe: “Descriptors endpoint”; the description's schema of the answer has them",
  },
  {
    operation: /^Flow Service: .* \/flows/,
    difference: /\/params\/mappingVersion must be string$/,
    where: "Flow Service: a dataflow's mapping",
    description: "`transformations[].params.mappingVersion` is a string.",
    instead: "A number.",
    source: "Adobe: “Create a source connection and dataflow for Customer.io”",
  },
  {
    operation: /^Flow Service: GET \/flowSpecs/,
    difference: /^answer 200: .*\/transformationSpecs must be object$/,
    where: "Flow Service: flow specifications",
    description: "`transformationSpecs` is an object.",
    instead: "A list.",
    source: "Adobe: “Update flow specifications” of the Streaming SDK",
    standInOnly: true,
  },
  {
    operation: /^Flow Service: POST \/flows$/,
    difference: /^request: the body must NOT have unevaluated properties \(options\)$/,
    where: "Flow Service: creating a dataflow",
    description: "Does not define `options`.",
    instead: "`options.errorDiagnosticsEnabled` and `options.partialIngestionPercent`.",
    source: "Adobe: the flow specification's `optionSpec`, in “Update flow specifications” of the Streaming SDK",
  },
  {
    operation: /^Flow Service: POST \/sourceConnections$/,
    difference: /^request: the body must NOT have unevaluated properties \(providerId\)$/,
    where: "Flow Service: creating a source connection",
    description: "Does not define `providerId`.",
    instead: "The id of the streaming provider.",
    source: "Adobe: “Create a source connection and dataflow for Customer.io”",
  },
  {
    operation: /^Flow Service: POST \/connections$/,
    difference:
      /^request: \/auth\/params must NOT have unevaluated properties \((authenticationRequired|dataType|name|sourceId)\)$/,
    where: "Flow Service: creating the base connection of an HTTP API source",
    description: "`auth.params` are those of accounts with keys and secrets.",
    instead: "`sourceId`, `dataType`, `name` and `authenticationRequired`.",
    source: "Adobe: “Create an HTTP API streaming connection”",
  },
  {
    operation: /^Flow Service: POST \/sourceConnections$/,
    difference: /^request: the body must have required property 'data'$/,
    where: "Flow Service: creating the source connection of an HTTP API source",
    description: "`data` is required.",
    instead: "Not sent: the base connection says which data it takes.",
    source: "Adobe: “Create an HTTP API streaming connection”",
  },
  {
    operation: /^Flow Service: PATCH \/connections/,
    difference: /^(request: the body must be object|answer 200: no schema of the body is described)$/,
    where: "Flow Service: changing a base connection",
    description: "The body is one operation, and the answer's has no schema.",
    instead: "A list of operations as for all other objects; `id` and `etag` in the answer.",
    source: "Adobe: “Update accounts using the Flow Service API”",
  },
  {
    operation: /^Flow Service: PATCH /,
    difference: /^request: \/N\/op must be equal to one of the allowed values \(ADD, REPLACE, REMOVE\)$/,
    where: "Flow Service: changing an object",
    description: "`op` is ADD, REPLACE or REMOVE.",
    instead: "add, replace or remove, as in RFC 6902.",
    source: "Adobe: “Update dataflows using the Flow Service API”; the operation's own text",
  },
  {
    operation: /^Flow Service: PATCH /,
    difference: /^request: \/N\/value must (be object|NOT have unevaluated properties \((name|params)\))$/,
    where: "Flow Service: changing a name, a description or the mapping",
    description: "`value` is an object with a `description`.",
    instead: "The new text, or the new transformation.",
    source: "Adobe: “Update dataflows using the Flow Service API”",
  },
  {
    operation: /^Flow Service: POST \/flows\/\{FLOW_ID\}\/action$/,
    difference: /^request: the query parameter (op must be|subOp is missing)/,
    where: "Flow Service: enabling and disabling a dataflow",
    description: "`op` is in upper case and comes with a `subOp`.",
    instead: "`op=enable` or `op=disable` alone.",
    source: "Adobe: “Update destination dataflows”, enable or disable; Adobe's Python client",
  },
  {
    operation: /^Data Prep: /,
    difference: /^answer 200: .*\/(created|modified)Date must be string$/,
    where: "Data Prep: mapping sets",
    description: "`createdDate` and `modifiedDate` are texts in date-time format.",
    instead: "Milliseconds since 1970.",
    source: "The description's own examples; Adobe: “Create a source connection and dataflow for Customer.io”",
  },
  {
    operation: /^Data Prep: (GET|PUT) \/mappingSets/,
    difference: /\/sourceType must be equal to one of the allowed values \(ATTRIBUTE, EXPRESSION, STATIC\)$/,
    where: "Data Prep: looking up a mapping set",
    description: "`sourceType` is ATTRIBUTE, EXPRESSION or STATIC.",
    instead: "`text/x.schema-path` for an attribute. The provider reads both spellings.",
    source: "The description's own examples",
  },
  {
    operation: /^Data Prep: GET \/mappingSets\/\{MAPPING_SET_ID\}\/mappings$/,
    difference: /^answer 200: the body must be object$/,
    where: "Data Prep: the mappings of a set",
    description: "The answer is one mapping.",
    instead: "A list of all.",
    source: "The operation's own text",
    standInOnly: true,
  },
  {
    operation: /^Data Prep: POST \/mappingSets\/validate$/,
    difference: /^answer 200: \/validationResponse\/N\/errors must be array$/,
    where: "Data Prep: validating a mapping set",
    description: "`errors` is a list.",
    instead: "null for a mapping without errors.",
    source: "The description's own example",
  },
  {
    operation: /^Data Prep: POST \/mappingSets\/preview$/,
    difference: /^request: \/data\/N must NOT have unevaluated properties/,
    where: "Data Prep: previewing a mapping set",
    description: "Describes the records of `data` by the methods of a Java class.",
    instead: "The source's own JSON.",
    source: "The description's own example",
  },
  {
    operation: /^Data Prep: POST \/mappingSets\/preview$/,
    difference: /^answer 200: the body must be object$/,
    answer: z.array(z.strictObject({ data: z.looseObject({}), errors: z.array(z.looseObject({})).nullable() })),
    where: "Data Prep: previewing a mapping set",
    description: "The answer is one object.",
    instead: "A list with one for each record. The client reads a single one too.",
    source: "Adobe: “Mapping sets endpoint”, preview data",
  },
  {
    operation: /^DELETE \/data\/foundation\/conversion\/mappingSets\/\{id\}$/,
    difference: /^this operation is not described$/,
    where: "Data Prep: deleting a mapping set",
    description: "Has no such operation.",
    instead:
      "Tried anyway; 404 and 405 are accepted. Whether the stand-in refuses it is the switch `deleteMappingSet`.",
    source: "Adobe's Python client",
  },
  {
    operation: /^Streaming Ingestion: POST \/collection\/\{CONNECTION_ID\}$/,
    difference:
      /^request: (the body must (NOT have unevaluated properties|have required property)|the query parameter x-adobe-flow-id)/,
    where: "Streaming Ingestion: one event",
    description: "The body is an XDM envelope.",
    instead: "The source's own JSON, with the dataflow's id in `x-adobe-flow-id`.",
    source: "Adobe: the Customer.io tutorial of the UI; “Create a streaming connection using the API”",
  },
  {
    operation: /^Streaming Ingestion: POST \/collection\/\{CONNECTION_ID\}$/,
    difference: /^request: the header x-sandbox-name is missing$/,
    where: "Streaming Ingestion: one event",
    description: "`x-sandbox-name` is required.",
    instead: "Not sent, as Customer.io's own webhook would not: the dataflow's id says where events go.",
    source: "Adobe: the Customer.io tutorial of the UI",
  },
  {
    operation: /^Streaming Ingestion: POST \/collection\/(batch\/)?\{CONNECTION_ID\}$/,
    difference: /^answer 20[07]: \/receivedTimeMs must match format "int32"$/,
    where: "Streaming Ingestion: one event",
    description: "`receivedTimeMs` is a 32-bit integer.",
    instead: "Milliseconds since 1970, which need more.",
    source: "The description's own example",
  },
  {
    operation: /^Streaming Ingestion: POST \/collection\/\{CONNECTION_ID\}$/,
    difference: new RegExp(`^answer (400|401|404|413|429|500|503): (${noBody})`),
    answer: inletProblem.or(inletAuthorizationProblem),
    where: "Streaming Ingestion: refusals",
    description: "Leaves out 404, and all bodies.",
    instead: "Adobe's inlet problem, with `report.message`. What an unknown inlet gets is the switch `unknownInlet`.",
    source: "Adobe: “Streaming ingestion validation” (the body); 404: none",
  },
  {
    operation: /^GET \/data\/foundation\/sandbox-management/,
    difference: /^this operation is not described$/,
    answer: z
      .looseObject({ sandboxes: z.array(z.looseObject({ name: z.string(), state: z.string() })) })
      .or(gatewayProblem),
    where: "Sandboxes: those that the credential may use",
    description: "Not among the descriptions compared here.",
    instead: "`sandboxes` with `name` and `state`.",
    source: "Adobe: “Sandbox API”",
  },
  {
    operation: /^(GET|POST) \/data\/foundation\/access-control\/acl\//,
    difference: /^this operation is not described$/,
    where: "Access control: names of permissions, and which of them are in effect",
    description: "Not among the descriptions compared here.",
    instead: "As the endpoint guide has it: what is in effect is answered, what is not is left out.",
    source: "Adobe: “Access Control API”, effective policies, permissions and resource types",
  },
  {
    operation: /^POST \/ims\/token\/v3$/,
    difference: /^this operation is not described$/,
    answer: tokenAnswer,
    where: "Identity service (IMS): access token",
    description: "No machine-readable description is published.",
    instead: "Form body in, JSON out, as the guide has it.",
    source: "Adobe Developer Console: “Server to Server authentication”",
  },
  {
    operation: /^GET \/data\/foundation\/export\/datasets\/\{id\}\/preview$/,
    difference: /^this operation is not described$/,
    answer: preview,
    where: "Data Access: preview of a dataset (the demo, `cli`)",
    description: "Not among the descriptions compared here.",
    instead: "The first rows in `data`.",
    source: "Adobe: “Data Access API”",
  },
  {
    operation: /^POST \/data\/infrastructure\/observability\/insights\/metrics$/,
    difference: /^this operation is not described$/,
    answer: metrics,
    where:
      "Observability Insights: metrics of a dataset (`cli`), and of a dataflow's endpoint before a dataset is deleted",
    description: "Not among the descriptions compared here.",
    instead: "A sum for each day in `metricResponses[].datapoints[].dps`.",
    source: "Adobe: “Metrics endpoint” of Observability Insights",
  },
  {
    operation: /^App API: POST \/v1\/reporting_webhooks$/,
    difference: /^request: \/events\/N must be equal to one of the allowed values/,
    where: "Customer.io App API: creating a webhook",
    description: "Lists the names of events.",
    instead: "Names that the list lacks are sent as they are, since Customer.io adds events without notice.",
    source: "Customer.io: “App API”, note on new fields; event names came later than the events several times",
  },
  {
    operation: /^App API: /,
    difference: /^answer (401|500): this status is not described$/,
    where: "Customer.io App API: all operations",
    description: "Leaves out 401 and 5xx.",
    instead: "`errors[].detail` and `status`, as for the statuses described.",
    source: "Public clients of these operations meet 401; 5xx: none",
  },
];

/** The exception that lists a difference; `body` is the answer's. */
export function exceptionFor({ operation, difference }: Finding, body: string): Exception | undefined {
  return exceptions.find(
    (exception) =>
      exception.operation.test(operation) &&
      exception.difference.test(difference) &&
      (exception.answer === undefined || body === "" || exception.answer.safeParse(JSON.parse(body)).success),
  );
}
