import { startPlatform } from "../../src/platform/platform.ts";
import { isObject, type JsonObject, objectOf } from "../../src/platform/web/json.ts";
import { credentials, experienceEvent, scope, tenantId } from "./harness.ts";

/** The sample of Adobe's UI tutorial. */
const sampleEvent = {
  event_id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
  object_type: "customer",
  metric: "subscribed",
  timestamp: 1613063089,
  data: {
    customer_id: "42",
    email_address: "test@example.com",
    identifiers: { id: "42", email: "test@example.com", cio_id: "d9c106000001" },
  },
};

test("the tutorial's calls, in their order, turn its sample event into the row", async () => {
  let now = Date.parse("2024-05-01T12:00:00Z");
  const { url, close } = await startPlatform({
    credentials,
    tenantId,
    sandboxes: ["dev"],
    activationSeconds: 6,
    warmUpSeconds: 300,
    clock: () => now,
  });
  try {
    const ims = await fetch(`${url}/ims/token/v3`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "client_credentials",
        client_id: credentials.clientId,
        client_secret: credentials.clientSecret[0],
        scope,
      }),
    });
    const { access_token: token } = (await ims.json()) as { access_token: string };
    const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; json: unknown }> => {
      const response = await fetch(`${url}/data/foundation${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          "x-api-key": credentials.clientId,
          "x-gw-ims-org-id": credentials.orgId,
          "x-sandbox-name": "dev",
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, json: await response.json() };
    };
    const idOf = (json: unknown, key = "id") => String((json as JsonObject)[key]);

    const source = await call("POST", "/flowservice/sourceConnections", {
      name: "Streaming Source Connection for Customer.io",
      providerId: "521eee4d-8cbe-4906-bb48-fb6bd4450033",
      description: "Streaming Source Connection for customer.io",
      connectionSpec: { id: "96479064-7b8a-4d69-b9ed-21c5683837ea", version: "1.0" },
      data: { format: "json" },
    });
    expect(source).toEqual({
      status: 201,
      json: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        etag: expect.stringMatching(/^"[0-9a-f]{8}-0000-0200-0000-66322ec00000"$/),
      },
    });

    const string = (title: string) => ({ title, type: "string" });
    const fieldGroup = await call("POST", "/schemaregistry/tenant/fieldgroups", {
      type: "object",
      title: "Customer.io Event Details",
      description: "What Customer.io reports",
      "meta:intendedToExtend": [experienceEvent],
      definitions: {
        customFields: {
          type: "object",
          properties: {
            [`_${tenantId}`]: {
              type: "object",
              properties: {
                object_type1: string("Object Type"),
                email: string("Email"),
                event_id0: string("Event Id"),
                cio_id: string("Customer.io Id"),
                metricx: string("Metric"),
                timestampx: {
                  title: "Timestamp",
                  type: "integer",
                  minimum: -9007199254740992,
                  maximum: 9007199254740992,
                },
              },
            },
          },
        },
      },
      allOf: [{ $ref: "#/definitions/customFields" }],
    });
    expect(fieldGroup.status).toBe(201);
    const schema = await call("POST", "/schemaregistry/tenant/schemas", {
      type: "object",
      title: "Customer.io Events",
      description: "Events of Customer.io",
      allOf: [{ $ref: experienceEvent }, { $ref: idOf(fieldGroup.json, "$id") }],
    });
    const schemaId = idOf(schema.json, "$id");
    expect(schemaId).toMatch(/^https:\/\/ns\.adobe\.com\/acme\/schemas\/[0-9a-f]{48}$/);

    const dataset = await call("POST", "/catalog/dataSets?requestDataSource=true", {
      name: "Customer.io Events",
      schemaRef: { id: schemaId, contentType: "application/vnd.adobe.xed+json;version=1" },
    });
    expect(dataset).toEqual({ status: 201, json: [expect.stringMatching(/^@\/dataSets\/[0-9a-f]{24}$/)] });
    const datasetId = String(dataset.json).replace("@/dataSets/", "");

    const target = await call("POST", "/flowservice/targetConnections", {
      name: "Streaming Target Connection for Customer.io",
      description: "Streaming Target Connection for Customer.io",
      connectionSpec: { id: "c604ff05-7f1a-43c0-8e18-33bf874cb11c", version: "1.0" },
      data: {
        format: "json",
        schema: { id: schemaId, version: "application/vnd.adobe.xed-full+json;version=1" },
      },
      params: { dataSetId: datasetId },
    });
    expect(target.status).toBe(201);

    const attribute = (destinationXdmPath: string, sourceAttribute: string) => ({
      destinationXdmPath,
      sourceAttribute,
      identity: false,
      version: 0,
    });
    const mapping = await call("POST", "/conversion/mappingSets", {
      outputSchema: {
        schemaRef: { id: schemaId, contentType: "application/vnd.adobe.xed-full+json;version=1" },
      },
      mappings: [
        attribute("_acme.cio_id", "data.identifiers.cio_id"),
        attribute("_acme.email", "data.identifiers.email"),
        attribute("_acme.event_id0", "event_id"),
        attribute("_acme.metricx", "metric"),
        attribute("_acme.object_type1", "object_type"),
        attribute("_acme.timestampx", "timestamp"),
        // The tutorial names no class; an ExperienceEvent also needs these two.
        attribute("_id", "event_id"),
        {
          sourceType: "EXPRESSION",
          source: "dformat(${timestamp} * 1000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")",
          destination: "timestamp",
        },
      ],
    });
    expect(mapping).toEqual({
      status: 200,
      json: {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        version: 0,
        createdDate: now,
        modifiedDate: now,
        createdBy: "client",
        modifiedBy: "client",
      },
    });

    const flow = await call("POST", "/flowservice/flows", {
      name: "Streaming Dataflow for Customer.io",
      description: "Streaming Dataflow for Customer.io",
      flowSpec: { id: "e77fde5a-22a8-11ed-861d-0242ac120002", version: "1.0" },
      sourceConnectionIds: [idOf(source.json)],
      targetConnectionIds: [idOf(target.json)],
      transformations: [{ name: "Mapping", params: { mappingId: idOf(mapping.json), mappingVersion: 0 } }],
    });
    expect(flow.status).toBe(201);
    const flowId = idOf(flow.json);

    now += 6_000;
    const read = await call("GET", `/flowservice/flows/${flowId}`);
    const [item] = (read.json as { items: JsonObject[] }).items;
    expect(item).toMatchObject({ state: "enabled", createdAt: now - 6_000, updatedAt: now });
    expect(item?.etag).not.toBe((flow.json as JsonObject).etag);
    const inletUrl = String(objectOf(item?.options).inletUrl);
    expect(inletUrl).toMatch(new RegExp(`^${url}/collection/[0-9a-f]{64}$`));

    now += 300_000;
    const receipt = await fetch(`${inletUrl}?x-adobe-flow-id=${flowId}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(sampleEvent),
    });
    expect(receipt.status).toBe(200);
    expect(await receipt.json()).toEqual({
      inletId: inletUrl.slice(-64),
      xactionId: expect.stringMatching(new RegExp(`^${now}:\\d+:\\d+$`)),
      receivedTimeMs: now,
    });
    await fetch(`${url}/__local/idle`, { method: "POST" });

    expect(await call("GET", `/export/datasets/${datasetId}/preview`)).toEqual({
      status: 200,
      json: {
        data: [
          {
            _acme: {
              cio_id: "d9c106000001",
              email: "test@example.com",
              event_id0: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
              metricx: "subscribed",
              object_type1: "customer",
              timestampx: 1613063089,
            },
            _id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
            timestamp: "2021-02-11T17:04:49.000Z",
          },
        ],
      },
    });
    const runs = await call("GET", `/flowservice/runs?property=flowId==${flowId}`);
    const [run] = (runs.json as { items: JsonObject[] }).items;
    expect(isObject(run?.metrics) && run.metrics.recordSummary).toEqual({
      inputRecordCount: 1,
      outputRecordCount: 1,
      failedRecordCount: 0,
      warningRecordCount: 0,
      skippedRecordCount: 0,
    });
  } finally {
    await close();
  }
});
