import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { verdictOf } from "../../relay/core/delivery/delivery.ts";
import { type FakeAnswer, type FakePlatform, startFakePlatform, taken } from "./support/fake-platform.ts";

let platform: FakePlatform;
beforeAll(async () => {
  platform = await startFakePlatform();
});
beforeEach(() => platform.reset());
afterAll(() => platform.stop());

const send = (answer: FakeAnswer, timeout = 5_000) => {
  platform.answer = () => answer;
  return new PlatformClient(platform.streamingUrl, { timeout }).send('{"event_id":"a"}');
};

test("posts the JSON unchanged to the inlet, with the flow id", async () => {
  expect(await send(taken)).toEqual({ status: 200, retryAfter: null, detail: "" });
  expect(platform.received).toEqual([{ event_id: "a" }]);
  const { pathname, search } = new URL(platform.streamingUrl);
  expect(platform.requests).toEqual([{ method: "POST", url: pathname + search, contentType: "application/json" }]);
});

test("returns Retry-After", async () => {
  expect(await send({ status: 503, headers: { "retry-after": "17" }, body: "" })).toEqual({
    status: 503,
    retryAfter: "17",
    detail: "",
  });
});

describe("Platform's reason for a refusal", () => {
  const inlet = () => new URL(platform.streamingUrl).pathname.split("/").at(-1);
  const detailOf = async (answer: FakeAnswer) => {
    const said = await send(answer);
    return "detail" in said ? said.detail : undefined;
  };

  test("has its title, its message and the id of the request", async () => {
    const body = {
      title: "Invalid XDM Message Format",
      report: { message: `inletId: [${inlet()}] Message is invalid` },
    };
    expect(await detailOf({ status: 400, headers: { "x-request-id": "r-1" }, body })).toBe(
      "Invalid XDM Message Format: inletId: [[hidden]] Message is invalid (request r-1)",
    );
  });
  test("is read from a compressed answer", async () => {
    const body = gzipSync(JSON.stringify({ title: "Bad Request", report: { message: "no such flow" } }));
    expect(await detailOf({ status: 400, headers: { "content-encoding": "gzip" }, body })).toBe(
      "Bad Request: no such flow",
    );
  });
  test("is read from a gateway's answer", async () => {
    expect(await detailOf({ status: 403, body: { error_code: "403003", message: "Api Key is invalid" } })).toBe(
      "Api Key is invalid",
    );
  });
  test("is the whole answer if it has no such parts, up to 500 characters, without inlet and flow id", async () => {
    const flowId = new URL(platform.streamingUrl).searchParams.get("x-adobe-flow-id");
    expect(await detailOf({ status: 404, body: `no ${inlet()} for ${flowId}` })).toBe("no [hidden] for [hidden]");
    expect(await detailOf({ status: 404, body: { status: 404 } })).toBe('{"status":404}');
    expect(await detailOf({ status: 404, body: "x".repeat(10_000) })).toBe("x".repeat(500));
  });
});

test("does not follow redirects", async () => {
  expect(await send({ status: 301, headers: { location: platform.streamingUrl }, body: "" })).toMatchObject({
    status: 301,
  });
  expect(platform.received).toHaveLength(1);
});

test.each([
  ["that never comes", "hang" as const, 100, "no answer in time"],
  ["that is broken off", "reset" as const, 5_000, "no answer: ECONNRESET"],
])("reports an answer %s", async (_, answer, timeout, failure) => {
  expect(await send(answer, timeout)).toEqual({ failure });
});

test("reports an address where nothing listens, without naming it", async () => {
  const client = new PlatformClient("http://127.0.0.1:1/collection/i?x-adobe-flow-id=f", { timeout: 5_000 });
  expect(await client.send("{}")).toEqual({ failure: expect.stringMatching(/^no answer(: \w+)?$/) });
});

describe("an answer is a delivery only if it is Platform's receipt", () => {
  const verdictOn = async (answer: FakeAnswer) => {
    const said = await send(answer);
    if (!("status" in said)) throw new Error(JSON.stringify(said));
    return verdictOf(said);
  };
  const receipt = { inletId: "i", xactionId: "1584479347507:2153:240", receivedTimeMs: 1_584_479_347_507 };

  test.each<[string, string | object]>([
    ["the documented one", receipt],
    ["one that tells more", { ...receipt, syncValidation: { skipped: true } }],
  ])("%s is", async (_, body) => expect(await verdictOn({ status: 200, body })).toBe("delivered"));

  test.each<[string, string | undefined, (text: Buffer) => Buffer]>([
    ["gzip", "gzip", gzipSync],
    ["GZIP", "GZIP", gzipSync],
    ["deflate", "deflate", deflateSync],
    ["br", "br", brotliCompressSync],
    ["identity", "identity", (text) => text],
    ["a coding that it does not have", "gzip", (text) => text],
    ["a byte order mark", undefined, (text) => Buffer.concat([Buffer.from("\ufeff"), text])],
  ])("a receipt with %s is", async (_, coding, encode) => {
    const headers = coding === undefined ? undefined : { "content-encoding": coding };
    const body = encode(Buffer.from(JSON.stringify(receipt)));
    expect(await verdictOn({ status: 200, ...(headers && { headers }), body })).toBe("delivered");
  });

  test("a receipt with another type of content is", async () => {
    const headers = { "content-type": "text/plain; charset=iso-8859-1" };
    expect(await verdictOn({ status: 202, headers, body: JSON.stringify(receipt) })).toBe("delivered");
  });

  test("a compressed page is not, and neither is a small answer that is huge when unpacked", async () => {
    const headers = { "content-encoding": "gzip" };
    const page = gzipSync("<!doctype html><html><body>Sign in</body></html>");
    expect(await verdictOn({ status: 200, headers, body: page })).toBe("hold");
    const huge = gzipSync(`${JSON.stringify(receipt).slice(0, -1)},"x":"${"x".repeat(3_000_000)}"}`);
    expect(await verdictOn({ status: 200, headers, body: huge })).toBe("hold");
  });

  test("a redirect with a receipt, and two receipts, are not", async () => {
    const headers = { location: platform.streamingUrl };
    expect(await verdictOn({ status: 302, headers, body: receipt })).toBe("hold");
    expect(await verdictOn({ status: 200, body: `${JSON.stringify(receipt)}\n${JSON.stringify(receipt)}` })).toBe(
      "hold",
    );
  });

  const item = { statusCode: 400, message: "Message has unknown xdm format" };
  test.each<[string, number, string | object]>([
    ["nothing at all", 200, ""],
    ["204", 204, ""],
    ["a page", 200, "<!doctype html><html><body>Sign in</body></html>"],
    ["somebody else's JSON", 200, { ok: true }],
    ["an array", 200, "[]"],
    ["null", 200, "null"],
    ["a receipt without a transaction", 200, { inletId: "i" }],
    ["a receipt without an inlet", 200, { xactionId: "x" }],
    ["blank ids", 200, { inletId: "", xactionId: "" }],
    ["a batch whose item failed", 207, { inletId: "i", batchId: "b", receivedTimeMs: 1, responses: [item] }],
    ["a batch in a receipt's clothes", 207, { ...receipt, responses: [item] }],
    ["a receipt cut short", 200, JSON.stringify(receipt).slice(0, -2)],
    ["megabytes that begin like one", 200, `${JSON.stringify(receipt).slice(0, -1)},"x":"${"x".repeat(3_000_000)}"}`],
  ])("%s is not", async (_, status, body) => expect(await verdictOn({ status, body })).toBe("hold"));

  test("an operator gets a description of such an answer, but not its text", async () => {
    expect(
      await send({ status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: "<p>secret</p>" }),
    ).toEqual({
      status: 200,
      retryAfter: null,
      detail: "text/html; check PLATFORM_STREAMING_URL, and whether a proxy answers instead of Platform",
      isForeign: true,
    });
  });
});
