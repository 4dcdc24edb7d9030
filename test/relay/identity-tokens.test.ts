import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ManagedIdentity, type ManagedIdentityOptions } from "../../relay/azure/managed-identity.ts";

// The identity's endpoint of App Service, with the answers of each test.
let endpoint: Server;
let url: string;
let answers: ((response: ServerResponse) => void)[];
const asked: string[] = [];

const scope = "https://storage.azure.com/.default";
const minute = 60_000;
/** Milliseconds since 1970. */
let now: number;

beforeAll(async () => {
  endpoint = createServer((request, response) => {
    asked.push(request.url ?? "");
    (answers.length > 1 ? answers.shift() : answers[0])?.(response);
  });
  await new Promise<void>((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/msi/token`;
});
afterAll(async () => {
  endpoint.closeAllConnections();
  await new Promise((resolve) => endpoint.close(resolve));
});
beforeEach(() => {
  now = Date.parse("2026-11-20T10:00:00.000Z");
  asked.length = 0;
});

function answering(status: number, body: object | string) {
  return (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

/** A token that ends after this many minutes. Its value is the number of the request. */
const giveToken = (minutes: number) => (response: ServerResponse) => {
  const expires_on = String(Math.floor(now / 1000) + minutes * 60);
  answering(200, { access_token: `token ${asked.length}`, expires_on, token_type: "Bearer" })(response);
};

/** An identity whose pauses take no time, and the pauses that it made. */
function identity(options: Partial<ManagedIdentityOptions> = {}) {
  const pauses: number[] = [];
  const credential = new ManagedIdentity({
    clientId: undefined,
    environment: { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: "s3cret" },
    now: () => now,
    pause: async (milliseconds) => pauses.push(milliseconds),
    ...options,
  });
  return { credential, pauses, token: async () => (await credential.getToken(scope)).token };
}

/** Waits until the endpoint has had this many requests, and has answered the last one. */
async function untilAsked(times: number): Promise<void> {
  while (asked.length < times) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 30));
}

test("calls that come together share one request, and later ones its token", async () => {
  answers = [giveToken(60)];
  const { token } = identity({ clientId: "33333333-4444-4555-8666-777777777777" });
  expect(await Promise.all([token(), token()])).toEqual(["token 1", "token 1"]);
  now += 54 * minute;
  expect(await token()).toBe("token 1");
  expect(asked).toEqual([
    "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com&client_id=33333333-4444-4555-8666-777777777777",
  ]);
});

test("each resource has a token of its own", async () => {
  answers = [giveToken(60)];
  const { credential, token } = identity();
  expect(await token()).toBe("token 1");
  expect((await credential.getToken(["https://vault.azure.net/.default"])).token).toBe("token 2");
});

test("half a minute before its end a token is replaced before a call gets it", async () => {
  answers = [giveToken(60)];
  const { token } = identity();
  await token();
  now += 59.5 * minute;
  expect(await token()).toBe("token 2");
});

test.each([
  ["one of an hour is replaced in its last five minutes", 60, 56 * minute],
  ["a long-lived one is replaced at half of its life", 24 * 60, 13 * 60 * minute],
])("%s while calls still get it, even if Azure gives no new one then", async (_what, life, later) => {
  answers = [giveToken(life), answering(400, { message: "no" }), giveToken(life)];
  const { token } = identity();
  await token();
  now += later;
  expect(await token()).toBe("token 1");
  await untilAsked(2);
  now += 29_999;
  expect(await token()).toBe("token 1");
  now += 1;
  expect(await token()).toBe("token 1");
  await untilAsked(3);
  expect(await token()).toBe("token 3");
  expect(asked).toHaveLength(3);
});

test("calls get a token to its end if Azure gives no other, and Azure is asked again every half minute", async () => {
  answers = [giveToken(60), answering(400, { message: "no" })];
  const { token } = identity();
  await token();
  now += 60 * minute - 20_000;
  expect(await token()).toBe("token 1");
  now += 19_999;
  expect(await token()).toBe("token 1");
  expect(asked).toHaveLength(2);
  now += 1;
  await expect(token()).rejects.toThrow("it answered 400 no");
});

test("a call that waits for another token gets the former one only while it is good", async () => {
  const held: ServerResponse[] = [];
  answers = [giveToken(60), (response) => held.push(response)];
  const { token } = identity();
  await token();
  now += 60 * minute - 20_000;
  const late = token();
  await untilAsked(2);
  now += 20_000;
  for (const response of held) answering(400, { message: "no" })(response);
  await expect(late).rejects.toThrow("it answered 400 no");
});

test.each([404, 408, 410, 429, 500, 503])("after a %d, it asks again after a second", async (status) => {
  answers = [answering(status, {}), answering(status, "not JSON"), giveToken(60)];
  const { token, pauses } = identity();
  expect(await token()).toBe("token 3");
  expect(pauses).toEqual([1_000, 1_000]);
});

test("a connection that breaks is tried again", async () => {
  answers = [(response) => response.destroy(), giveToken(60)];
  expect(await identity().token()).toBe("token 2");
});

test("it gives up after four attempts, and the next call asks again", async () => {
  answers = [answering(503, { message: "busy" })];
  const { token } = identity();
  await expect(token()).rejects.toThrow("Azure gave no token for the managed identity: it answered 503 busy");
  expect(asked).toHaveLength(4);
  answers = [giveToken(60)];
  expect(await token()).toBe("token 5");
});

test.each<[string, ReturnType<typeof answering>, string]>([
  [
    "an unknown identity",
    answering(400, { statusCode: 400, message: "No User Assigned or Delegated Managed Identity found." }),
    "it answered 400 No User Assigned or Delegated Managed Identity found.",
  ],
  ["a wrong header", answering(401, { message: "Unauthorized" }), "it answered 401 Unauthorized"],
  ["an answer without a token", answering(200, { expires_on: "1" }), "it answered 200"],
  ["an answer that is not JSON", answering(200, "<html>"), "it answered 200"],
])("%s is an error at once, with Azure's words and no secret", async (_what, answer, said) => {
  answers = [answer];
  const error: Error = await identity()
    .token()
    .then(
      () => new Error("it should have failed"),
      (reason: Error) => reason,
    );
  expect(error.message).toBe(`Azure gave no token for the managed identity: ${said}`);
  expect(asked).toHaveLength(1);
});

test("a function app without an identity gets an error that says so", async () => {
  const { token } = identity({ environment: {} });
  await expect(token()).rejects.toThrow(
    "the function app has none, since IDENTITY_ENDPOINT or IDENTITY_HEADER is missing",
  );
});

test("a request that is never answered ends, so that the next one can succeed", async () => {
  answers = [() => undefined, giveToken(60)];
  const { token } = identity({ timeout: 500 });
  await expect(token()).rejects.toMatchObject({ name: "TimeoutError" });
  expect(await token()).toBe("token 2");
});
