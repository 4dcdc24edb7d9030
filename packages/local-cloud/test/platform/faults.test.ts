import { event, flowing, Platform, type RunningFlow, schemaRegistry } from "./harness.ts";

let platform: Platform;
let flow: RunningFlow;

beforeEach(async () => {
  platform = await Platform.start();
  flow = await flowing(platform);
});
afterEach(() => platform.close());

const send = (id: string) => platform.send(flow.inletUrl, flow.flow, event({ event_id: id }));
const statuses = async (calls: number) => {
  const found: number[] = [];
  for (let i = 0; i < calls; i++) found.push((await send(String(i))).status);
  return found;
};

test("the next calls of the inlet get a status, and later ones do not", async () => {
  const added = await platform.addFault({
    target: "inlet",
    effect: { kind: "status", status: 503, retryAfterSeconds: 7 },
    calls: 2,
  });
  expect(added.body.faults).toEqual([
    {
      id: expect.any(String),
      target: "inlet",
      effect: { kind: "status", status: 503, retryAfterSeconds: 7 },
      afterwards: false,
      calls: 2,
      struck: 0,
    },
  ]);
  const refused = await send("1");
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("7");
  expect(refused.body).toMatchObject({ status: 503, title: "Service unavailable" });
  expect(await statuses(2)).toEqual([503, 200]);
  expect((await platform.plain("GET", "/__local/faults")).json).toEqual({ faults: [] });
  expect((await platform.plain("GET", "/__local/journal")).body.refusals).toEqual({ 503: 2 });
});

test("an address that isn't on the allow-list gets an empty 403", async () => {
  await platform.addFault({ target: "inlet", effect: { kind: "status", status: 403 }, calls: 1 });
  const refused = await send("1");
  expect(refused.status).toBe(403);
  expect(refused.json).toBeNull();
});

test("a rate applies evenly until it is removed", async () => {
  await platform.addFault({ target: "inlet", effect: { kind: "status", status: 429 }, rate: 0.25 });
  expect(await statuses(8)).toEqual([200, 200, 200, 429, 200, 200, 200, 429]);
  expect((await platform.plain("DELETE", "/__local/faults")).status).toBe(204);
  expect(await statuses(4)).toEqual([200, 200, 200, 200]);
});

test("the gateway throttles one path with its own error", async () => {
  await platform.addFault({
    target: "gateway",
    path: "/schemaregistry/stats",
    effect: { kind: "status", status: 429, retryAfterSeconds: 1 },
    calls: 1,
  });
  expect((await platform.call("GET", "/data/core/idnamespace/identities")).status).toBe(200);
  const refused = await platform.call("GET", `${schemaRegistry}/stats`);
  expect(refused.status).toBe(429);
  expect(refused.json).toEqual({ error_code: "429050", message: "Too many requests" });
  expect(refused.headers.get("retry-after")).toBe("1");
});

test("IMS can be down too", async () => {
  await platform.addFault({ target: "ims", effect: { kind: "status", status: 503 }, calls: 1 });
  expect((await platform.askForToken()).status).toBe(503);
  expect((await platform.plain("GET", "/__local/tokens")).json).toEqual({ count: 1 });
});

test("a reset before the call prevents its effect; after it, the event is ingested although the answer is lost", async () => {
  await platform.addFault({ target: "inlet", effect: { kind: "reset" }, calls: 1 });
  await expect(send("lost")).rejects.toThrow("fetch failed");
  expect(await platform.receipts()).toEqual([]);
  await platform.addFault({ target: "inlet", effect: { kind: "reset" }, afterwards: true, calls: 1 });
  await expect(send("in")).rejects.toThrow("fetch failed");
  expect(await platform.receipts()).toEqual([expect.objectContaining({ eventId: "in", fate: "delivered" })]);
});

test("latency before or afterwards lets the call through", async () => {
  const latency = { kind: "latency", milliseconds: 1 };
  await platform.addFault({ target: "inlet", effect: latency, calls: 1 });
  await platform.addFault({ target: "inlet", effect: latency, afterwards: true, calls: 1 });
  expect(await statuses(1)).toEqual([200]);
});

test.each([
  {},
  { target: "inlet", effect: { kind: "status", status: 200 }, calls: 1 },
  { target: "inlet", effect: { kind: "reset" } },
  { target: "inlet", effect: { kind: "reset" }, calls: 1, rate: 0.5 },
  { target: "inlet", effect: { kind: "status", status: 503 }, afterwards: true, calls: 1 },
])("the fault %j is refused", async (fault) => {
  expect((await platform.addFault(fault)).status).toBe(400);
});
