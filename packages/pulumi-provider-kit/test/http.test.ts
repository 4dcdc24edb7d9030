import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createCertificate } from "../../local-cloud/src/certificate.ts";
import { withProgress } from "../src/engine/progress.ts";
import { isCertificateFault } from "../src/http/certificate.ts";
import { type Call, HttpClient, type HttpClientOptions } from "../src/http/http.ts";
import { VendorError } from "../src/http/vendor-error.ts";
import { failure } from "./failure.ts";

type Answer = { status: number; headers?: Record<string, string>; body?: string } | "reset" | "hang";

let server: Server;
let answers: Answer[];
let seen: IncomingMessage[];

beforeEach(async () => {
  answers = [];
  seen = [];
  server = createServer((request, response) => {
    seen.push(request);
    const answer = answers.shift() ?? { status: 200, body: "{}" };
    if (answer === "hang") return;
    if (answer === "reset") return void request.socket.destroy();
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
    response.end(answer.body ?? "{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  return new HttpClient({
    vendor: "The shop",
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    baseUrlSetting: "shop:url",
    headers: async (renew) => ({ authorization: renew ? "Bearer fresh" : "Bearer stale" }),
    complaint: ({ data }) => ({ code: (data as { code?: string }).code, detail: (data as { detail?: string }).detail }),
    ...options,
  });
}

function call(changes: Partial<Call> = {}): Call {
  return {
    method: "GET",
    path: "/things",
    signal: new AbortController().signal,
    purpose: "read the things",
    ...changes,
  };
}

const soon = { headers: { "retry-after": "0" } };

test("returns the body of a 2xx", async () => {
  answers = [{ status: 201, body: '{"id":7}' }];
  expect((await client().call(call())).data).toEqual({ id: 7 });
});

test("repeats any method after 429, as the vendor has not acted", async () => {
  answers = [{ status: 429, ...soon }, { status: 200 }];
  await client().call(call({ method: "POST" }));
  expect(seen).toHaveLength(2);
});

test.each([500, 502, 503, 504, 408, 507, 520, 524])(
  "repeats a GET after %i but never a POST, which may have been carried out",
  async (status) => {
    answers = [{ status, ...soon }, { status: 200 }];
    await client().call(call());
    expect(seen).toHaveLength(2);
    answers = [{ status, ...soon }, { status: 200 }];
    await expect(client().call(call({ method: "POST" }))).rejects.toMatchObject({
      status,
      outcomeUnknown: true,
      timedOut: [408, 504, 524].includes(status),
    });
    expect(seen).toHaveLength(3);
  },
);

test.each([301, 307, 400, 404, 409])(
  "a POST answered %i is not repeated, and only a refusal says that nothing was done",
  async (status) => {
    answers = [{ status }];
    const outcomeUnknown = status < 400;
    await expect(client().call(call({ method: "POST" }))).rejects.toMatchObject({ status, outcomeUnknown });
    expect(seen).toHaveLength(1);
  },
);

test.each([501, 505])("does not repeat even a GET after %i, which lasts", async (status) => {
  answers = [{ status, ...soon }, { status: 200 }];
  await expect(client().call(call())).rejects.toMatchObject({ status });
  expect(seen).toHaveLength(1);
});

test("says after a POST without an answer in time that the vendor may still be acting", async () => {
  answers = ["hang"];
  const hurried = client({ attemptTimeout: 50 });
  const creating = hurried.call(call({ method: "POST" }));
  await expect(creating).rejects.toMatchObject({ outcomeUnknown: true, timedOut: true });
  server.closeAllConnections();
});

test("does not repeat a POST after a broken connection, and says that its outcome is unknown", async () => {
  answers = ["reset"];
  const error = await client()
    .call(call({ method: "POST", purpose: "create the thing" }))
    .catch((caught) => caught);
  expect(error).toBeInstanceOf(VendorError);
  expect(error).toMatchObject({ outcomeUnknown: true, timedOut: false });
  expect(error.message).toMatch(/^Could not create the thing: The shop at .* did not answer \(ECONNRESET\)/);
  expect(error.message).toContain("shop:url");
  expect(seen).toHaveLength(1);
});

test("a certificate that can't be verified is reported at once, with the way to trust a proxy's own", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "http-certificate-"));
  const { certificate, key } = await createCertificate(folder);
  const untrusted = https.createServer({ cert: certificate, key });
  let connections = 0;
  untrusted.on("connection", () => void connections++);
  await new Promise<void>((resolve) => untrusted.listen(0, "127.0.0.1", resolve));
  try {
    const baseUrl = `https://127.0.0.1:${(untrusted.address() as AddressInfo).port}`;
    const failed = await failure(client({ baseUrl }).call(call({ method: "POST" })));
    expect(failed.message).toMatch(/did not answer \(DEPTH_ZERO_SELF_SIGNED_CERT\)\. .*set NODE_EXTRA_CA_CERTS/);
    expect(failed).toMatchObject({ outcomeUnknown: false });
    expect(connections).toBe(1);
  } finally {
    untrusted.close();
    await rm(folder, { recursive: true });
  }
});

test.each([
  // With a proxy that does not send its own authority's certificate.
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", true],
  ["SELF_SIGNED_CERT_IN_CHAIN", true],
  ["CERT_NOT_YET_VALID", true],
  ["INVALID_CA", true],
  ["ERR_TLS_CERT_ALTNAME_INVALID", true],
  ["ECONNRESET", false],
  ["ENOTFOUND", false],
  ["ERR_TLS_HANDSHAKE_TIMEOUT", false],
  [undefined, false],
])("whether %s is the fault of a certificate: %s", (code, isFault) => {
  expect(isCertificateFault(code)).toBe(isFault);
});

test("asks once for a fresh credential after a 401", async () => {
  answers = [{ status: 401 }, { status: 200 }];
  await client().call(call());
  expect(seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer stale", "Bearer fresh"]);
  answers = [{ status: 401 }, { status: 401, body: '{"code":"401013","detail":"Oauth token is not valid"}' }];
  await expect(client().call(call())).rejects.toThrow(
    "Could not read the things: The shop answered 401: Oauth token is not valid, code 401013.",
  );
});

test("does not repeat permanent errors, and only 404 and 410 mean gone", async () => {
  for (const status of [400, 403, 404, 409, 410, 412, 423]) {
    answers = [{ status }];
    const error: VendorError = await client()
      .call(call())
      .catch((caught) => caught);
    expect([status, error.status, error.gone]).toEqual([status, status, status === 404 || status === 410]);
  }
  expect(seen).toHaveLength(7);
});

test("a stopped call does not wait for its credential, which others may wait for too", async () => {
  const controller = new AbortController();
  const waits = client({ headers: () => new Promise(() => undefined) }).call(
    call({ signal: controller.signal, method: "POST" }),
  );
  setTimeout(() => controller.abort(), 20);
  const message = "Could not read the things: it was stopped or timed out.";
  await expect(waits).rejects.toMatchObject({ message, outcomeUnknown: false });
  expect(seen).toEqual([]);
});

test("stops at once when the operation is stopped, also while it waits, and says so", async () => {
  answers = [{ status: 429, headers: { "retry-after": "3600" }, body: '{"code":"42","detail":"Too many calls."}' }];
  const controller = new AbortController();
  const running = client()
    .call(call({ signal: controller.signal }))
    .catch((caught) => caught);
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  setTimeout(() => controller.abort(), 20);
  expect(await running).toBeInstanceOf(VendorError);
  expect((await running).message).toBe(
    "Could not read the things: it was stopped or timed out. The last answer of The shop was 429: Too many calls, code 42.",
  );
});

test.each(["http://", "//"])("a path that begins with %s takes the credential nowhere else", async (scheme) => {
  const other = createServer((_, response) => response.end("{}"));
  const asked = jest.fn();
  other.on("request", asked);
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  try {
    const path = `${scheme}127.0.0.1:${(other.address() as AddressInfo).port}/things`;
    await client().call(call({ path }));
    expect(asked).not.toHaveBeenCalled();
    expect(seen).toHaveLength(1);
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});

test("an error contains no header of the request, and so no credential", async () => {
  answers = ["reset", "reset", "reset", "reset", "reset"];
  const error = await client()
    .call(call({ method: "POST" }))
    .catch((caught) => caught);
  expect(JSON.stringify(error) + error.stack).not.toContain("Bearer");
});

describe("the budget that all calls of a client share", () => {
  let waits: number[];
  const sleep = async (milliseconds: number) => {
    waits.push(milliseconds);
  };
  beforeEach(() => {
    waits = [];
  });

  test("spaces calls evenly, or lets a burst through first", async () => {
    const even = client({ budget: { perSecond: 10 }, sleep });
    await Promise.all([1, 2, 3].map(() => even.call(call())));
    expect(waits.map((wait) => Math.ceil(wait / 100))).toEqual([1, 2]);
    waits = [];
    const bursting = client({ budget: { perSecond: 10, burst: 3 }, sleep });
    await Promise.all([1, 2, 3, 4, 5].map(() => bursting.call(call())));
    expect(waits.map((wait) => Math.ceil(wait / 100))).toEqual([1, 2]);
  });

  test.each([
    ["86400", 3600],
    ["99999999999", 3600],
    ["Fri, 01 Jan 2100 00:00:00 GMT", 3600],
    ["soon", 0],
  ])("waits at most an hour for any Retry-After (%s)", async (retryAfter, seconds) => {
    answers = [{ status: 503, headers: { "retry-after": retryAfter } }];
    await client({ sleep }).call(call());
    expect(Math.floor((waits[0] ?? 0) / 1000)).toBe(seconds);
  });

  test("shows a wait that the vendor asks for, also to the other calls that wait", async () => {
    answers = [{ status: 429, headers: { "retry-after": "30" } }];
    const shown: string[] = [];
    const throttled = client({ sleep });
    await withProgress(
      (message) => shown.push(message),
      async () => {
        await throttled.call(call());
        await throttled.call(call({ purpose: "read the rest" }));
      },
    );
    expect(shown).toEqual([
      "The shop asks to wait 30 s before the next attempt to read the things",
      ...Array(shown.length - 2).fill(
        expect.stringMatching("^The shop asks to wait \\d+ s before the next attempt to read the things$"),
      ),
      expect.stringMatching("^The shop asks to wait \\d+ s before the next attempt to read the rest$"),
    ]);
  });

  test("pauses all calls while the vendor throttles one", async () => {
    answers = [{ status: 429, headers: { "retry-after": "7" } }];
    const throttled = client({ sleep });
    await throttled.call(call());
    expect(waits[0]).toBe(7000);
    waits = [];
    await throttled.call(call());
    expect(waits.map((wait) => Math.ceil(wait / 1000))).toEqual([7]);
  });

  test("pauses after a POST answered with 503, although only the caller may repeat that", async () => {
    answers = [{ status: 503, headers: { "retry-after": "7" } }];
    const away = client({ sleep });
    await expect(away.call(call({ method: "POST" }))).rejects.toMatchObject({ outcomeUnknown: true });
    await away.call(call());
    expect(waits.map((wait) => Math.ceil(wait / 1000))).toEqual([7]);
  });

  test("does not pause for a 429 without a time: only that call backs off", async () => {
    answers = [{ status: 429 }];
    const throttled = client({ sleep });
    await throttled.call(call());
    waits = [];
    await throttled.call(call());
    expect(waits).toEqual([]);
  });
});
