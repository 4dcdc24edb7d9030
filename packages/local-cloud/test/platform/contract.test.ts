import { hasDescriptions } from "../../../../test/conformance/descriptions.ts";
import { exceptions } from "../../../../test/conformance/exceptions.ts";
import { objectOf } from "../../src/platform/web/json.ts";
import { checkContract } from "./contract.ts";
import {
  catalog,
  conversion,
  event,
  fieldGroup,
  fields,
  flowing,
  flowService,
  getFlow,
  lookup,
  mappingSetBody,
  Platform,
  schema,
  schemaRegistry,
} from "./harness.ts";

/** Calls every operation of the descriptions once; `Platform` checks each answer. */
async function callEverything(platform: Platform): Promise<void> {
  const flow = await flowing(platform);
  await platform.send(flow.inletUrl, flow.flow, event());
  await platform.plain(
    "POST",
    `/collection/batch/${flow.inletUrl.slice(-64)}`,
    { "Content-Type": "application/json" },
    '{"messages":[]}',
  );
  await platform.idle();

  const ids = "application/vnd.adobe.xed-id+json";
  const tenant = `${schemaRegistry}/tenant`;
  await platform.call("GET", `${schemaRegistry}/stats`);
  for (const [path, id, body] of [
    ["fieldgroups", flow.fieldGroup, fieldGroup(fields)],
    ["schemas", flow.schema, schema(flow.fieldGroup)],
  ] as const) {
    await platform.call("GET", `${tenant}/${path}`, { accept: ids });
    await platform.call("GET", `${tenant}/${path}`, { accept: lookup });
    const one = `${tenant}/${path}/${encodeURIComponent(id)}`;
    await platform.call("GET", one, { accept: lookup });
    await platform.call("PUT", one, { body });
    await platform.call("PATCH", one, { body: [{ op: "replace", path: "/description", value: "Anew" }] });
  }
  await platform.call("GET", `${schemaRegistry}/global/classes`, { accept: ids });
  const descriptor = {
    "@type": "xdm:descriptorIdentity",
    "xdm:sourceSchema": flow.schema,
    "xdm:sourceVersion": 1,
    "xdm:sourceProperty": "/_acme/email",
    "xdm:namespace": "Email",
    "xdm:property": "xdm:code",
  };
  const { body } = await platform.call("POST", `${tenant}/descriptors`, { body: descriptor });
  await platform.call("GET", `${tenant}/descriptors/${String(body["@id"])}`);
  for (const form of ["xdm", "xdm-id", "xed"]) {
    await platform.call("GET", `${tenant}/descriptors`, { accept: `application/vnd.adobe.${form}+json` });
  }

  await platform.call("GET", `${catalog}/dataSets`);
  await platform.call("GET", `${catalog}/dataSets/${flow.dataset}`);
  await platform.call("PATCH", `${catalog}/dataSets/${flow.dataset}`, { body: { name: "Anew" } });
  await platform.call("GET", `${catalog}/batches`);
  await platform.call("GET", `${catalog}/lastBatches`);

  for (const [kind, id] of [
    ["sourceConnections", flow.source],
    ["targetConnections", flow.target],
    ["flows", flow.flow],
    ["connectionSpecs", "96479064-7b8a-4d69-b9ed-21c5683837ea"],
    ["flowSpecs", "e77fde5a-22a8-11ed-861d-0242ac120002"],
  ]) {
    await platform.call("GET", `${flowService}/${kind}`);
    await platform.call("GET", `${flowService}/${kind}/${id}`);
  }
  const { etag } = await getFlow(platform, flow.flow);
  await platform.call("PATCH", `${flowService}/flows/${flow.flow}`, {
    body: [{ op: "replace", path: "/name", value: "Anew" }],
    headers: { "If-Match": String(etag) },
  });
  await platform.call("POST", `${flowService}/flows/${flow.flow}/action?op=disable`);
  const runs = (await platform.call("GET", `${flowService}/runs`)).body.items;
  await platform.call("GET", `${flowService}/runs/${String(objectOf(Array.isArray(runs) ? runs[0] : null).id)}`);

  const sets = `${conversion}/mappingSets`;
  const set = mappingSetBody(flow.schema, [{ sourceType: "ATTRIBUTE", source: "a", destination: "_id" }]);
  await platform.call("GET", `${sets}?limit=1&start=0`);
  await platform.call("GET", `${sets}/${flow.mappingSet}`);
  await platform.call("GET", `${sets}/${flow.mappingSet}/mappings`);
  await platform.call("PUT", `${sets}/${flow.mappingSet}`, { body: set });
  await platform.call("POST", `${sets}/validate`, { body: set });
  await platform.call("POST", `${sets}/preview`, { body: { data: [{ a: "1" }], mappingSet: set } });
  await platform.call("GET", `${conversion}/languages/el/functions`);
  await platform.call("GET", `${conversion}/languages/el/operators`);
  await platform.call("POST", `${conversion}/languages/el/validate`, { body: { expression: "1" } });
}

const checked = hasDescriptions ? test : test.skip;

checked("all answers are as Adobe describes them, except for the listed exceptions, each of which occurs", async () => {
  const platform = await Platform.start();
  try {
    await callEverything(platform);
    const described = new Set(platform.checks.map((check) => check.operation));
    expect(
      Array.from(described)
        .filter((operation) => operation !== undefined)
        .sort(),
    ).toMatchInlineSnapshot(`
[
  "Catalog: GET /batches",
  "Catalog: GET /dataSets",
  "Catalog: GET /dataSets/{DATASET_ID}",
  "Catalog: GET /lastBatches",
  "Catalog: PATCH /dataSets/{DATASET_ID}",
  "Catalog: POST /dataSets",
  "Data Prep: GET /languages/el/functions",
  "Data Prep: GET /languages/el/operators",
  "Data Prep: GET /mappingSets",
  "Data Prep: GET /mappingSets/{MAPPING_SET_ID}",
  "Data Prep: GET /mappingSets/{MAPPING_SET_ID}/mappings",
  "Data Prep: POST /languages/el/validate",
  "Data Prep: POST /mappingSets",
  "Data Prep: POST /mappingSets/preview",
  "Data Prep: POST /mappingSets/validate",
  "Data Prep: PUT /mappingSets/{MAPPING_SET_ID}",
  "Flow Service: GET /connectionSpecs",
  "Flow Service: GET /connectionSpecs/{CONNECTION_SPEC_ID}",
  "Flow Service: GET /flowSpecs",
  "Flow Service: GET /flowSpecs/{FLOW_SPEC_ID}",
  "Flow Service: GET /flows",
  "Flow Service: GET /flows/{FLOW_ID}",
  "Flow Service: GET /runs",
  "Flow Service: GET /runs/{RUN_ID}",
  "Flow Service: GET /sourceConnections",
  "Flow Service: GET /sourceConnections/{SOURCE_CONNECTION_ID}",
  "Flow Service: GET /targetConnections",
  "Flow Service: GET /targetConnections/{TARGET_CONNECTION_ID}",
  "Flow Service: PATCH /flows/{FLOW_ID}",
  "Flow Service: POST /flows",
  "Flow Service: POST /flows/{FLOW_ID}/action",
  "Flow Service: POST /sourceConnections",
  "Flow Service: POST /targetConnections",
  "Schema Registry: GET /stats",
  "Schema Registry: GET /{CONTAINER_ID}/classes",
  "Schema Registry: GET /{CONTAINER_ID}/descriptors",
  "Schema Registry: GET /{CONTAINER_ID}/descriptors/{DESCRIPTOR_ID}",
  "Schema Registry: GET /{CONTAINER_ID}/fieldgroups",
  "Schema Registry: GET /{CONTAINER_ID}/fieldgroups/{FIELD_GROUP_ID}",
  "Schema Registry: GET /{CONTAINER_ID}/schemas",
  "Schema Registry: GET /{CONTAINER_ID}/schemas/{SCHEMA_ID}",
  "Schema Registry: PATCH /tenant/fieldgroups/{FIELD_GROUP_ID}",
  "Schema Registry: PATCH /tenant/schemas/{SCHEMA_ID}",
  "Schema Registry: POST /tenant/descriptors",
  "Schema Registry: POST /tenant/fieldgroups",
  "Schema Registry: POST /tenant/schemas",
  "Schema Registry: PUT /tenant/fieldgroups/{FIELD_GROUP_ID}",
  "Schema Registry: PUT /tenant/schemas/{SCHEMA_ID}",
  "Streaming Ingestion: POST /collection/batch/{CONNECTION_ID}",
  "Streaming Ingestion: POST /collection/{CONNECTION_ID}",
]
`);
    const used = new Set(platform.checks.flatMap((check) => check.excepted));
    expect(exceptions.filter((exception) => exception.standInOnly && !used.has(exception))).toEqual([]);
  } finally {
    await platform.close();
  }
});

checked("an answer that isn't as described is noticed", () => {
  const { operation, violations } = checkContract("GET", `${flowService}/flows/1`, 200, '{"items":[{"id":1}]}');
  expect(operation).toBe("Flow Service: GET /flows/{FLOW_ID}");
  expect(violations).toEqual(["Flow Service: GET /flows/{FLOW_ID}: answer 200: /items/N/id must be string"]);
  expect(checkContract("GET", "/unheard-of", 200, "{}").operation).toBeUndefined();
});

if (!hasDescriptions) {
  console.warn("Adobe's API descriptions (../shared/specs/adobe) are absent: contracts go unchecked");
}
