import { callsPerSecond } from "../../../pulumi-customerio/src/client/app-api.ts";
import type { ReportingWebhook } from "../../src/customer-io/account.ts";
import { requestsPerSecond } from "../../src/customer-io/app-api/app-api.ts";
import type { CustomerIoSwitches } from "../../src/customer-io/switches.ts";
import { otherWorkspace, TestBed } from "./test-bed.ts";

const input = { name: "relay", endpoint: "https://relay.example.com/customerio", events: ["email_sent"] };
const made = { ...input, id: 5, type: "webhook", disabled: false, full_resolution: false, with_content: false };
const path = "/reporting_webhooks";

type List = { reporting_webhooks: ReportingWebhook[] };

let bed: TestBed;
afterEach(() => bed.close());

async function start(switches: Partial<CustomerIoSwitches> = {}) {
  bed = await TestBed.start({ switches });
}

describe("reporting webhooks", () => {
  beforeEach(() => start());

  test("are created with defaults, and never show a signing key", async () => {
    expect(await bed.api("POST", path, input)).toMatchObject({ status: 200, body: made });
    expect((await bed.api("GET", `${path}/5`)).body).toEqual(made);
  });

  test("are listed with those of other creators, of their own workspace only", async () => {
    await bed.api("POST", path, input);
    const list = (await bed.api<List>("GET", path)).body.reporting_webhooks;
    expect(list.map(({ id, type }) => ({ id, type }))).toEqual([
      { id: 1, type: "webhook" },
      { id: 2, type: "js" },
      { id: 5, type: "webhook" },
    ]);
    const others = (await bed.api<List>("GET", path, undefined, otherWorkspace.appApiKey)).body.reporting_webhooks;
    expect(others.map(({ id }) => id)).toEqual([3, 4]);
    expect((await bed.api("GET", `${path}/5`, undefined, otherWorkspace.appApiKey)).status).toBe(404);
  });

  test("may have the same name and endpoint as others", async () => {
    await bed.api("POST", path, input);
    expect((await bed.api("POST", path, input)).body).toEqual({ ...made, id: 6 });
  });

  test("are updated by full and by partial bodies, ignoring id and type", async () => {
    await bed.api("POST", path, { ...input, disabled: true, with_content: true });
    expect((await bed.api("PUT", `${path}/5`, { disabled: false, id: 9, type: "js" })).body).toEqual({
      ...made,
      with_content: true,
    });
    const changed = { ...input, name: "other", events: ["sms_sent"], full_resolution: true };
    expect((await bed.api("PUT", `${path}/5`, changed)).body).toEqual({ ...made, ...changed, with_content: true });
  });

  test("are deleted once", async () => {
    await bed.api("POST", path, input);
    expect(await bed.api("DELETE", `${path}/5`)).toMatchObject({ status: 200, body: "" });
    expect(await bed.api("DELETE", `${path}/5`)).toMatchObject({
      status: 404,
      body: { errors: [{ detail: "reporting webhook not found", status: "404" }] },
    });
  });

  test.each(["999", "abc", "5.0", "-1"])("with the id %s don't exist", async (id) => {
    expect((await bed.api("GET", `${path}/${id}`)).status).toBe(404);
    expect((await bed.api("PUT", `${path}/${id}`, input)).status).toBe(404);
  });

  test.each([
    ["no name", { ...input, name: undefined }, "/name"],
    ["an empty name", { ...input, name: "" }, "/name"],
    ["no endpoint", { ...input, endpoint: undefined }, "/endpoint"],
    ["an endpoint that is not a URL", { ...input, endpoint: "relay" }, "/endpoint"],
    ["an endpoint of another scheme", { ...input, endpoint: "ftp://relay.example.com" }, "/endpoint"],
    ["no events", { ...input, events: undefined }, "/events"],
    ["an empty list of events", { ...input, events: [] }, "/events"],
    ["an event that isn't listed", { ...input, events: ["email_sent", "email_read"] }, "/events/1"],
    ["the old nested events", { ...input, events: { email: { sent: true } } }, "/events"],
    ["a flag that is not a flag", { ...input, disabled: "yes" }, "/disabled"],
    ["no object", [input], ""],
    ["no JSON", "{", ""],
  ])("are refused with %s", async (_what, body, pointer) => {
    expect(await bed.api("POST", path, body)).toMatchObject({
      status: 400,
      body: { errors: [{ detail: expect.any(String), status: "400", source: { pointer } }] },
    });
    expect(await bed.local("GET", "/census")).toMatchObject({ webhooks: 0 });
  });

  test("are refused on update too", async () => {
    await bed.api("POST", path, input);
    expect((await bed.api("PUT", `${path}/5`, { events: [] })).status).toBe(400);
    expect((await bed.api("GET", `${path}/5`)).body).toEqual(made);
  });
});

describe("the census", () => {
  beforeEach(() => start());

  test("distinguishes own webhooks from foreign ones, and notices changes of the latter", async () => {
    expect(await bed.local("GET", "/census")).toEqual({ webhooks: 0, foreign: 4, foreignChanged: 0 });
    await bed.api("POST", path, input);
    await bed.api("DELETE", `${path}/1`);
    await bed.api("PUT", `${path}/2`, { name: "mine now" });
    expect(await bed.local("GET", "/census")).toEqual({ webhooks: 1, foreign: 3, foreignChanged: 2 });
  });
});

describe("the rest of the App API", () => {
  beforeEach(() => start());

  test("lists the account's workspaces", async () => {
    const counts = { messages_sent: 0, billable_messages_sent: 0, people: 0, object_types: 0, objects: 0 };
    expect((await bed.api("GET", "/workspaces")).body).toEqual({
      workspaces: [
        { id: 1, name: "shop", ...counts },
        { id: 2, name: "blog", ...counts },
      ],
    });
  });

  test("lists the addresses of its region", async () => {
    expect((await bed.api("GET", "/info/ip_addresses")).body).toEqual({
      ip_addresses: expect.arrayContaining(["35.188.196.183"]),
    });
    await bed.close();
    bed = await TestBed.start({ region: "eu" });
    expect((await bed.api("GET", "/info/ip_addresses")).body).toEqual({
      ip_addresses: expect.arrayContaining(["34.76.143.229"]),
    });
  });

  test("has no other routes", async () => {
    expect((await bed.api("GET", "/campaigns")).body).toEqual({ errors: [{ detail: "not found", status: "404" }] });
  });
});

describe("keys", () => {
  test.each(["another-key", ""])("that are unknown (%j) are unauthorized", async (key) => {
    await start();
    expect(await bed.api("GET", path, undefined, key)).toMatchObject({
      status: 401,
      body: { errors: [{ detail: "unauthorized", status: "401" }] },
    });
  });

  test("without the right to reporting webhooks may still list workspaces", async () => {
    await start({ appApiKeyAccess: "no-reporting-webhooks" });
    expect(await bed.api("GET", path)).toMatchObject({
      status: 403,
      body: { errors: [{ detail: "forbidden", status: "403" }] },
    });
    expect((await bed.api("GET", "/workspaces")).status).toBe(200);
  });

  test("from a refused address may do nothing", async () => {
    await start({ appApiKeyAccess: "address-refused" });
    expect((await bed.api("GET", "/workspaces")).status).toBe(403);
  });

  test("must differ between workspaces", async () => {
    await start();
    const twins = [otherWorkspace, { ...otherWorkspace, name: "twin" }];
    await expect(TestBed.start({ workspaces: twins })).rejects.toThrow("an App API key of its own");
  });
});

describe("the rate limit", () => {
  const tooMany = {
    status: 429,
    body: {
      errors: [
        {
          detail: expect.stringMatching(/^rate limited to 10 requests per 1s \(reference [0-9a-f]{6}\)$/),
          status: "429",
        },
      ],
    },
  };

  async function statuses(count: number, key?: string): Promise<number[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => bed.api("GET", path, undefined, key)));
    return answers.map(({ status }) => status);
  }

  test("allows ten requests in any second", async () => {
    await start();
    expect(await statuses(7)).toEqual(Array(7).fill(200));
    await bed.clock.advance(500);
    expect(await statuses(3)).toEqual(Array(3).fill(200));
    const refused = await bed.api("GET", path);
    expect(refused).toMatchObject(tooMany);
    expect(refused.headers.get("Retry-After")).toBe("1");
    await bed.clock.advance(499);
    expect(await statuses(1)).toEqual([429]);
    await bed.clock.advance(1);
    expect((await statuses(8)).sort()).toEqual([...Array(7).fill(200), 429]);
  });

  test("comes with a header, or without", async () => {
    await start({ rateLimitHeader: "none" });
    await statuses(10);
    const refused = await bed.api("GET", path);
    expect(refused).toMatchObject(tooMany);
    expect(refused.headers.get("Retry-After")).toBeNull();
  });

  test("is above the provider's rate", () => {
    expect(callsPerSecond).toBeLessThan(requestsPerSecond);
  });

  test("is shared by the workspaces, or not", async () => {
    await start();
    await statuses(10);
    expect(await statuses(1, otherWorkspace.appApiKey)).toEqual([429]);
    await bed.close();
    await start({ rateLimitScope: "workspace" });
    await statuses(10);
    expect(await statuses(1, otherWorkspace.appApiKey)).toEqual([200]);
  });
});

describe("switches", () => {
  test("wrap single objects", async () => {
    await start({ singleObject: "wrapped" });
    expect((await bed.api("POST", path, input)).body).toEqual({ reporting_webhook: made });
    expect((await bed.api("GET", `${path}/5`)).body).toEqual({ reporting_webhook: made });
  });

  test("answer 204 to a delete", async () => {
    await start({ deleteStatus: 204 });
    expect(await bed.api("DELETE", `${path}/1`)).toMatchObject({ status: 204, body: "" });
  });

  test.each([
    ["array", []],
    ["null", null],
  ] as const)("write an empty list as %s", async (emptyList, expected) => {
    await start({ emptyList });
    await bed.api("DELETE", `${path}/1`);
    await bed.api("DELETE", `${path}/2`);
    expect((await bed.api("GET", path)).body).toEqual({ reporting_webhooks: expected });
  });

  test.each([
    ["catalogue", ["customer_subscribed", "email_sent", "slack_sent"]],
    ["as-sent", ["slack_sent", "email_sent", "customer_subscribed"]],
  ] as const)("answer events in order: %s", async (eventOrder, expected) => {
    await start({ eventOrder });
    const body = { ...input, events: ["slack_sent", "email_sent", "customer_subscribed"] };
    expect((await bed.api<ReportingWebhook>("POST", path, body)).body.events).toEqual(expected);
  });

  test.each([
    ["as-sent", "https://Relay.example.com:443"],
    ["normalized", "https://relay.example.com/"],
  ] as const)("answer the endpoint in the form: %s", async (endpointForm, expected) => {
    await start({ endpointForm });
    const body = { ...input, endpoint: "https://Relay.example.com:443" };
    expect((await bed.api<ReportingWebhook>("POST", path, body)).body.endpoint).toBe(expected);
  });

  test("add an undocumented field", async () => {
    await start({ undocumentedField: true });
    expect(Object.keys((await bed.api<object>("GET", `${path}/1`)).body)).toHaveLength(9);
  });

  test("write error statuses as numbers", async () => {
    await start({ errorStatusType: "number" });
    expect((await bed.api("GET", `${path}/99`)).body).toMatchObject({ errors: [{ status: 404 }] });
  });

  test("accept event names that aren't listed", async () => {
    await start({ unknownEventNames: "accept" });
    const events = ["push_viewed", "email_sent"];
    expect((await bed.api("POST", path, { ...input, events })).body).toMatchObject({
      events: ["email_sent", "push_viewed"],
    });
  });
});

describe("faults", () => {
  beforeEach(() => start());

  test("of a status replace the call, as often as set", async () => {
    await bed.local("POST", "/faults", { faults: [{ kind: "status", status: 500, operation: "create", times: 2 }] });
    expect((await bed.api("GET", path)).status).toBe(200);
    expect((await bed.api("POST", path, input)).status).toBe(500);
    expect((await bed.api("POST", path, input)).status).toBe(500);
    expect((await bed.api("POST", path, input)).body).toEqual(made);
  });

  test("of a quota have no Retry-After", async () => {
    await bed.local("POST", "/faults", { faults: [{ kind: "quota" }] });
    const refused = await bed.api("GET", path);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Retry-After")).toBeNull();
  });

  test("drop the connection after the call took effect", async () => {
    await bed.local("POST", "/faults", { faults: [{ kind: "drop", operation: "create" }] });
    await expect(bed.api("POST", path, input)).rejects.toThrow("fetch failed");
    expect((await bed.api("GET", `${path}/5`)).body).toEqual(made);
  });

  test("answer late", async () => {
    await bed.local("POST", "/faults", { faults: [{ kind: "slow", seconds: 0.3 }] });
    const answers: string[] = [];
    const slow = bed.api("GET", path).then(() => answers.push("slow"));
    await bed.local("GET", "/census");
    answers.push("census");
    await slow;
    expect(answers).toEqual(["census", "slow"]);
  });

  test("are replaced by later ones", async () => {
    await bed.local("POST", "/faults", { faults: [{ kind: "status", status: 500, times: 5 }] });
    expect(await bed.local("POST", "/faults", { faults: [] })).toEqual({ faults: 0 });
    expect((await bed.api("GET", path)).status).toBe(200);
  });
});
