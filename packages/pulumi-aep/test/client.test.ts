import { z } from "zod";
import { AepClient } from "../src/client/client.ts";
import { config } from "../src/config.ts";
import { Aep, credential, errorOf } from "./aep.ts";
import { type Answer, PlatformStub, token } from "./platform-stub.ts";

const stats = "GET /data/foundation/schemaregistry/stats";
const anything = z.unknown();

let stub: PlatformStub;
let client: AepClient;
const { signal } = new AbortController();

beforeEach(async () => {
  stub = await new PlatformStub().start();
  client = new AepClient(config.parse({ ...credential, imsUrl: stub.url, platformUrl: stub.url }), { pollInterval: 1 });
});
afterEach(() => stub.close());

async function refusal(answer: Answer): Promise<string> {
  stub.answer("GET /thing", answer);
  return (await errorOf(client.call({ method: "GET", path: "/thing", signal, purpose: "look" }, anything))).message;
}

test("every call has the four headers that Platform requires", async () => {
  stub.answer("POST /thing", { status: 201, body: {} });
  await client.call({ method: "POST", path: "/thing", body: { a: 1 }, signal, purpose: "try" }, anything);
  expect(stub.requests).toEqual([{ call: "POST /thing", body: { a: 1 } }]);
  expect(stub.headers[0]).toMatchObject({
    authorization: "Bearer token-1",
    "x-api-key": "client-1",
    "x-gw-ims-org-id": "0123456789ABCDEF01234567@AdobeOrg",
    "x-sandbox-name": "dev",
    "content-type": "application/json",
  });
});

test("the tenant id is requested once", async () => {
  stub.answer(stats, { body: { imsOrg: "x", tenantId: "acme", counts: {} } });
  expect(await Promise.all([client.tenantId(signal), client.tenantId(signal)])).toEqual(["acme", "acme"]);
  expect(stub.requests).toEqual([{ call: stats }]);
});

describe("an error is reported with code, request id and remedy", () => {
  const flow = (code: string, status: number) => ({
    status,
    body: {
      type: `https://ns.adobe.com/aep/errors/${code}`,
      title: "Forbidden",
      status,
      report: { "detailed-message": "No access", "request-id": "r-1" },
      errorMessage: "No access",
    },
  });

  test("of the gateway", async () => {
    const body = { error_code: "403025", message: "Profile is not valid" };
    expect(await refusal({ status: 403, body, headers: { "X-Request-Id": "r-7" } })).toBe(
      "Could not look: Adobe Experience Platform answered 403: Profile is not valid, code 403025. Request id: r-7. " +
        "Check that the setting aep:orgId is the organization in which the credential of aep:clientId was created, and that " +
        "its project in Adobe Developer Console has the API “Experience Platform API” with a product profile.",
    );
  });

  test("of the Flow Service, for a credential without a role", async () => {
    expect(await refusal(flow("FLOW-2120-403", 403))).toBe(
      "Could not look: Adobe Experience Platform answered 403: No access, code FLOW-2120-403. Request id: r-1. " +
        "Add the API credential to a role in Experience Platform (Permissions > Roles > API credentials) that includes " +
        "the sandbox of aep:sandbox and the permissions Manage Sources, Manage Schemas and Manage Datasets; for Profile also " +
        "Manage Identity Metadata, View Identity Namespaces and Manage Profiles.",
    );
  });

  test.each([
    ["FLOW-2100-404", 404, "npx pulumi config set aep:sandbox <name>"],
    ["FLOW-1413-400", 400, "Sources > Catalog"],
    ["FLOW-1425-400", 400, "must have the same schema in the same version"],
    ["FLOW-1419-400", 400, "Check that mappingSetId and mappingSetVersion name a mapping set of this sandbox."],
    ["FLOW-2001-401", 401, "the setting aep:orgId"],
    ["XDM-1020-400", 400, "Fields of a field group must be under _<tenant id>"],
  ])("with the code %s", async (code, status, remedy) => {
    expect(await refusal(flow(code, status))).toContain(remedy);
  });

  test("of the Schema Registry, naming what holds the title", async () => {
    const id = "https://ns.adobe.com/acme/mixins/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const detail = `Object titles must be unique. An object ${id} already exists with the same title`;
    const body = {
      type: "http://ns.adobe.com/aep/errors/XDM-1521-400",
      title: "Title not unique",
      status: 400,
      report: {
        registryRequestId: "r-2",
        timestamp: "06-01-2021 04:11:06",
        "detailed-message": detail,
        "sub-errors": [],
      },
      detail,
    };
    expect(await refusal({ status: 400, body })).toBe(
      `Could not look: Adobe Experience Platform answered 400: ${detail}, code XDM-1521-400. Request id: r-2. ` +
        "Titles are unique across schemas, field groups, classes and data types: choose another title.",
    );
  });

  test("of the older kind, without a code", async () => {
    const body = {
      type: "/placeholder/type/uri",
      status: 400,
      title: "BadRequestError",
      detail: "A valid content-type must be specified",
    };
    expect(await refusal({ status: 400, body })).toBe(
      "Could not look: Adobe Experience Platform answered 400: A valid content-type must be specified. " +
        "Fix what the message names, then run the command again.",
    );
  });

  test("of a proxy", async () => {
    expect(await refusal({ status: 404, body: "<!doctype html><p>Not here</p>" })).toBe(
      "Could not look: Adobe Experience Platform answered 404: the answer was a web page, not an API's. " +
        "Check that the setting aep:platformUrl points to Platform's APIs, not to a proxy's page.",
    );
  });

  test("of throttling, after five attempts", async () => {
    const body = { error_code: "429050", message: "Too many requests" };
    expect(await refusal({ status: 429, body, headers: { "Retry-After": "0" } })).toContain(
      "npx pulumi up --parallel 4",
    );
    expect(stub.requests).toHaveLength(5);
  });

  test("and never with a secret", async () => {
    const told = [await refusal(flow("FLOW-2120-403", 403)), await refusal({ status: 400, body: "x" })].join();
    expect(told).not.toContain(credential.clientSecret);
    expect(told).not.toContain("token-1");
  });
});

describe("gone is", () => {
  const find = () => client.find({ method: "GET", path: "/thing", signal, purpose: "look" }, anything);
  const missing = { status: 404, body: { title: "Resource not found", detail: "no such thing" } };

  test("an object that Platform reports as gone while the sandbox answers", async () => {
    stub.answer("GET /thing", missing).answer(stats, { body: { tenantId: "acme" } });
    expect(await find()).toBeUndefined();
    expect(await find()).toBeUndefined();
    expect(stub.calls).toEqual(["GET /thing", stats, "GET /thing", stats]);
  });

  test("nothing if something else has come in between since Platform answered", async () => {
    stub.answer(stats, { body: { tenantId: "acme" } });
    expect(await client.tenantId(signal)).toBe("acme");
    const page = { status: 404, body: "<html>nginx</html>" };
    stub.answer("GET /thing", page).answer(stats, page);
    expect((await errorOf(find())).message).toContain("aep:platformUrl");
  });

  test("nothing if the sandbox is wrong", async () => {
    const unknown = {
      status: 404,
      body: { type: "https://ns.adobe.com/aep/errors/FLOW-2100-404", title: "Sandbox not found" },
    };
    stub.answer("GET /thing", missing).answer(stats, unknown);
    const { message } = await errorOf(find());
    expect(message).toContain('Could not look up the tenant id in the sandbox "dev"');
    expect(message).toContain("npx pulumi config set aep:sandbox <name>");
  });

  test("nothing if something other than Platform answers", async () => {
    const page = { status: 404, body: "<html>nginx</html>" };
    stub.answer("GET /thing", page).answer(stats, page);
    expect((await errorOf(find())).message).toContain("aep:platformUrl");
  });

  test.each([404, 410])("not an object for which IMS answers %d, since IMS knows only tokens", async (status) => {
    stub.answer("POST /ims/token/v3", { status }, { body: token });
    stub.answer("GET /thing", { body: {} }).answer(stats, { body: { tenantId: "acme" } });
    expect((await errorOf(find())).message).toContain(`Could not get an access token: Adobe IMS answered ${status}`);
  });

  test("and a missing method of IMS does not make a deletion impossible", async () => {
    stub.answer("POST /ims/token/v3", { status: 405 }, { body: token });
    const remove = client.deleteIfPossible({ path: "/thing", signal, purpose: "delete" });
    expect((await errorOf(remove)).message).toContain("Could not get an access token: Adobe IMS answered 405");
  });

  test.each([400, 403, 500])("not %d", async (status) => {
    stub.answer("GET /thing", { status, headers: { "Retry-After": "0" } });
    expect((await errorOf(find())).message).toContain(`answered ${status}`);
  });

  test("fine for a deletion", async () => {
    stub.answer("DELETE /thing", missing).answer(stats, { body: { tenantId: "acme" } });
    await client.delete({ path: "/thing", signal, purpose: "delete" });
    stub.answer("DELETE /thing", { status: 403 });
    expect((await errorOf(client.delete({ path: "/thing", signal, purpose: "delete" }))).message).toContain(
      "answered 403",
    );
  });
});

test("a hint is shown if the request itself is refused, and not if access is", async () => {
  const ask = () =>
    errorOf(client.call({ method: "PUT", path: "/thing", signal, purpose: "change", hint: "Try that." }, anything));
  stub.answer("PUT /thing", { status: 422, body: { detail: "no" } });
  expect((await ask()).message).toBe("Could not change: Adobe Experience Platform answered 422: no. Try that.");
  stub.answer("PUT /thing", { status: 403, body: { detail: "no" } });
  expect((await ask()).message).not.toContain("Try that.");
});

test("an answer of another form is an error that names what was expected", async () => {
  stub.answer("GET /thing", { body: { id: 7 } });
  const call = { method: "GET", path: "/thing", signal, purpose: "look" } as const;
  const { message } = await errorOf(client.call(call, z.object({ id: z.string() })));
  expect(message).toBe(
    "Could not look: the answer did not match Adobe's documentation (id: Invalid input: expected string, received number). " +
      `Check that the setting aep:platformUrl (${stub.url}) points to Platform's APIs.`,
  );
});

test("a wrong credential is reported by the first function that a program calls, in a preview too", async () => {
  const body = { error: "invalid_client", error_description: "invalid client_secret parameter" };
  stub.answer("POST /ims/token/v3", { status: 400, body });
  const aep = await Aep.connect(stub.url);
  const { message } = await errorOf(aep.provider.invoke("aep:index:getTenant", {}));
  expect(message).toContain("npx pulumi config set --secret aep:clientSecret");
});
