import { Unfinished } from "../../../pulumi-provider-kit/src/definition/resource-definition.ts";
import { reportingWebhook } from "../../src/resources/reporting-webhook.ts";
import type { Answer } from "../recording-server.ts";
import { failure, inputs, list, useWebhooks, type Workspace, wire } from "./bed.ts";

const post = "POST /v1/reporting_webhooks";

const bed = useWebhooks();

describe("create", () => {
  test("creates the webhook disabled and then enables it, with the full body both times", async () => {
    const made = await reportingWebhook.create(bed.operation(), inputs);
    expect(made).toEqual({ id: "41", outputs: { webhookId: 41, type: "webhook" } });
    expect(bed.server.calls()).toEqual([list, post, "PUT /v1/reporting_webhooks/41"]);
    expect(bed.bodies("POST")).toEqual([{ ...wire, disabled: true }]);
    expect(bed.bodies("PUT")).toEqual([wire]);
    expect(bed.server.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill("Bearer app-key"));
    expect(bed.progress).toEqual([]);
  });

  test("makes no second call for a webhook that stays disabled", async () => {
    await reportingWebhook.create(bed.operation(), {
      ...inputs,
      disabled: true,
      fullResolution: true,
      withContent: true,
    });
    expect(bed.server.calls()).toEqual([list, post]);
    expect(bed.bodies("POST")).toEqual([{ ...wire, disabled: true, full_resolution: true, with_content: true }]);
  });

  test("sends each event once, also those that it does not know", async () => {
    const events = ["email_sent", "carrier_pigeon_sent", "email_sent"];
    await reportingWebhook.create(bed.operation(), { ...inputs, events });
    expect(bed.bodies("PUT")).toEqual([{ ...wire, events: ["email_sent", "carrier_pigeon_sent"] }]);
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
    bed.workspace.override = override;
    expect(await reportingWebhook.create(bed.operation(), inputs)).toEqual({
      id: "41",
      outputs: { webhookId: 41, type: "webhook" },
    });
  });

  test.each<[string, Answer]>([
    ["the connection breaks", { drop: true }],
    ["Customer.io answers 500", { status: 500 }],
    ["the answer is unreadable", { status: 200, body: "" }],
  ])("finds its webhook if %s after it was created, and does not create a second one", async (_, lost) => {
    bed.workspace.override = ({ method }, usual) => {
      if (method !== "POST") return undefined;
      usual();
      return lost;
    };
    const made = await reportingWebhook.create(bed.operation(), inputs);
    expect(made.id).toBe("41");
    expect(bed.server.calls()).toEqual([list, post, list, "PUT /v1/reporting_webhooks/41"]);
    expect(bed.workspace.webhooks).toEqual([{ id: 41, type: "webhook", ...wire }]);
    expect(bed.warnings).toEqual([
      "adopts the reporting webhook 41, which already existed with this name and endpoint",
    ]);
  });

  test("repeats a call that was lost before it took effect", async () => {
    let lost = false;
    bed.workspace.override = ({ method }) => {
      if (method !== "POST" || lost) return undefined;
      lost = true;
      return { drop: true };
    };
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("41");
    expect(bed.server.calls()).toEqual([list, post, list, list, list, post, "PUT /v1/reporting_webhooks/41"]);
    expect(bed.workspace.webhooks).toHaveLength(1);
  });

  test("does not repeat a call that was refused", async () => {
    bed.workspace.override = ({ method }) =>
      method === "POST" ? { status: 400, body: { errors: [{ detail: "no such event", status: "400" }] } } : undefined;
    const error = await failure(reportingWebhook.create(bed.operation(), inputs));
    expect(error.message).toBe(
      'Could not create the reporting webhook "Relay (dev)": Customer.io answered 400: no such event. ' +
        "Fix what the message names, then run the command again.",
    );
    expect(bed.server.calls()).toEqual([list, post]);
  });

  test("adopts the webhook of an interrupted run, and sets everything on it", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: ["sms_sent"], disabled: true }];
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("12");
    expect(bed.server.calls()).toEqual([list, "PUT /v1/reporting_webhooks/12"]);
    expect(bed.workspace.webhooks).toEqual([{ id: 12, type: "webhook", ...wire }]);
  });

  test("refuses to duplicate an enabled webhook, and names the import that adopts it", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, with_content: true }];
    const error = await failure(reportingWebhook.create(bed.operation(), inputs));
    expect(error.message).toContain("enabled with other settings; a second one would deliver every event twice");
    expect(error.message).toContain("npx pulumi import customerio:index:ReportingWebhook relay 12");
    expect(error.message).not.toContain("relay.example");
    expect(bed.server.calls()).toEqual([list]);
  });

  test("a preview warns of an enabled webhook with the name, such as that of another stack of this name", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, endpoint: "https://other.example/customerio" }];
    const foresee = (known: object) => reportingWebhook.foreseeCreation?.(bed.operation(), known, []);
    await foresee({ name: "Relay (dev)", disabled: false });
    expect(bed.warnings).toEqual([
      expect.stringContaining('Customer.io already has a reporting webhook "Relay (dev)" (12), which is enabled.'),
    ]);
    await foresee({ name: "Relay (prod)", disabled: false });
    await foresee({ name: "Relay (dev)", disabled: true });
    await foresee({ disabled: false });
    expect(bed.warnings).toHaveLength(1);
  });

  test("adopts the webhook of a run that was killed after enabling it, if every setting is the same", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: wire.events.toReversed() }];
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("12");
    expect(bed.server.calls()).toEqual([list, "PUT /v1/reporting_webhooks/12"]);
    expect(bed.warnings).toEqual([
      "adopts the reporting webhook 12, which already existed with this name and endpoint",
    ]);
  });

  test("never adopts a webhook of another resource of the program", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, disabled: true }];
    const error = await failure(reportingWebhook.create({ ...bed.operation(), isHeld: (id) => id === "12" }, inputs));
    expect(error.message).toContain("(id 12), and it is another resource's");
    expect(bed.server.calls()).toEqual([list]);
  });

  test.each([true, false])(
    "never adopts a webhook that this run has deleted and Customer.io still lists (disabled: %s)",
    async (disabled) => {
      const deleted = { id: 12, type: "webhook", ...wire, with_content: true, disabled };
      bed.workspace.override = ({ method, url }) => {
        if (url.endsWith("/12")) return { status: 404 };
        return method === "GET" ? { body: { reporting_webhooks: [deleted] } } : undefined;
      };
      const isKnown = (id: string, type: string) => id === "12" && type === reportingWebhook.type;
      expect((await reportingWebhook.create({ ...bed.operation(), isKnown }, inputs)).id).toBe("41");
      expect(bed.server.calls()).toEqual([list, post, "PUT /v1/reporting_webhooks/41"]);
    },
  );

  test("leaves other webhooks and JavaScript ones alone", async () => {
    const others = [
      { id: 1, type: "js", ...wire, disabled: true },
      { id: 2, type: "js" },
      { id: 3, type: "webhook", ...wire, name: "Relay (prod)", disabled: true },
      { id: 4, type: "webhook", ...wire, endpoint: "https://other.example", disabled: true },
    ];
    bed.workspace.webhooks = structuredClone(others);
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("45");
    expect(bed.workspace.webhooks.slice(0, 4)).toEqual(others);
  });

  test("is not stopped by webhooks of others in a form that it does not know", async () => {
    const others = [
      { id: 1, type: 7, name: null, endpoint: {}, events: { email: { sent: true } }, disabled: "yes" },
      { id: 2, type: "webhook", ...wire, name: ["Relay (dev)"] },
    ];
    bed.workspace.webhooks = structuredClone(others);
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("43");
    expect(bed.workspace.webhooks.slice(0, 2)).toEqual(others);
  });

  test("refuses to duplicate its own enabled webhook although the events in the list are unreadable", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: { email: { sent: true } } }];
    const error = await failure(reportingWebhook.create(bed.operation(), inputs));
    expect(error.message).toContain("a second one would deliver every event twice");
  });

  test("finds its webhook after a lost answer if Customer.io spells the endpoint in another way", async () => {
    const spelled = { ...inputs, endpoint: "https://Relay.example:443/customerio" };
    bed.workspace.override = ({ method }, usual) => {
      if (method !== "POST") return undefined;
      usual();
      bed.workspace.webhooks[0] = { ...bed.workspace.webhooks[0], endpoint: wire.endpoint };
      return { status: 503 };
    };
    expect((await reportingWebhook.create(bed.operation(), spelled)).id).toBe("41");
    expect(bed.server.calls()).toEqual([list, post, list, "PUT /v1/reporting_webhooks/41"]);
  });

  test.each([201, 202, 204])("reads the webhook if its change is answered %d without a body", async (status) => {
    bed.workspace.override = ({ method }, usual) => {
      if (method !== "PUT") return undefined;
      usual();
      return { status };
    };
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("41");
    expect(bed.workspace.webhooks).toEqual([{ id: 41, type: "webhook", ...wire }]);
  });

  test("enables a webhook that Customer.io does not know at once after it was created", async () => {
    let unknown = 3;
    bed.workspace.override = ({ method }) => (method === "PUT" && unknown-- > 0 ? { status: 404 } : undefined);
    expect((await reportingWebhook.create(bed.operation(), inputs)).id).toBe("41");
    expect(bed.workspace.webhooks).toMatchObject([{ id: 41, disabled: false }]);
  });

  test("reads ids that are texts, and leaves webhooks with other ids alone", async () => {
    bed.workspace.webhooks = [
      { ...wire, id: "01HQ", type: "webhook", name: "Other" },
      { ...wire, id: "12", type: "webhook", disabled: true },
    ];
    bed.workspace.override = ({ method }) => (method === "PUT" ? { body: { ...wire, id: "12" } } : undefined);
    expect(await reportingWebhook.create(bed.operation(), inputs)).toMatchObject({
      id: "12",
      outputs: { webhookId: 12 },
    });
  });

  test("keeps a webhook that could not be enabled in the state", async () => {
    bed.workspace.override = ({ method }) => (method === "PUT" ? { status: 403 } : undefined);
    const error = await failure(reportingWebhook.create(bed.operation(), inputs));
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ id: "41", outputs: { webhookId: 41, type: "webhook" } });
    expect(error.message).toMatch(/^The reporting webhook 41 exists but is not enabled, so it sends nothing yet\. /);
    expect(error.message).toMatch(/To finish it, run: npx pulumi up$/);
    expect(bed.workspace.webhooks).toMatchObject([{ id: 41, disabled: true }]);
  });

  test("says which events Customer.io left out", async () => {
    bed.workspace.override = ({ method }, usual) => {
      if (method === "GET") return undefined;
      return { body: { ...(usual() as { body: object }).body, events: ["email_sent"] } };
    };
    const error = await failure(reportingWebhook.create(bed.operation(), inputs));
    expect(error).toBeInstanceOf(Unfinished);
    expect(error.message).toContain("accepted the reporting webhook 41 without these events: email_delivered");
  });

  test("stops on request, and keeps the created webhook", async () => {
    const stop = new AbortController();
    bed.workspace.override = ({ method }) => {
      if (method === "POST") stop.abort(new Error("stopped by the user"));
      return undefined;
    };
    const error = await failure(reportingWebhook.create({ ...bed.operation(), signal: stop.signal }, inputs));
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ id: "41" });
    expect(error.message).toContain("it was stopped or timed out");
    expect(bed.server.calls()).toEqual([list, post, list]);
  });
});
