import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";
import {
  metricsByObjectType,
  subscriptionName,
  subscriptionNames,
} from "../../../pulumi-customerio/src/events/catalogue.ts";
import type { ReportingWebhook } from "../../src/customer-io/account.ts";
import { type Answered, TestBed } from "./test-bed.ts";

// Customer.io's published descriptions are kept beside the repository, not in it.
const descriptions = path.resolve(__dirname, "../../../../../shared/specs/customerio");
const describeWithSpecs = existsSync(descriptions) ? describe : describe.skip;

let bed: TestBed;
beforeEach(async () => {
  bed = await TestBed.start();
});
afterEach(() => bed.close());

function readDescription(file: string) {
  return parse(readFileSync(path.join(descriptions, file), "utf8"));
}

function validators(description: object): (pointer: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: false, validateFormats: false }).addSchema(description, "description");
  return (pointer) => ajv.compile({ $ref: `description#${pointer}` });
}

describeWithSpecs("the App API, as app-reporting-webhooks.yaml in ../shared/specs describes it", () => {
  const list = "/v1/reporting_webhooks";
  const one = "/v1/reporting_webhooks/{webhook_id}";

  function expectDescribed(operation: string, template: string, { status, body }: Answered<unknown>): void {
    const description = readDescription("app-reporting-webhooks.yaml");
    const response = description.paths[template][operation].responses[status];
    expect(response).toBeDefined();
    if (response.$ref === undefined && response.content === undefined) {
      expect(body).toBe("");
      return;
    }
    const own = `/paths/${template.replaceAll("/", "~1")}/${operation}/responses/${status}`;
    const pointer = response.$ref?.slice(1) ?? own;
    const validate = validators(description)(`${pointer}/content/application~1json/schema`);
    validate(body);
    expect(validate.errors).toBeNull();
  }

  test("answers each success as described", async () => {
    const input = { name: "relay", endpoint: bed.receiver.url, events: subscriptionNames };
    const made = await bed.api<ReportingWebhook>("POST", "/reporting_webhooks", input);
    expectDescribed("post", list, made);
    expect(made.body.events).toEqual(subscriptionNames);
    const webhook = `/reporting_webhooks/${made.body.id}`;
    expectDescribed("get", list, await bed.api("GET", "/reporting_webhooks"));
    expectDescribed("get", one, await bed.api("GET", webhook));
    expectDescribed("put", one, await bed.api("PUT", webhook, input));
    expectDescribed("delete", one, await bed.api("DELETE", webhook));
  });

  test("answers each refusal as described", async () => {
    expectDescribed("post", list, await bed.api("POST", "/reporting_webhooks", {}));
    expectDescribed("get", one, await bed.api("GET", "/reporting_webhooks/99"));
    expectDescribed("put", one, await bed.api("PUT", "/reporting_webhooks/99", {}));
    expectDescribed("put", one, await bed.api("PUT", "/reporting_webhooks/1", { events: [] }));
    expectDescribed("delete", one, await bed.api("DELETE", "/reporting_webhooks/99"));
    for (let calls = 0; calls < 5; calls++) await bed.api("GET", "/workspaces");
    expectDescribed("get", list, await bed.api("GET", "/reporting_webhooks"));
    expectDescribed("post", list, await bed.api("POST", "/reporting_webhooks", {}));
    expectDescribed("delete", one, await bed.api("DELETE", "/reporting_webhooks/1"));
  });
});

describeWithSpecs("the past, as app-history-and-metrics.yaml in ../shared/specs describes it", () => {
  async function expectDescribed(template: string, path: string): Promise<void> {
    const description = readDescription("app-history-and-metrics.yaml");
    const { status, body } = await bed.api("GET", path);
    const response = description.paths[template].get.responses[status];
    const own = `/paths/${template.replaceAll("/", "~1")}/get/responses/${status}`;
    const validate = validators(description)(`${response.$ref?.slice(1) ?? own}/content/application~1json/schema`);
    validate(body);
    expect(validate.errors).toBeNull();
  }

  test("answers each success and each refusal as described", async () => {
    const origins = { email: "transactional", sms: "campaign", push: "broadcast", in_app: "newsletter" };
    const make = Object.entries(origins).flatMap(([object_type, origin]) =>
      ["sent", "clicked", "failed"].map((metric) => ({ object_type, metric, origin, delivery_id: object_type })),
    );
    await bed.happen({ make });
    await bed.clock.advance(60_000);
    await expectDescribed("/v1/messages", "/messages?limit=2");
    await expectDescribed("/v1/messages/{message_id}", "/messages/email");
    await expectDescribed("/v1/messages/{message_id}", "/messages/none");
    await expectDescribed("/v1/transactional/{transactional_id}/messages", "/transactional/3/messages");
    await expectDescribed("/v1/activities", "/activities");
    await expectDescribed(
      "/v1/campaigns/{campaign_id}/metrics",
      "/campaigns/12/metrics?version=2&res=days&start=1&end=2",
    );
    for (let calls = 0; calls < 4; calls++) await bed.api("GET", "/workspaces");
    await expectDescribed("/v1/messages", "/messages");
    await expectDescribed("/v1/activities", "/activities");
  });
});

describeWithSpecs("events, as reporting-webhooks.json in ../shared/specs describes them", () => {
  const body = "/webhooks/reportingWebhook/post/requestBody/content/application~1json/schema";

  /** Triggers every event in every form and returns the names of those that the description does not allow. */
  async function findUndescribed(settings: object): Promise<string[]> {
    await bed.subscribe(subscriptionNames, { ...settings });
    const metrics = Object.entries(metricsByObjectType).flatMap(([object_type, names]) =>
      names.map((metric) => ({ object_type, metric })),
    );
    const identifiers = ["multiple", "id-only", "email-only", "deleted"];
    const origins = (type: string) =>
      type === "customer"
        ? ["none"]
        : ["campaign", "broadcast", "newsletter", ...(["email", "push"].includes(type) ? ["transactional"] : [])];
    const make = metrics.flatMap((event) =>
      identifiers.flatMap((mode) =>
        origins(event.object_type).map((origin) => ({ ...event, origin, identifiers: mode })),
      ),
    );
    await bed.local("POST", "/events", { make });
    await bed.idle();
    const validate = validators(readDescription("reporting-webhooks.json"))(body);
    const events = bed.receiver.calls.map((call) => JSON.parse(call.body));
    expect(events).toHaveLength(make.length);
    return [...new Set(events.filter((event) => !validate(event)).map((event) => String(subscriptionName(event))))];
  }

  const mismatches = [
    // The description demands a message; its text allows a change without one.
    "customer_subscription_preferences_changed",
    // Captured events have neither recipient nor subject.
    "email_drafted",
    // No description.
    "email_deferred",
    "sms_dropped",
    // Described with the metric "attempted", which makes the real "attempted" ambiguous too.
    "push_drafted",
    "push_attempted",
    // No description.
    "slack_converted",
    "webhook_converted",
  ];

  test.each([{ with_content: false }, { with_content: true }])(
    "match, except for known mismatches (%j)",
    async (settings) => {
      expect(await findUndescribed(settings)).toEqual(mismatches);
    },
  );

  test("match, also in a change of preferences that a message caused", async () => {
    await bed.subscribe(subscriptionNames, { with_content: true });
    const event = { object_type: "customer", metric: "cio_subscription_preferences_changed" };
    const make = ["campaign", "broadcast", "newsletter"].map((origin) => ({ ...event, origin }));
    await bed.local("POST", "/events", { make });
    await bed.idle();
    const validate = validators(readDescription("reporting-webhooks.json"))(body);
    expect(bed.receiver.calls.map((call) => validate(JSON.parse(call.body)))).toEqual([true, true, true]);
  });
});
