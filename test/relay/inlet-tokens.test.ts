import { setTimeout as sleep } from "node:timers/promises";
import { PlatformStub } from "../../packages/pulumi-aep/test/platform-stub.ts";
import { InletTokens } from "../../relay/azure/delivery/inlet-tokens.ts";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { openForwarder } from "./support/open-ports.ts";

const ims = "POST /ims/token/v3";
const inlet = "POST /collection/inlet?x-adobe-flow-id=flow";

let stub: PlatformStub;
let now: number;
beforeEach(async () => {
  stub = await new PlatformStub().start();
  now = 1_000;
});
afterEach(() => stub.close());

const credential = () => ({
  imsUrl: stub.url,
  clientId: "client-1",
  clientSecret: "p8e-hidden",
  scopes: "openid,AdobeID",
  orgId: "0123@AdobeOrg",
});
const receipt = { body: { inletId: "inlet", xactionId: "1:2:3", receivedTimeMs: 1 } };
const tokens = () => new InletTokens({ credential: credential(), timeout: 5_000, monotonic: () => now });
const token = (name: string) => ({ body: { access_token: name, token_type: "bearer", expires_in: 86_399 } });
const client = (source = tokens()) =>
  new PlatformClient(`${stub.url}/collection/inlet?x-adobe-flow-id=flow`, {
    timeout: 5_000,
    authorization: { credential: credential(), tokens: source, fence: openForwarder.fence },
  });

/** Asks for tokens until it is this one: nobody waits for a token that follows another. */
async function untilIs(source: InletTokens, name: string): Promise<void> {
  while ((await source.get()) !== name) await new Promise(setImmediate);
}

test("one token is requested for all waiting events, and kept until 500 seconds before it expires", async () => {
  stub.answer(ims, token("first"), token("second"));
  const source = tokens();
  expect(await Promise.all([source.get(), source.get(), source.get()])).toEqual(["first", "first", "first"]);
  expect(stub.tokenRequests).toEqual([
    { grant_type: "client_credentials", client_id: "client-1", client_secret: "p8e-hidden", scope: "openid,AdobeID" },
  ]);
  now += (86_399 - 500) * 1000 - 1;
  expect(await source.get()).toBe("first");
  now += 1;
  expect(await source.get()).toBe("first");
  await untilIs(source, "second");
});

test("an event does not wait for IMS while the former token is good", async () => {
  stub.answer(ims, token("first"), { hangs: true });
  const source = tokens();
  await source.get();
  now += (86_399 - 100) * 1000;
  const startedAt = performance.now();
  expect(await source.get()).toBe("first");
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

test.each<[string, object]>([
  ["IMS does not answer", { lost: true }],
  ["IMS is busy", { status: 503 }],
  ["IMS refuses the credential", { status: 400, body: { error: "invalid_client" } }],
])("a token is used to its end if %s, and IMS is asked again every half minute", async (_what, answer) => {
  stub.answer(ims, token("first"), answer, answer, token("second"));
  const source = tokens();
  await source.get();
  /** Gets the former token, and gives IMS time to be asked for another. */
  const getFormer = async () => {
    expect(await source.get()).toBe("first");
    await sleep(200);
  };
  now += (86_399 - 100) * 1000;
  await getFormer();
  now += 29_999;
  await getFormer();
  expect(stub.tokenRequests).toHaveLength(2);
  now += 1;
  await getFormer();
  expect(stub.tokenRequests).toHaveLength(3);
  now += 30_000;
  await untilIs(source, "second");
});

test("a token is not used after its end, whatever IMS answers", async () => {
  stub.answer(ims, token("first"), { status: 503 });
  const source = tokens();
  await source.get();
  now += 86_399 * 1000 - 1;
  expect(await source.get()).toBe("first");
  now += 1;
  expect(await source.get()).toMatchObject({ status: 503 });
});

test.each<[string, unknown, number]>([
  ["as text", "86399", 86_399],
  ["not at all", undefined, 3_600],
  ["as null", null, 3_600],
])("the life of a token that IMS gives %s is understood", async (_how, given, seconds) => {
  stub.answer(ims, { body: { access_token: "first", expires_in: given } }, token("second"));
  const source = tokens();
  expect(await source.get()).toBe("first");
  now += (seconds - 500) * 1000 - 1;
  expect(await source.get()).toBe("first");
  now += 1;
  await untilIs(source, "second");
});

test("an event is sent with the token, the organization and the client id", async () => {
  stub.answer(ims, token("first")).answer(inlet, receipt);
  expect(await client().send('{"event_id":"a"}')).toEqual({ status: 200, retryAfter: null, detail: "" });
  expect(stub.headers).toEqual([
    expect.objectContaining({
      authorization: "Bearer first",
      "x-gw-ims-org-id": "0123@AdobeOrg",
      "x-api-key": "client-1",
      "content-type": "application/json",
    }),
  ]);
});

test("no token is sent to an inlet that requires none", async () => {
  stub.answer(inlet, receipt);
  const url = `${stub.url}/collection/inlet?x-adobe-flow-id=flow`;
  expect(await new PlatformClient(url, { timeout: 5_000 }).send("{}")).toMatchObject({ status: 200 });
  expect(stub.headers[0]).not.toHaveProperty("authorization");
  expect(stub.tokenRequests).toEqual([]);
});

test("an event is not sent if newer settings came into force while it waited for a token", async () => {
  stub.answer(ims, token("first"));
  const fenced = { seconds: 5, why: "newer settings" };
  const sender = new PlatformClient(`${stub.url}/collection/inlet?x-adobe-flow-id=flow`, {
    timeout: 5_000,
    authorization: {
      credential: credential(),
      tokens: tokens(),
      fence: async () => (stub.tokenRequests.length > 0 ? fenced : undefined),
    },
  });
  expect(await sender.send("{}")).toEqual(fenced);
  expect(stub.headers).toEqual([]);
});

test("a token that is refused early is renewed once, and a new one that is refused is not", async () => {
  const refused = { status: 401, body: { title: "Authorization", report: { message: "Bearer second and first" } } };
  stub.answer(ims, token("first"), token("second")).answer(inlet, receipt, refused, receipt, refused);
  const sender = client();
  expect(await sender.send("{}")).toMatchObject({ status: 200 });
  now += 60_000;
  expect(await sender.send("{}")).toMatchObject({ status: 200 });
  expect(stub.headers.map(({ authorization }) => authorization)).toEqual([
    "Bearer first",
    "Bearer first",
    "Bearer second",
  ]);
  expect(await sender.send("{}")).toMatchObject({
    status: 401,
    detail: "Authorization: Bearer [hidden] and first",
  });
  expect(stub.tokenRequests).toHaveLength(2);
});

test("a wrong credential holds the events, is not shown, and IMS is not asked again for a while", async () => {
  const body = { error: "invalid_client", error_description: "p8e-hidden is not a client_secret" };
  stub.answer(ims, { status: 400, body }, token("fixed")).answer(inlet, receipt);
  const source = tokens();
  const held = { status: 401, retryAfter: null, detail: "Adobe IMS refused the relay's credential (invalid_client)" };
  expect(await client(source).send("{}")).toEqual(held);
  now += 29_999;
  expect(await client(source).send("{}")).toEqual(held);
  expect([stub.tokenRequests.length, stub.requests.length]).toEqual([1, 0]);
  now += 1;
  expect(await client(source).send("{}")).toMatchObject({ status: 200 });
});

test.each([
  [
    { status: 400, body: { error: "p8e-hidden!" } },
    { status: 401, detail: expect.stringMatching(/credential \(400\)$/) },
  ],
  [
    { status: 200, body: { hello: "proxy" } },
    { status: 401, detail: expect.stringContaining("PLATFORM_IMS_URL") },
  ],
  [
    { status: 429, headers: { "retry-after": "7" } },
    { status: 429, retryAfter: "7" },
  ],
  [{ status: 503 }, { status: 503 }],
  [{ lost: true as const }, { failure: expect.stringMatching(/^Adobe IMS: no answer/) }],
])("IMS answers %j", async (answer, expected) => {
  stub.answer(ims, answer);
  expect(await client().send("{}")).toMatchObject(expected);
});
