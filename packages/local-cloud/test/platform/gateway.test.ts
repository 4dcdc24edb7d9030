import { credentials, Platform, scope } from "./harness.ts";

const stats = "/data/foundation/schemaregistry/stats";
let platform: Platform;

beforeEach(async () => {
  platform = await Platform.start();
});
afterEach(() => platform.close());

describe("tokens", () => {
  test("a token for the right credentials lives for a day less a second, in seconds", async () => {
    expect((await platform.askForToken()).body).toEqual({
      access_token: expect.stringMatching(/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]{342}$/),
      token_type: "bearer",
      expires_in: 86399,
    });
  });

  test("either of a credential's two secrets is valid", async () => {
    expect((await platform.askForToken({ client_secret: credentials.clientSecret[1] })).status).toBe(200);
  });

  test.each([
    [{ client_id: "other" }, "invalid_client", "invalid client_id parameter"],
    [{ client_secret: "wrong" }, "invalid_client", "invalid client_secret parameter"],
    [{ scope: "openid,unheard_of" }, "invalid_scope", "invalid scope parameter"],
    [{ scope: "" }, "invalid_scope", "invalid scope parameter"],
    [{ grant_type: "password" }, "unsupported_grant_type", "unsupported grant_type parameter"],
  ])("%o is refused with 400", async (change, error, description) => {
    const answer = await platform.askForToken(change);
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({ error, error_description: description });
  });

  test("the parameters may come in the query", async () => {
    const query = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret[0],
      scope,
    });
    expect((await platform.plain("POST", `/ims/token/v3?${query}`)).status).toBe(200);
  });

  test("a body that is not a form has no parameters", async () => {
    const body = JSON.stringify({ grant_type: "client_credentials", client_id: credentials.clientId });
    const answer = await platform.plain("POST", "/ims/token/v3", { "Content-Type": "application/json" }, body);
    expect(answer).toMatchObject({ status: 400, json: { error: "unsupported_grant_type" } });
  });

  test("issued tokens are counted, refusals are not", async () => {
    await platform.askForToken();
    await platform.askForToken({ client_id: "other" });
    expect((await platform.plain("GET", "/__local/tokens")).json).toEqual({ count: 2 });
  });

  test("a token expires", async () => {
    platform.pass(86_398);
    expect((await platform.call("GET", stats)).status).toBe(200);
    platform.pass(1);
    expect((await platform.call("GET", stats)).json).toEqual({
      error_code: "401013",
      message: "Oauth token is not valid",
    });
  });
});

describe("the gateway's checks, in their order", () => {
  const complete = () => ({
    Authorization: `Bearer ${platform.token}`,
    "x-api-key": credentials.clientId,
    "x-gw-ims-org-id": credentials.orgId,
    "x-sandbox-name": "dev",
  });

  test.each([
    [403, "403010", "Oauth token is missing.", (): Record<string, string> => ({})],
    [401, "401013", "Oauth token is not valid", () => ({ Authorization: "Bearer nonsense" })],
    [403, "403000", "Api Key is required", () => ({ Authorization: complete().Authorization })],
    [403, "403003", "Api Key is invalid", () => ({ Authorization: complete().Authorization, "x-api-key": "other" })],
    [
      400,
      "400003",
      "Missing header",
      () => ({ Authorization: complete().Authorization, "x-api-key": credentials.clientId }),
    ],
    [403, "403025", "Profile is not valid", () => ({ ...complete(), "x-gw-ims-org-id": "other@AdobeOrg" })],
  ])("%i %s %s", async (status, code, message, headers) => {
    const answer = await platform.plain("GET", stats, headers());
    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ error_code: code, message });
    expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("every answer has its own request id, and errors quote it", async () => {
    const first = await platform.call("GET", stats);
    const second = await platform.call("GET", "/data/foundation/flowservice/flows/none");
    expect(first.headers.get("x-request-id")).not.toBe(second.headers.get("x-request-id"));
    expect(second.body.report).toMatchObject({ "request-id": second.headers.get("x-request-id") });
  });

  test("an unknown sandbox is refused", async () => {
    const answer = await platform.call("GET", stats, { headers: { "x-sandbox-name": "nowhere" } });
    expect(answer.status).toBe(404);
    expect(answer.json).toEqual({
      type: "https://ns.adobe.com/aep/errors/FLOW-2100-404",
      title: "Sandbox not found",
      status: 404,
      report: {
        "detailed-message":
          "The sandbox with the name 'nowhere' could not be found. Please ensure that the sandbox name is correct and try again.",
        "request-id": answer.headers.get("x-request-id"),
      },
      errorMessage:
        "The sandbox with the name 'nowhere' could not be found. Please ensure that the sandbox name is correct and try again.",
      errorDetails:
        "The sandbox with the name 'nowhere' could not be found. Please ensure that the sandbox name is correct and try again.",
    });
  });

  test("x-sandbox-id is not allowed", async () => {
    const answer = await platform.call("GET", stats, { headers: { "x-sandbox-id": "1" } });
    expect(answer.body).toMatchObject({ type: "https://ns.adobe.com/aep/errors/FLOW-2110-400", status: 400 });
  });

  test("a call without a sandbox header is refused, or goes to prod with a switch", async () => {
    const { "x-sandbox-name": _, ...headers } = complete();
    const answer = await platform.plain("GET", stats, headers);
    expect(answer.body).toMatchObject({ type: "https://ns.adobe.com/aep/errors/FLOW-2105-400", status: 400 });
    const lenient = await Platform.start({ switches: { missingSandboxHeader: "prod" } });
    try {
      const authorization = `Bearer ${lenient.token}`;
      expect((await lenient.plain("GET", stats, { ...headers, Authorization: authorization })).status).toBe(200);
    } finally {
      await lenient.close();
    }
  });

  test("a body must be JSON by its content type and by its form", async () => {
    const headers = { ...complete(), "Content-Type": "text/plain" };
    const answer = await platform.plain("POST", "/data/foundation/flowservice/flows", headers, "{}");
    expect(answer.status).toBe(400);
    expect(answer.json).toEqual({
      type: "/placeholder/type/uri",
      status: 400,
      title: "BadRequestError",
      detail: "A valid content-type must be specified",
    });
    const broken = { ...complete(), "Content-Type": "application/json" };
    expect((await platform.plain("POST", "/data/foundation/flowservice/flows", broken, "{")).status).toBe(400);
  });

  test("an unknown route gets 404", async () => {
    expect((await platform.call("GET", "/data/foundation/unheard-of")).status).toBe(404);
  });
});

describe("sandboxes, permissions and namespaces", () => {
  test("the list of sandboxes needs no sandbox header", async () => {
    const answer = await platform.plain("GET", "/data/foundation/sandbox-management/", {
      Authorization: `Bearer ${platform.token}`,
      "x-api-key": credentials.clientId,
      "x-gw-ims-org-id": credentials.orgId,
    });
    expect(answer.body.sandboxes).toEqual([
      expect.objectContaining({ name: "prod", state: "active", type: "production", isDefault: true }),
      expect.objectContaining({ name: "dev", state: "active", type: "development", isDefault: false }),
    ]);
  });

  test("one sandbox is found by its name", async () => {
    const path = "/data/foundation/sandbox-management/sandboxes";
    expect((await platform.call("GET", `${path}/dev`)).body).toMatchObject({ name: "dev", region: "NLD2" });
    expect((await platform.call("GET", `${path}/none`)).status).toBe(404);
  });

  test("effective policies list what the credential may do", async () => {
    const path = "/data/foundation/access-control/acl";
    const body = [
      "/permissions/manage-schemas",
      "/permissions/view-schemas",
      "/resource-types/schemas",
      "/permissions/x",
    ];
    expect((await platform.call("POST", `${path}/effective-policies`, { body })).json).toEqual({
      policies: {
        "/permissions/manage-schemas": ["*"],
        "/permissions/view-schemas": ["*"],
        "/resource-types/schemas": ["read", "write", "delete"],
      },
    });
    expect((await platform.call("POST", `${path}/effective-policies`, { body: {} })).status).toBe(400);
    expect(Object.keys((await platform.call("GET", `${path}/reference`)).body)).toEqual([
      "permissions",
      "resource-types",
    ]);
  });

  test("a credential without a role has no permission, sees no sandbox, and is refused by Flow Service", async () => {
    const outsider = await Platform.start({ switches: { role: "missing" } });
    try {
      const policies = await outsider.call("POST", "/data/foundation/access-control/acl/effective-policies", {
        body: ["/permissions/manage-sources"],
      });
      expect(policies.json).toEqual({ policies: {} });
      expect((await outsider.call("GET", "/data/foundation/sandbox-management/")).body.sandboxes).toEqual([]);
      const refusal = await outsider.call("GET", "/data/foundation/flowservice/flows");
      expect(refusal.body).toMatchObject({ type: "https://ns.adobe.com/aep/errors/FLOW-2120-403", title: "Forbidden" });
    } finally {
      await outsider.close();
    }
  });

  test("the standard identity namespaces are listed", async () => {
    const { json } = await platform.call("GET", "/data/core/idnamespace/identities");
    expect(json).toContainEqual(expect.objectContaining({ id: 6, code: "Email", status: "ACTIVE", custom: false }));
  });
});

test("two stand-ins are independent", async () => {
  const other = await Platform.start({ tenantId: "other" });
  try {
    expect((await other.call("GET", stats)).body.tenantId).toBe("other");
    expect((await platform.call("GET", stats)).body.tenantId).toBe("acme");
    const strange = await other.call("GET", stats, { headers: { Authorization: `Bearer ${platform.token}` } });
    expect(strange.status).toBe(401);
  } finally {
    await other.close();
  }
});
