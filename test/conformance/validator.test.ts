import { hasDescriptions } from "./descriptions.ts";
import type { ProxiedAnswer, ProxiedRequest } from "./proxy.ts";
import { type Exchange, Validator } from "./validator.ts";

const suite = hasDescriptions ? describe : describe.skip;

suite("the validator finds (skipped where the vendors' API descriptions are not at hand)", () => {
  let validator: Validator;
  beforeAll(() => {
    validator = new Validator();
  });

  const webhook = { name: "Relay", endpoint: "https://relay.example/", events: ["email_sent"] };
  const json = { "content-type": "application/json" };
  const creation = { method: "POST", url: "/v1/reporting_webhooks", headers: json, body: JSON.stringify(webhook) };
  const created = { status: 200, headers: json, body: JSON.stringify({ ...webhook, id: 1, type: "webhook" }) };
  const access = { authorization: "Bearer t", "x-api-key": "k", "x-gw-ims-org-id": "o@AdobeOrg" };
  const list = { method: "GET", url: "/data/foundation/flowservice/flows?limit=10", headers: access, body: "" };
  const listed = { status: 200, headers: json, body: '{"items":[]}' };

  const creationWith = (request: Partial<ProxiedRequest>, answer: Partial<ProxiedAnswer> = {}): Exchange => ({
    vendor: "customer-io",
    request: { ...creation, ...request },
    answer: { ...created, ...answer },
  });
  const flows = (request: Partial<ProxiedRequest>): Exchange => ({
    vendor: "platform",
    request: { ...list, ...request },
    answer: listed,
  });
  const differences = (exchange: Exchange) => validator.validate(exchange).findings.map(({ difference }) => difference);

  test("finds nothing in calls that match their description", () => {
    expect(differences(creationWith({}))).toEqual([]);
    expect(differences(flows({}))).toEqual([]);
  });

  test.each<[string, Exchange, string[]]>([
    [
      "a misspelled property of a request",
      creationWith({ body: JSON.stringify({ ...webhook, dissabled: true }) }),
      ["request: the body must NOT have unevaluated properties (dissabled)"],
    ],
    [
      "a missing property of a request",
      creationWith({ body: JSON.stringify({ ...webhook, events: undefined }) }),
      ["request: the body must have required property 'events'"],
    ],
    ["a missing body", creationWith({ body: "" }), ["request: the body is missing"]],
    [
      "a body of another kind",
      creationWith({ headers: { "content-type": "text/plain" } }),
      ["request: the media type text/plain is not described"],
    ],
    [
      "a wrong type in an answer",
      creationWith({}, { body: JSON.stringify({ ...webhook, id: "1" }) }),
      ["answer 200: /id must be integer"],
    ],
    ["an answer that is not JSON", creationWith({}, { body: "<html>" }), ["answer 200: the body is not JSON"]],
    ["an answer without its body", creationWith({}, { body: "" }), ["answer 200: the body is missing"]],
    ["an unknown status", creationWith({}, { status: 418 }), ["answer 418: this status is not described"]],
    [
      "a path parameter of a wrong type",
      creationWith({ method: "DELETE", url: "/v1/reporting_webhooks/one", body: "" }, { body: "" }),
      ["request: the path parameter webhook_id must be integer"],
    ],
    ["an unknown operation", creationWith({ url: "/v1/webhooks" }), ["this operation is not described"]],
    [
      "an unknown query parameter",
      flows({ url: "/data/foundation/flowservice/flows?orderBy=name" }),
      ["request: the query parameter orderBy is not described"],
    ],
    [
      "a query parameter of a wrong type",
      flows({ url: "/data/foundation/flowservice/flows?limit=many" }),
      ["request: the query parameter limit must be integer"],
    ],
    [
      "a missing header",
      flows({ headers: { ...access, "x-api-key": "" } }),
      ["request: the header x-api-key is missing"],
    ],
  ])("finds %s", (_, exchange, expected) => {
    expect(differences(exchange)).toEqual(expected);
  });
});
