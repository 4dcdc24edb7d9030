import { isObject, type JsonObject, objectOf } from "../../src/platform/web/json.ts";
import { event, flowing, flowService, getFlow, newFlow, Platform, type Wiring, wire } from "./harness.ts";
import { expectFlowProblem } from "./problems.ts";

let platform: Platform;

beforeEach(async () => {
  platform = await Platform.start();
});
afterEach(() => platform.close());

describe("lists", () => {
  const flows = `${flowService}/flows`;
  let wiring: Wiring;

  beforeEach(async () => {
    wiring = await wire(platform);
    for (const name of ["B", "A", "C"]) {
      await newFlow(platform, wiring, { name });
      platform.pass(1);
    }
  });

  const names = async (query: string) => {
    const { items } = (await platform.call("GET", flows + query)).body;
    return Array.isArray(items) ? items.filter(isObject).map((item) => item.name) : items;
  };

  test.each([
    ["", ["B", "A", "C"]],
    ["?property=name==A", ["A"]],
    ["?property=name==A,C", ["A", "C"]],
    ["?property=name!=A", ["B", "C"]],
    ["?property=name==A&property=name==B", []],
    ["?property=flowSpec.id==e77fde5a-22a8-11ed-861d-0242ac120002&property=state==enabled", ["B", "A", "C"]],
    ["?orderby=name", ["A", "B", "C"]],
    ["?orderby=-createdAt", ["C", "A", "B"]],
    ["?orderby=%2Bname", ["A", "B", "C"]],
    ["?orderby=+name", ["A", "B", "C"]],
    ["?property=createdAt>1714564800999", ["A", "C"]],
  ])("%s", async (query, expected) => {
    expect(await names(query)).toEqual(expected);
  });

  test("array properties need brackets", async () => {
    expect(await names(`?property=sourceConnectionIds[]==${wiring.source}`)).toHaveLength(3);
    expect(await names(`?property=sourceConnectionIds==${wiring.source}x`)).toEqual([]);
    const spec = "96479064-7b8a-4d69-b9ed-21c5683837ea";
    expect(await names(`?property=inheritedAttributes.sourceConnections[].connectionSpec.id==${spec}`)).toHaveLength(3);
  });

  test("continue on the next page", async () => {
    const first = await platform.call("GET", `${flows}?orderby=name&limit=2`);
    const next = String(objectOf(objectOf(first.body._links).next).href);
    expect(next).toMatch(/^\/flows\?.*continuationToken=/);
    const second = await platform.call("GET", flowService + next);
    expect([first, second].map(({ body }) => (body.items as JsonObject[]).map((item) => item.name))).toEqual([
      ["A", "B"],
      ["C"],
    ]);
    expect(second.body._links).toEqual({});
  });

  test("can be counted", async () => {
    expect((await platform.call("GET", `${flows}?count=true`)).json).toEqual({ count: 3 });
  });

  test.each([
    ["?count=true&limit=1", "1401-400", /limit and count/],
    ["?property=createdAt==", "1453-400", "Invalid query value createdAt== provided in query param."],
    ["?property=name~A", "1440-400", "Operator '~' not implemented."],
    ["?property=name!>A", "1450-400", "Invalid operator !> in filter params."],
    ["?property=createdAt<=1,2", "1443-400", "Operator '<=' is not allowed for multiple values."],
    ["?testParam=1", "1451-400", "Invalid params testParam provided in query params."],
    ["?continuationToken=bm9uc2Vuc2U", "1454-400", "Unhandled Filter Value Type provided."],
  ])("%s is refused", async (query, code, message) => {
    expectFlowProblem(await platform.call("GET", flows + query), code, message);
  });
});

describe("runs", () => {
  test("are one for each hour, with records in, out and failed", async () => {
    const flow = await flowing(platform, [{ sourceType: "ATTRIBUTE", source: "count", destination: "_acme.count" }]);
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "1", count: 1 }));
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "2", count: "many" }));
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "3", count: 3, occurred_at: null }));
    await platform.idle();
    platform.pass(3600);
    await platform.send(flow.inletUrl, flow.flow, event({ event_id: "4", count: "none" }));
    await platform.idle();

    const path = `${flowService}/runs?property=flowId==${flow.flow}&orderby=-createdAt`;
    const { items } = (await platform.call("GET", path)).body;
    const hour = Date.parse("2024-05-01T12:00:00Z");
    expect(items).toEqual([
      expect.objectContaining({
        createdAt: hour + 3_600_000,
        metrics: expect.objectContaining({
          recordSummary: expect.objectContaining({ inputRecordCount: 1, outputRecordCount: 0, failedRecordCount: 1 }),
          statusSummary: { status: "failed", errors: [{ code: "CONNECTOR-2001-500", message: expect.any(String) }] },
        }),
        activities: [
          expect.objectContaining({
            statusSummary: expect.objectContaining({
              extensions: {
                errors: [
                  {
                    code: "INGEST-1212-400",
                    message: expect.stringMatching(
                      /^Encountered 1 errors in the data\. Successfully ingested 0 rows\. /,
                    ),
                  },
                  { code: "MAPPER-3700-400", message: "Mapper Transform Error", recordCount: 1 },
                ],
              },
            }),
          }),
        ],
      }),
      expect.objectContaining({
        flowId: flow.flow,
        createdAt: hour,
        metrics: expect.objectContaining({
          durationSummary: { startedAtUTC: hour, completedAtUTC: hour },
          recordSummary: {
            inputRecordCount: 3,
            outputRecordCount: 1,
            failedRecordCount: 2,
            warningRecordCount: 0,
            skippedRecordCount: 0,
          },
          statusSummary: expect.objectContaining({ status: "success" }),
        }),
        activities: [
          expect.objectContaining({
            statusSummary: expect.objectContaining({
              extensions: {
                errors: [
                  expect.objectContaining({ code: "INGEST-1212-400" }),
                  { code: "MAPPER-3700-400", message: "Mapper Transform Error", recordCount: 1 },
                  {
                    code: "INGEST-1212-400",
                    message: "The record does not conform to the XDM schema",
                    recordCount: 1,
                  },
                ],
              },
            }),
          }),
        ],
      }),
    ]);
    const [latest] = items as JsonObject[];
    const one = await platform.call("GET", `${flowService}/runs/${String(latest?.id)}`);
    expect(one.body.items).toEqual([latest]);
    expect((await platform.call("GET", `${flowService}/runs/none`)).status).toBe(404);
    expect((await getFlow(platform, flow.flow)).lastRunDetails).toMatchObject({ id: latest?.id, state: "failed" });
  });
});
