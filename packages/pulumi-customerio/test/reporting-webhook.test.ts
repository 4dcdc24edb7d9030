import fc from "fast-check";
import { Unfinished } from "../../pulumi-provider-kit/src/definition/resource-definition.ts";
import { VendorError } from "../../pulumi-provider-kit/src/http/vendor-error.ts";
import { ReportingWebhooks } from "../src/client/client.ts";
import { reportingWebhook } from "../src/resources/reporting-webhook.ts";
import { type Answer, type RecordedRequest, type RecordingServer, recordingServer } from "./recording-server.ts";

const list = "GET /v1/reporting_webhooks";
const one = "GET /v1/reporting_webhooks/12";
const post = "POST /v1/reporting_webhooks";
const elsewhere =
  "The webhook exists in Customer.io, so something else answered. Check that the setting " +
  "customerio:appApiUrl points to its App API, not to a proxy; then run the command again.";
const inputs = reportingWebhook.inputs.parse({
  name: "Relay (dev)",
  endpoint: "https://relay.example/customerio",
  events: ["email_sent", "email_delivered"],
});
const wire = {
  name: "Relay (dev)",
  endpoint: "https://relay.example/customerio",
  events: ["email_sent", "email_delivered"],
  disabled: false,
  full_resolution: false,
  with_content: false,
};

/** The webhooks of one workspace, answering as in Customer.io's description unless a test overrides it. */
class Workspace {
  webhooks: Record<string, unknown>[] = [];
  /** Overrides the usual answer; undefined keeps it. */
  override: (request: RecordedRequest, usual: () => Answer) => Answer | undefined = () => undefined;

  answer(request: RecordedRequest): Answer {
    return this.override(request, () => this.#usual(request)) ?? this.#usual(request);
  }

  #usual({ method, url, json }: RecordedRequest): Answer {
    const id = Number(url.split("/")[3]);
    const index = this.webhooks.findIndex((webhook) => webhook.id === id);
    if (method === "POST") {
      const made = { id: 41 + this.webhooks.length, type: "webhook", ...(json as object) };
      this.webhooks.push(made);
      return { body: made };
    }
    if (url === "/v1/reporting_webhooks") return { body: { reporting_webhooks: this.webhooks } };
    if (index < 0) return { status: 404 };
    if (method === "PUT") this.webhooks[index] = { ...this.webhooks[index], ...(json as object) };
    if (method === "DELETE") {
      this.webhooks.splice(index, 1);
      return { status: 200, body: "" };
    }
    return { body: this.webhooks[index] };
  }
}

let workspace: Workspace;
let server: RecordingServer;
let progress: string[];
let warnings: string[];

beforeEach(async () => {
  workspace = new Workspace();
  progress = [];
  warnings = [];
  server = await recordingServer((request) => workspace.answer(request));
});
afterEach(() => server.close());

function operation() {
  const appApiUrl = `http://127.0.0.1:${server.port}`;
  return {
    client: new ReportingWebhooks({ appApiKey: "app-key", region: "us", appApiUrl }, async () => undefined),
    urn: "urn:pulumi:dev::test::customerio:index:ReportingWebhook::relay",
    name: "relay",
    isHeld: () => false,
    isKnown: () => false,
    isCurrent: false,
    present: new Set<string>(),
    signal: new AbortController().signal,
    progress: (message: string) => progress.push(message),
    warn: (message: string) => warnings.push(message),
  };
}

function bodies(method: string): unknown[] {
  return server.requests.filter((request) => request.method === method).map(({ json }) => json);
}

async function failure(promise: Promise<unknown>): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error("it did not fail");
  return error;
}

describe("create", () => {
  test("creates the webhook disabled and then enables it, with the full body both times", async () => {
    const made = await reportingWebhook.create(operation(), inputs);
    expect(made).toEqual({ id: "41", outputs: { webhookId: 41, type: "webhook" } });
    expect(server.calls()).toEqual([list, post, "PUT /v1/reporting_webhooks/41"]);
    expect(bodies("POST")).toEqual([{ ...wire, disabled: true }]);
    expect(bodies("PUT")).toEqual([wire]);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill("Bearer app-key"));
    expect(progress).toEqual([]);
  });

  test("makes no second call for a webhook that stays disabled", async () => {
    await reportingWebhook.create(operation(), { ...inputs, disabled: true, fullResolution: true, withContent: true });
    expect(server.calls()).toEqual([list, post]);
    expect(bodies("POST")).toEqual([{ ...wire, disabled: true, full_resolution: true, with_content: true }]);
  });

  test("sends each event once, also those that it does not know", async () => {
    const events = ["email_sent", "carrier_pigeon_sent", "email_sent"];
    await reportingWebhook.create(operation(), { ...inputs, events });
    expect(bodies("PUT")).toEqual([{ ...wire, events: ["email_sent", "carrier_pigeon_sent"] }]);
  });

  test.each<[string, Workspace["override"]]>([
    ["no list at all", ({ url, method }) => (method === "GET" && !url.endsWith("1") ? { body: {} } : undefined)],
    ["a null list", ({ method }) => (method === "GET" ? { body: { reporting_webhooks: null } } : undefined)],
    [
      "wrapped objects with unknown fields, in another order of events",
      ({ method }, usual) => {
        if (method === "GET") return undefined;
        const { body } = usual() as { body: { events: string[] } };
        return { body: { reporting_webhook: { ...body, events: body.events.toReversed(), health: { ok: true } } } };
      },
    ],
  ])("understands %s", async (_, override) => {
    workspace.override = override;
    expect(await reportingWebhook.create(operation(), inputs)).toEqual({
      id: "41",
      outputs: { webhookId: 41, type: "webhook" },
    });
  });

  test.each<[string, Answer]>([
    ["the connection breaks", { drop: true }],
    ["Customer.io answers 500", { status: 500 }],
    ["the answer is unreadable", { status: 200, body: "" }],
  ])("finds its webhook if %s after it was created, and does not create a second one", async (_, lost) => {
    workspace.override = ({ method }, usual) => {
      if (method !== "POST") return undefined;
      usual();
      return lost;
    };
    const made = await reportingWebhook.create(operation(), inputs);
    expect(made.id).toBe("41");
    expect(server.calls()).toEqual([list, post, list, "PUT /v1/reporting_webhooks/41"]);
    expect(workspace.webhooks).toEqual([{ id: 41, type: "webhook", ...wire }]);
    expect(warnings).toEqual(["adopts the reporting webhook 41, which already existed with this name and endpoint"]);
  });

  test("repeats a call that was lost before it took effect", async () => {
    let lost = false;
    workspace.override = ({ method }) => {
      if (method !== "POST" || lost) return undefined;
      lost = true;
      return { drop: true };
    };
    expect((await reportingWebhook.create(operation(), inputs)).id).toBe("41");
    expect(server.calls()).toEqual([list, post, list, list, list, post, "PUT /v1/reporting_webhooks/41"]);
    expect(workspace.webhooks).toHaveLength(1);
  });

  test("does not repeat a call that was refused", async () => {
    workspace.override = ({ method }) =>
      method === "POST" ? { status: 400, body: { errors: [{ detail: "no such event", status: "400" }] } } : undefined;
    const error = await failure(reportingWebhook.create(operation(), inputs));
    expect(error.message).toBe(
      'Could not create the reporting webhook "Relay (dev)": Customer.io answered 400: no such event. ' +
        "Fix what the message names, then run the command again.",
    );
    expect(server.calls()).toEqual([list, post]);
  });

  test("adopts the webhook of an interrupted run, and sets everything on it", async () => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: ["sms_sent"], disabled: true }];
    expect((await reportingWebhook.create(operation(), inputs)).id).toBe("12");
    expect(server.calls()).toEqual([list, "PUT /v1/reporting_webhooks/12"]);
    expect(workspace.webhooks).toEqual([{ id: 12, type: "webhook", ...wire }]);
  });

  test("refuses to duplicate an enabled webhook, and names the import that adopts it", async () => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire, with_content: true }];
    const error = await failure(reportingWebhook.create(operation(), inputs));
    expect(error.message).toContain("enabled with other settings; a second one would deliver every event twice");
    expect(error.message).toContain("npx pulumi import customerio:index:ReportingWebhook <resource name> 12");
    expect(error.message).not.toContain("relay.example");
    expect(server.calls()).toEqual([list]);
  });

  test("adopts the webhook of a run that was killed after enabling it, if every setting is the same", async () => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: wire.events.toReversed() }];
    expect((await reportingWebhook.create(operation(), inputs)).id).toBe("12");
    expect(server.calls()).toEqual([list, "PUT /v1/reporting_webhooks/12"]);
    expect(warnings).toEqual(["adopts the reporting webhook 12, which already existed with this name and endpoint"]);
  });

  test("never adopts a webhook of another resource of the program", async () => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire, disabled: true }];
    const error = await failure(reportingWebhook.create({ ...operation(), isHeld: (id) => id === "12" }, inputs));
    expect(error.message).toContain("(id 12), and it is another resource's");
    expect(server.calls()).toEqual([list]);
  });

  test("leaves other webhooks and JavaScript ones alone", async () => {
    const others = [
      { id: 1, type: "js", ...wire, disabled: true },
      { id: 2, type: "js" },
      { id: 3, type: "webhook", ...wire, name: "Relay (prod)", disabled: true },
      { id: 4, type: "webhook", ...wire, endpoint: "https://other.example", disabled: true },
    ];
    workspace.webhooks = structuredClone(others);
    expect((await reportingWebhook.create(operation(), inputs)).id).toBe("45");
    expect(workspace.webhooks.slice(0, 4)).toEqual(others);
  });

  test("keeps a webhook that could not be enabled in the state", async () => {
    workspace.override = ({ method }) => (method === "PUT" ? { status: 403 } : undefined);
    const error = await failure(reportingWebhook.create(operation(), inputs));
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ id: "41", outputs: { webhookId: 41, type: "webhook" } });
    expect(error.message).toMatch(/^The reporting webhook 41 exists but is not enabled, so it sends nothing yet\. /);
    expect(error.message).toMatch(/To finish it, run: npx pulumi up$/);
    expect(workspace.webhooks).toMatchObject([{ id: 41, disabled: true }]);
  });

  test("says which events Customer.io left out", async () => {
    workspace.override = ({ method }, usual) => {
      if (method === "GET") return undefined;
      return { body: { ...(usual() as { body: object }).body, events: ["email_sent"] } };
    };
    const error = await failure(reportingWebhook.create(operation(), inputs));
    expect(error).toBeInstanceOf(Unfinished);
    expect(error.message).toContain("accepted the reporting webhook 41 without these events: email_delivered");
  });

  test("stops on request, and keeps the created webhook", async () => {
    const stop = new AbortController();
    workspace.override = ({ method }) => {
      if (method === "POST") stop.abort(new Error("stopped by the user"));
      return undefined;
    };
    const error = await failure(reportingWebhook.create({ ...operation(), signal: stop.signal }, inputs));
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ id: "41" });
    expect(error.message).toContain("it was stopped or timed out");
    expect(server.calls()).toEqual([list, post, list]);
  });
});

describe("update", () => {
  test("sends the whole webhook", async () => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    const news = { ...inputs, events: ["sms_sent", "sms_sent"], withContent: true };
    const outputs = { webhookId: 12, type: "webhook" };
    expect(await reportingWebhook.update?.(operation(), "12", { news, olds: inputs, outputs })).toEqual(outputs);
    expect(server.calls()).toEqual(["PUT /v1/reporting_webhooks/12"]);
    expect(bodies("PUT")).toEqual([{ ...wire, events: ["sms_sent"], with_content: true }]);
  });
});

describe("read", () => {
  const outputs = { webhookId: 12, type: "webhook" };

  test("returns the webhook as Customer.io has it", async () => {
    workspace.webhooks = [
      { id: 12, type: "webhook", ...wire, name: "Renamed", disabled: true, full_resolution: true, with_content: true },
    ];
    const renamed = { ...inputs, name: "Renamed", disabled: true, fullResolution: true, withContent: true };
    expect(await reportingWebhook.read(operation(), "12", inputs, outputs)).toEqual({
      inputs: renamed,
      outputs: { webhookId: 12, type: "webhook" },
    });
  });

  test("keeps the program's order of events, and shows Customer.io's where the set has changed", async () => {
    const known = { ...inputs, events: [...inputs.events].reverse() };
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    expect((await reportingWebhook.read(operation(), "12", known, outputs))?.inputs.events).toEqual(known.events);
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: [...wire.events, "sms_sent"] }];
    const found = await reportingWebhook.read(operation(), "12", known, outputs);
    expect(found?.inputs.events).toEqual([...wire.events, "sms_sent"]);
  });

  test("treats absent switches as the API's defaults", async () => {
    const { name, endpoint, events } = wire;
    workspace.webhooks = [{ id: 12, name, endpoint, events }];
    expect(await reportingWebhook.read(operation(), "12", undefined, undefined)).toEqual({
      inputs,
      outputs: { webhookId: 12, type: "webhook" },
    });
  });

  test("treats only 404 as gone", async () => {
    workspace.override = () => ({ status: 403 });
    expect(await failure(reportingWebhook.read(operation(), "12", inputs, outputs))).toBeInstanceOf(VendorError);
    expect(server.calls()).toEqual([one]);
  });

  test.each([404, 410])("believes a %d once the list lacks the webhook too", async (status) => {
    workspace.override = ({ url }) => (url.endsWith("/12") ? { status } : undefined);
    expect(await reportingWebhook.read(operation(), "12", inputs, outputs)).toBeUndefined();
    expect(server.calls()).toEqual([one, list]);
  });

  test.each([404, 410])("does not believe a %d of a webhook that is listed", async (status) => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    workspace.override = ({ url }) => (url.endsWith("/12") ? { status } : undefined);
    expect((await failure(reportingWebhook.read(operation(), "12", inputs, outputs))).message).toBe(
      `Could not read the reporting webhook 12: Customer.io answered ${status}: HTTP ${status}. ${elsewhere}`,
    );
  });

  test("does not believe the 404 of an address that has no list either", async () => {
    workspace.override = () => ({ status: 404 });
    expect((await failure(reportingWebhook.read(operation(), "12", inputs, outputs))).message).toBe(
      "Could not see in the list whether the reporting webhook 12 is gone: Customer.io answered 404: HTTP 404. " +
        elsewhere,
    );
  });

  test.each<[string, Answer]>([
    ["a page", { status: 200, body: "<html>Sign in</html>" }],
    ["a refusal", { status: 403 }],
    ["half a list", { status: 200, body: '{"reporting_webhooks":[' }],
  ])("does not believe a 404 if the list is %s", async (_, answer) => {
    workspace.override = ({ url }) => (url.endsWith("/12") ? { status: 404 } : answer);
    expect(await failure(reportingWebhook.read(operation(), "12", inputs, outputs))).toBeInstanceOf(VendorError);
  });

  test("refuses a JavaScript webhook", async () => {
    workspace.webhooks = [{ id: 2, type: "js" }];
    const error = await failure(reportingWebhook.read(operation(), "2", undefined, undefined));
    expect(error.message).toContain('The webhook 2 is of type "js" (a JavaScript webhook)');
  });

  test("refuses an id that is not a number without asking Customer.io", async () => {
    const error = await failure(reportingWebhook.read(operation(), "Relay", undefined, undefined));
    expect(error.message).toContain('"Relay" is not the id of a reporting webhook');
    expect(server.calls()).toEqual([]);
  });
});

describe("delete", () => {
  const state = { ...inputs, webhookId: 12, type: "webhook" };

  test.each([200, 204])("is done on %d", async (status) => {
    workspace.override = () => ({ status });
    await reportingWebhook.delete(operation(), "12", state);
    expect(server.calls()).toEqual(["DELETE /v1/reporting_webhooks/12"]);
  });

  test("is done on a 404 once the list lacks the webhook too", async () => {
    await reportingWebhook.delete(operation(), "12", state);
    expect(server.calls()).toEqual(["DELETE /v1/reporting_webhooks/12", list]);
  });

  test("is not done on a 404 of a webhook that is listed", async () => {
    workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    workspace.override = ({ method }) => (method === "DELETE" ? { status: 404 } : undefined);
    expect((await failure(reportingWebhook.delete(operation(), "12", state))).message).toContain(elsewhere);
  });

  test("fails on a refusal", async () => {
    workspace.override = () => ({ status: 403 });
    expect(await failure(reportingWebhook.delete(operation(), "12", state))).toBeInstanceOf(VendorError);
  });
});

describe("inputs", () => {
  const eventNames = fc.uniqueArray(fc.constantFrom("email_sent", "sms_sent", "push_sent", "slack_sent", "x_y"), {
    minLength: 1,
  });

  test("the order and repetition of events do not matter", () => {
    const shuffled = eventNames.chain((events) =>
      fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length }), fc.subarray(events)),
    );
    fc.assert(
      fc.property(shuffled, ([events, others, repeated]) => {
        expect(reportingWebhook.normalize?.({ ...inputs, events: [...others, ...repeated] })).toEqual(
          reportingWebhook.normalize?.({ ...inputs, events }),
        );
      }),
    );
  });

  test("different sets of events differ", () => {
    fc.assert(
      fc.property(eventNames, eventNames, (one, other) => {
        fc.pre(one.length !== other.length || !one.every((event) => other.includes(event)));
        expect(reportingWebhook.normalize?.({ ...inputs, events: one })).not.toEqual(
          reportingWebhook.normalize?.({ ...inputs, events: other }),
        );
      }),
    );
  });

  test.each([
    [{ endpoint: "relay.example/customerio" }, "it must be a URL that begins with https:// or http://"],
    [{ endpoint: "ftp://relay.example" }, "it must be a URL that begins with https:// or http://"],
    [{ events: [] }, "it must name at least one event"],
    [{ name: "" }, "it must not be empty"],
  ])("%j is refused", (mistake, message) => {
    const parsed = reportingWebhook.inputs.safeParse({ ...inputs, ...mistake });
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([message]);
  });
});
