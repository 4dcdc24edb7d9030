import { VendorError } from "../../pulumi-provider-kit/src/http/vendor-error.ts";
import { ReportingWebhooks } from "../src/client/client.ts";
import type { WebhookSettings } from "../src/client/webhook-answer.ts";
import { type Answer, type RecordingServer, recordingServer } from "./recording-server.ts";

const wanted: WebhookSettings = {
  name: "Relay",
  endpoint: "https://streaming.example/secret-inlet",
  events: ["email_sent"],
  disabled: false,
  fullResolution: false,
  withContent: false,
};

let server: RecordingServer;
let answer: Answer;

beforeEach(async () => {
  server = await recordingServer(() => answer);
});
afterEach(() => server.close());

async function refusal(given: Answer, region: "us" | "eu" = "us", settings = wanted): Promise<VendorError> {
  answer = given;
  const account = { appApiKey: "hidden-key", region, appApiUrl: `http://127.0.0.1:${server.port}` };
  const client = new ReportingWebhooks(account, undefined, { sleep: async () => undefined });
  const error = await client.update(7, settings, new AbortController().signal).catch((thrown: unknown) => thrown);
  if (!(error instanceof VendorError)) throw new Error("not refused");
  expect(error.message).not.toContain("hidden-key");
  return error;
}

const correct = "Fix what the message names, then run the command again.";

test.each([
  ["a list", { errors: [{ detail: "events is empty", status: "400" }] }, "events is empty"],
  ["an integer status", { errors: [{ detail: "events is empty", status: 400 }] }, "events is empty"],
  [
    "several with pointers",
    { errors: [{ detail: "too long", source: { pointer: "/name" } }, { detail: "unknown" }] },
    "too long (at /name); unknown",
  ],
  ["a code", { errors: [{ detail: "no", code: "bad_input" }] }, "no, code bad_input"],
  ["meta", { meta: { error: "malformed JSON" } }, "malformed JSON"],
  ["plain text", "Bad Request", "Bad Request"],
  ["markup", "<html>proxy</html>", "HTTP 400"],
  ["nothing", undefined, "HTTP 400"],
  ["an empty list", { errors: [] }, "HTTP 400"],
])("an error body with %s is read", async (_, body, said) => {
  const error = await refusal({ status: 400, body });
  expect(error.message).toBe(`Could not update the reporting webhook 7: Customer.io answered 400: ${said}. ${correct}`);
  expect(error.status).toBe(400);
});

describe("a refused event is named, with the setting to correct", () => {
  const unknown = { ...wanted, events: ["email_sent", "email_forwarded"] };
  const remedy =
    "Correct or remove it in the webhook's events (in a customerio-aep stack: the setting events, which this command shows: npx pulumi " +
    "config get customerio-aep:events), then run: npx pulumi up";

  test("by Customer.io's pointer", async () => {
    const body = { errors: [{ detail: "events: unknown event", source: { pointer: "/events/1" } }] };
    expect((await refusal({ status: 400, body }, "us", unknown)).message).toBe(
      "Could not update the reporting webhook 7: Customer.io answered 400: events: unknown event (at /events/1). " +
        `Customer.io does not accept "email_forwarded" as an event. ${remedy}`,
    );
  });

  test.each([
    ["without a body", undefined],
    ["that points to all of them", { errors: [{ detail: "bad", source: { pointer: "/events" } }] }],
  ])("by the catalogue, in an answer %s", async (_, body) => {
    expect((await refusal({ status: 400, body }, "us", unknown)).message).toContain(
      `Customer.io may not accept "email_forwarded" as an event; this package does not know it either. ${remedy}`,
    );
  });

  test("but not if Customer.io complains about something else", async () => {
    const body = { errors: [{ detail: "too long", source: { pointer: "/name" } }] };
    expect((await refusal({ status: 400, body }, "us", unknown)).message).toContain(correct);
  });
});

test("a wrong key says where keys are created, and that the region may be wrong", async () => {
  const body = { errors: [{ detail: "unauthorized", status: "401" }] };
  expect((await refusal({ status: 401, body })).message).toBe(
    "Could not update the reporting webhook 7: Customer.io answered 401: unauthorized. The key is wrong, or it belongs " +
      "to a region other than us. Create App API keys in Customer.io under Settings > API credentials > App API keys; " +
      "then run: npx pulumi config set --secret customerio:appApiKey. If the account is in the other region: " +
      "npx pulumi config set customerio:region eu",
  );
  expect((await refusal({ status: 401, body }, "eu")).message).toContain("npx pulumi config set customerio:region us");
});

test("a key without access lists possible reasons", async () => {
  expect((await refusal({ status: 403 })).message).toContain(
    "The key has no access to reporting webhooks, or the workspace's IP allowlist does not contain this machine's address.",
  );
});

test("too many calls are retried, and distinguished from a used-up quota", async () => {
  const body = { errors: [{ detail: "rate limited to 10 requests per 1s (reference a1b2c3)", status: "429" }] };
  const limited = await refusal({ status: 429, headers: { "Retry-After": "0" }, body });
  expect(limited.message).toContain("reference a1b2c3");
  expect(limited.message).toContain("Run the command again in a minute.");
  expect(server.requests).toHaveLength(5);
});

test("the limit per second is retried without Retry-After too, and a quota is not", async () => {
  const limited = { errors: [{ detail: "rate limited to 10 requests per 1s (reference a1b2c3)", status: "429" }] };
  expect((await refusal({ status: 429, body: limited })).message).toContain("Run the command again in a minute.");
  expect(server.requests).toHaveLength(5);
  const quota = { errors: [{ detail: "rate limited to 100 requests per 24h (reference a1b2c3)", status: "429" }] };
  expect((await refusal({ status: 429, body: quota })).message).toContain("has used up a daily quota");
  expect(server.requests).toHaveLength(6);
});

test("a webhook that was deleted by hand says how to recreate it", async () => {
  expect((await refusal({ status: 404 })).message).toContain("run: npx pulumi refresh, then npx pulumi up");
});

test.each([
  ["as it is", wanted.endpoint],
  ["without its scheme", wanted.endpoint.replace("https://", "")],
  ["URL-encoded", encodeURIComponent(wanted.endpoint)],
])("an endpoint that Customer.io quotes %s is not shown", async (_, quoted) => {
  const body = { errors: [{ detail: `endpoint ${quoted} is not allowed`, status: "400" }] };
  const { message } = await refusal({ status: 400, body });
  expect(message).toContain("endpoint <the endpoint> is not allowed");
  expect(message).not.toContain("secret-inlet");
});

test("an answer that is not the App API's is not a success", async () => {
  const { message } = await refusal({ status: 200, body: "<html>Sign in</html>" });
  expect(message).toContain("Check that the setting customerio:appApiUrl points to it");
});
