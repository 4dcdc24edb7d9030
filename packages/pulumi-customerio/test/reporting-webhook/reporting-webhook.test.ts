import fc from "fast-check";
import { VendorError } from "../../../pulumi-provider-kit/src/http/vendor-error.ts";
import { reportingWebhook } from "../../src/resources/reporting-webhook.ts";
import type { Answer } from "../recording-server.ts";
import { failure, inputs, list, useWebhooks, wire } from "./bed.ts";

const one = "GET /v1/reporting_webhooks/12";
const elsewhere =
  "The webhook exists in Customer.io, so something else answered. Check that the setting " +
  "customerio:appApiUrl points to its App API, not to a proxy; then run the command again.";

const bed = useWebhooks();

describe("update", () => {
  test("sends the whole webhook", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    const news = { ...inputs, events: ["sms_sent", "sms_sent"], withContent: true };
    const outputs = { webhookId: 12, type: "webhook" };
    expect(await reportingWebhook.update?.(bed.operation(), "12", { news, olds: inputs, outputs })).toEqual(outputs);
    expect(bed.server.calls()).toEqual(["PUT /v1/reporting_webhooks/12"]);
    expect(bed.bodies("PUT")).toEqual([{ ...wire, events: ["sms_sent"], with_content: true }]);
  });
});

describe("read", () => {
  const outputs = { webhookId: 12, type: "webhook" };

  test("returns the webhook as Customer.io has it", async () => {
    bed.workspace.webhooks = [
      { id: 12, type: "webhook", ...wire, name: "Renamed", disabled: true, full_resolution: true, with_content: true },
    ];
    const renamed = { ...inputs, name: "Renamed", disabled: true, fullResolution: true, withContent: true };
    expect(await reportingWebhook.read(bed.operation(), "12", inputs, outputs)).toEqual({
      inputs: renamed,
      outputs: { webhookId: 12, type: "webhook" },
    });
  });

  test("keeps the program's order of events, and shows Customer.io's where the set has changed", async () => {
    const known = { ...inputs, events: [...inputs.events].reverse() };
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    expect((await reportingWebhook.read(bed.operation(), "12", known, outputs))?.inputs.events).toEqual(known.events);
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, events: [...wire.events, "sms_sent"] }];
    const found = await reportingWebhook.read(bed.operation(), "12", known, outputs);
    expect(found?.inputs.events).toEqual([...wire.events, "sms_sent"]);
  });

  test("keeps the program's spelling of the endpoint, and shows another endpoint", async () => {
    const known = { ...inputs, endpoint: "https://Relay.example:443/customerio" };
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    expect((await reportingWebhook.read(bed.operation(), "12", known, outputs))?.inputs.endpoint).toBe(known.endpoint);
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire, endpoint: "https://relay.example/Customerio" }];
    const found = await reportingWebhook.read(bed.operation(), "12", known, outputs);
    expect(found?.inputs.endpoint).toBe("https://relay.example/Customerio");
  });

  test("treats absent switches as the API's defaults", async () => {
    const { name, endpoint, events } = wire;
    bed.workspace.webhooks = [{ id: 12, name, endpoint, events }];
    expect(await reportingWebhook.read(bed.operation(), "12", undefined, undefined)).toEqual({
      inputs,
      outputs: { webhookId: 12, type: "webhook" },
    });
  });

  test("treats only 404 as gone", async () => {
    bed.workspace.override = () => ({ status: 403 });
    expect(await failure(reportingWebhook.read(bed.operation(), "12", inputs, outputs))).toBeInstanceOf(VendorError);
    expect(bed.server.calls()).toEqual([one]);
  });

  test.each([404, 410])("believes a %d once the list lacks the webhook too", async (status) => {
    bed.workspace.override = ({ url }) => (url.endsWith("/12") ? { status } : undefined);
    expect(await reportingWebhook.read(bed.operation(), "12", inputs, outputs)).toBeUndefined();
    expect(bed.server.calls()).toEqual([one, list]);
  });

  test("warns that a webhook may be in another workspace, since no answer names the key's", async () => {
    await reportingWebhook.read(bed.operation(), "12", inputs, outputs);
    expect(bed.warnings).toEqual([
      "the workspace of the App API key has no reporting webhook 12. If the key belongs to another workspace than before, the webhook still " +
        "sends from there: set customerio:appApiKey to a key of the former workspace before the next up",
    ]);
  });

  test("does not warn of an id that an import looks for, nor of a webhook that is there", async () => {
    await reportingWebhook.read(bed.operation(), "12", undefined, undefined);
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    await reportingWebhook.read(bed.operation(), "12", inputs, outputs);
    expect(bed.warnings).toEqual([]);
  });

  test.each([404, 410])("does not believe a %d of a webhook that is listed", async (status) => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    bed.workspace.override = ({ url }) => (url.endsWith("/12") ? { status } : undefined);
    expect((await failure(reportingWebhook.read(bed.operation(), "12", inputs, outputs))).message).toBe(
      `Could not read the reporting webhook 12: Customer.io answered ${status}: HTTP ${status}. ${elsewhere}`,
    );
  });

  test("does not believe the 404 of an address that has no list either", async () => {
    bed.workspace.override = () => ({ status: 404 });
    expect((await failure(reportingWebhook.read(bed.operation(), "12", inputs, outputs))).message).toBe(
      "Could not see in the list whether the reporting webhook 12 is gone: Customer.io answered 404: HTTP 404. " +
        elsewhere,
    );
  });

  test.each<[string, Answer]>([
    ["a page", { status: 200, body: "<html>Sign in</html>" }],
    ["a refusal", { status: 403 }],
    ["half a list", { status: 200, body: '{"reporting_webhooks":[' }],
  ])("does not believe a 404 if the list is %s", async (_, answer) => {
    bed.workspace.override = ({ url }) => (url.endsWith("/12") ? { status: 404 } : answer);
    expect(await failure(reportingWebhook.read(bed.operation(), "12", inputs, outputs))).toBeInstanceOf(VendorError);
  });

  test("refuses a JavaScript webhook", async () => {
    bed.workspace.webhooks = [{ id: 2, type: "js" }];
    const error = await failure(reportingWebhook.read(bed.operation(), "2", undefined, undefined));
    expect(error.message).toContain('The webhook 2 is of type "js" (a JavaScript webhook)');
  });

  test("refuses an id that is not a number without asking Customer.io", async () => {
    const error = await failure(reportingWebhook.read(bed.operation(), "Relay", undefined, undefined));
    expect(error.message).toContain('"Relay" is not the id of a reporting webhook');
    expect(bed.server.calls()).toEqual([]);
  });
});

describe("delete", () => {
  const state = { ...inputs, webhookId: 12, type: "webhook" };

  test.each([200, 204])("is done on %d", async (status) => {
    bed.workspace.override = () => ({ status });
    await reportingWebhook.delete(bed.operation(), "12", state);
    expect(bed.server.calls()).toEqual(["DELETE /v1/reporting_webhooks/12"]);
    expect(bed.warnings).toEqual([]);
  });

  test("is done on a 404 once the list lacks the webhook too", async () => {
    await reportingWebhook.delete(bed.operation(), "12", state);
    expect(bed.server.calls()).toEqual(["DELETE /v1/reporting_webhooks/12", list]);
    expect(bed.warnings).toEqual([expect.stringContaining("still sends from there: delete it in Customer.io")]);
  });

  test("is done although the list shows the deleted webhook for some seconds", async () => {
    let lists = 0;
    bed.workspace.override = ({ method }) => {
      if (method === "DELETE") return { status: 404 };
      return lists++ < 2 ? { body: { reporting_webhooks: [{ id: 12, ...wire }] } } : undefined;
    };
    await reportingWebhook.delete(bed.operation(), "12", state);
    const remove = "DELETE /v1/reporting_webhooks/12";
    expect(bed.server.calls()).toEqual([remove, list, remove, list, remove, list]);
  });

  test("is not done on a 404 of a webhook that is listed", async () => {
    bed.workspace.webhooks = [{ id: 12, type: "webhook", ...wire }];
    bed.workspace.override = ({ method }) => (method === "DELETE" ? { status: 404 } : undefined);
    expect((await failure(reportingWebhook.delete(bed.operation(), "12", state))).message).toContain(elsewhere);
  });

  test("fails on a refusal", async () => {
    bed.workspace.override = () => ({ status: 403 });
    expect(await failure(reportingWebhook.delete(bed.operation(), "12", state))).toBeInstanceOf(VendorError);
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
