import type { z } from "zod";
import { AccessTokens } from "../src/client/ims.ts";
import { config } from "../src/config.ts";
import { Aep, credential, errorOf } from "./aep.ts";
import { PlatformStub, token } from "./platform-stub.ts";

const stats = "GET /data/foundation/schemaregistry/stats";

let stub: PlatformStub;
let now: number;
let tokens: AccessTokens;

beforeEach(async () => {
  stub = await new PlatformStub().start();
  now = 0;
  const settings: z.output<typeof config> = config.parse({ ...credential, imsUrl: stub.url });
  tokens = new AccessTokens(settings, { now: () => now });
});
afterEach(() => stub.close());

test("sends the request as Adobe documents it, with everything in the body", async () => {
  expect(await tokens.get()).toBe("token-1");
  expect(stub.tokenRequests).toEqual([
    {
      grant_type: "client_credentials",
      client_id: "client-1",
      client_secret: "p8e-hidden",
      scope: "openid,session,AdobeID,read_organizations,additional_info.projectedProductContext",
    },
  ]);
});

test("all waiting calls share one request, and later ones use its token", async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => tokens.get()));
  expect(new Set(all)).toEqual(new Set(["token-1"]));
  expect(await tokens.get()).toBe("token-1");
  expect(stub.tokenRequests).toHaveLength(1);
});

test("renews 500 seconds before the end", async () => {
  stub.answer("POST /ims/token/v3", { body: token }, { body: { ...token, access_token: "token-2" } });
  await tokens.get();
  now = (86399 - 500) * 1000 - 1;
  expect(await tokens.get()).toBe("token-1");
  now += 1;
  expect(await tokens.get()).toBe("token-2");
});

test("a token of a short life is used for half of it", async () => {
  stub.answer("POST /ims/token/v3", { body: { ...token, expires_in: 600 } });
  await tokens.get();
  now = 299_999;
  await tokens.get();
  expect(stub.tokenRequests).toHaveLength(1);
  now = 300_000;
  await tokens.get();
  expect(stub.tokenRequests).toHaveLength(2);
});

test("a token whose life IMS does not state is used for half an hour at least", async () => {
  stub.answer("POST /ims/token/v3", { body: { access_token: "token-1" } });
  await tokens.get();
  now = 1_800_000;
  expect(await tokens.get()).toBe("token-1");
  expect(stub.tokenRequests).toHaveLength(1);
  now = 3_600_000;
  await tokens.get();
  expect(stub.tokenRequests).toHaveLength(2);
});

test("asks again after a lost answer and after a failure", async () => {
  stub.answer("POST /ims/token/v3", { lost: true }, { body: token });
  expect(await tokens.get()).toBe("token-1");
  stub.answer("POST /ims/token/v3", { status: 400, body: { error: "invalid_client" } }, { body: token });
  await errorOf(tokens.get("token-1"));
  expect(await tokens.get("token-1")).toBe("token-1");
});

test.each([
  [
    { error: "invalid_client", error_description: "invalid client_secret parameter" },
    "Could not get an access token: Adobe IMS answered 400: invalid client_secret parameter, code invalid_client. " +
      "Copy the client secret from the page of the credential (OAuth Server-to-Server) in Adobe Developer Console and " +
      "set it: npx pulumi config set --secret aep:clientSecret",
  ],
  [
    { error: "invalid_client", error_description: "invalid client_id parameter" },
    "Could not get an access token: Adobe IMS answered 400: invalid client_id parameter, code invalid_client. " +
      "Copy the client id from the page of the credential (OAuth Server-to-Server) in Adobe Developer Console and " +
      "set it: npx pulumi config set aep:clientId <id>",
  ],
  [
    { error: "invalid_scope", error_description: "unknown scope" },
    "Could not get an access token: Adobe IMS answered 400: unknown scope, code invalid_scope. " +
      "Copy the scopes from the page of the credential (OAuth Server-to-Server) in Adobe Developer Console and " +
      "set them: npx pulumi config set aep:scopes <scopes>",
  ],
])("%j says what to set", async (body, message) => {
  stub.answer("POST /ims/token/v3", { status: 400, body });
  expect((await errorOf(tokens.get())).message).toBe(message);
});

test("an answer that is not from IMS names the setting", async () => {
  stub.answer("POST /ims/token/v3", { body: "<html>Sign in</html>" });
  expect((await errorOf(tokens.get())).message).toBe(
    `Could not get an access token: ${stub.url} did not answer like Adobe IMS. ` +
      "Check that the setting aep:imsUrl points to Adobe IMS, not to a proxy's page.",
  );
});

test("a token that Platform refuses is renewed once", async () => {
  stub.answer("POST /ims/token/v3", { body: token }, { body: { ...token, access_token: "token-2" } });
  const refusal = { status: 401, body: { error_code: "401013", message: "Oauth token is not valid" } };
  stub.answer(stats, refusal, { body: { tenantId: "acme" } });
  const aep = await Aep.connect(stub.url);
  expect(await aep.provider.invoke("aep:index:getTenant", {})).toEqual({ tenantId: "acme" });
  expect(stub.headers.map(({ authorization }) => authorization)).toEqual(["Bearer token-1", "Bearer token-2"]);

  stub.answer(stats, refusal);
  const other = await Aep.connect(stub.url);
  const { message } = await errorOf(other.provider.invoke("aep:index:getTenant", {}));
  expect(message).toContain("Adobe Experience Platform answered 401: Oauth token is not valid, code 401013.");
  expect(stub.calls).toHaveLength(4);
});

test("if many calls are refused with one token, one renews it for all", async () => {
  stub.answer("POST /ims/token/v3", { body: token }, { body: { ...token, access_token: "token-2" } });
  await tokens.get();
  const renewed = [await tokens.get("token-1"), ...(await Promise.all([tokens.get("token-1"), tokens.get("token-1")]))];
  expect(renewed).toEqual(["token-2", "token-2", "token-2"]);
  expect(stub.tokenRequests).toHaveLength(2);
});
