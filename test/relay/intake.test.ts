import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { HttpRequest } from "@azure/functions";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { type IntakePorts, intakeBudget, intakeHandler } from "../../relay/azure/intake/intake.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { maxBodyBytes } from "../../relay/core/intake/body-limit.ts";
import { ByteBudget } from "../../relay/core/intake/byte-budget.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { call, invocation, linesAtOnce, signedCall, signingKey, takeAll } from "./support/invocation.ts";

const now = new Date("2026-11-20T10:00:00.000Z");
const receivedAt = now.toISOString();
const event = (id: string, more: object = {}) => JSON.stringify({ event_id: id, timestamp: 1_727_953_200, ...more });

/** Long enough for a busy machine. */
const patient = { call: 20_000, write: 20_000, patience: 20_000 };

let azurite: Azurite;
let storage: RelayStorageClient;
beforeAll(async () => {
  azurite = await startAzurite();
  storage = new RelayStorageClient({ connectionString: azurite.connectionString });
});
beforeEach(() => azurite.reset());
afterAll(() => azurite.stop());

const intake = (ports: Partial<IntakePorts> = {}) => {
  const handler = intakeHandler({
    signingKeys: [signingKey],
    settings: takeAll,
    storage,
    clock: () => now,
    budget: intakeBudget,
    refusals: linesAtOnce(),
    ...ports,
  });
  return async (request: Parameters<typeof handler>[0]) => {
    const { context, lines } = invocation();
    const response = (await handler(request, context)) as { status: number; jsonBody?: unknown; headers?: unknown };
    return { ...response, lines };
  };
};

/** A proxy of the blob service that can drop the connection after a request has had its effect. */
async function losingAnswers(losesNext: (request: IncomingMessage) => boolean) {
  const { port: target } = new URL(azurite.blobServiceUri);
  const server = createServer((request, response) => {
    const loses = losesNext(request);
    const { method, url: path, headers } = request;
    const upstream = httpRequest({ host: "127.0.0.1", port: target, method, path, headers }, (answer) => {
      if (loses) return request.socket.destroy();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: azurite.connectionString.replace(`127.0.0.1:${target}`, `127.0.0.1:${port}`),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("each sample is in the queue unchanged before it is answered, and never expires", async () => {
  const post = intake();
  for (const { event } of samples) expect(await post(signedCall(JSON.stringify(event)))).toMatchObject({ status: 200 });
  const messages = await azurite.take(queueNames.events);
  expect(messages.map(({ message }) => message)).toEqual(
    samples.map(({ event }) => ({
      version: 1,
      events: [{ id: event.event_id, receivedAt, attempts: 0, body: JSON.stringify(event) }],
    })),
  );
  expect(messages[0]?.expiresOn.getUTCFullYear()).toBe(9999);
});

test("concurrent calls share messages, and the log has each event once", async () => {
  const post = intake();
  const ids = Array.from({ length: 100 }, (_, at) => `e${at}`);
  const answers = await Promise.all(ids.map((id) => post(signedCall(event(id)))));
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  const messages = await azurite.takeEvents();
  expect(messages.length).toBeLessThan(20);
  expect(
    messages
      .flat()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...ids].sort());
  const logged = answers.flatMap(({ lines }) => lines.map(({ outcome }) => outcome));
  expect(logged).toHaveLength(messages.length);
  expect(logged.flatMap(({ ids }) => ids).sort()).toEqual([...ids].sort());
});

test("a large body becomes a claim, and its message points to it", async () => {
  const body = event("large", { data: { content: "ë".repeat(100_000) } });
  expect(await intake()(signedCall(body))).toMatchObject({ status: 200 });
  const [claim] = await azurite.blobNames(containerNames.claims);
  expect(claim).toMatch(/^2026\/11\/20\/large-[0-9a-f]{32}\.json$/);
  expect(await azurite.takeEvents()).toEqual([[{ id: "large", receivedAt, attempts: 0, claim }]]);
  expect(await storage.readClaim(claim ?? "", AbortSignal.timeout(5_000))).toBe(body);
});

test("a signed body that is not an event becomes a dead letter, and gets 200 so that it does not hold up others", async () => {
  const bytes = Buffer.from([0x7b, 0xff]);
  for (const body of [Buffer.from("[{}]"), bytes, Buffer.from("")]) {
    expect(await intake()(signedCall(body))).toMatchObject({
      status: 200,
      lines: [{ level: "error", outcome: { outcome: "dead", dead: 1 } }],
    });
  }
  const found = (await azurite.deadLetters()).map(({ class: why, reason, encoding, body }) => [
    why,
    reason,
    encoding,
    body,
  ]);
  expect(found.sort()).toEqual([
    ["malformed", "The body is empty.", "utf8", ""],
    ["malformed", "The body is not UTF-8 text.", "base64", bytes.toString("base64")],
    ["malformed", "The body is not a JSON object.", "utf8", "[{}]"],
  ]);
  expect(await azurite.waiting(queueNames.events)).toBe(0);
});

test("repeating a malformed call overwrites its dead letter, and it is counted once", async () => {
  const countSetAside = async () => (await intake()(signedCall("[]"))).lines.map(({ outcome }) => outcome.setAside);
  expect([await countSetAside(), await countSetAside()]).toEqual([[1], [0]]);
  expect(await azurite.blobNames(containerNames.deadLetters)).toHaveLength(1);
});

test("a call without a valid signature is refused with 401 and leaves nothing behind", async () => {
  const calls = [
    signedCall(event("a"), "another key"),
    call(event("a"), {}),
    call(event("a"), { "x-cio-timestamp": "1", "x-cio-signature": "zz" }),
  ];
  for (const request of calls) {
    const { status, jsonBody, lines } = await intake()(request);
    expect({ status, jsonBody }).toEqual({ status: 401, jsonBody: { error: "the signature is missing or wrong" } });
    expect(lines).toMatchObject([{ level: "warning", outcome: { outcome: "refused" } }]);
  }
  expect(await azurite.waiting(queueNames.events)).toBe(0);
});

test("a body beyond 8 MiB is refused with 413, whether its length is declared or not, and one of 8 MiB is kept", async () => {
  const tooLarge = signedCall(Buffer.alloc(maxBodyBytes + 1, " "));
  const told = call("{}", { "content-length": String(maxBodyBytes + 1) });
  for (const request of [tooLarge, told]) {
    const { status, jsonBody, lines } = await intake()(request);
    expect({ status, jsonBody }).toEqual({ status: 413, jsonBody: { error: "the body has more than 8388608 bytes" } });
    expect(lines).toMatchObject([{ level: "warning", outcome: { outcome: "refused", refused: 1 } }]);
  }
  const padding = " ".repeat(maxBodyBytes - event("largest").length);
  expect(await intake({ budget: patient })(signedCall(event("largest") + padding))).toMatchObject({ status: 200 });
  expect(await azurite.takeEvents()).toMatchObject([[{ id: "largest" }]]);
});

describe("when the calls under way hold as many bytes as the instance can", () => {
  const event80 = event("large", { data: { content: "x".repeat(80_000) } });

  test("others are answered 503 with Retry-After, counted in sums, and accepted once there is room", async () => {
    const written = Promise.withResolvers<void>();
    const slow = {
      ...{ enqueue: storage.enqueue.bind(storage), putDeadLetter: storage.putDeadLetter.bind(storage) },
      putClaim: async (...claim: Parameters<RelayStorageClient["putClaim"]>) => {
        await written.promise;
        await storage.putClaim(...claim);
      },
    };
    const post = intake({ storage: slow, bodies: new ByteBudget(100_000), budget: patient });
    const first = post(signedCall(event80));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const told = signedCall(event80);
    told.headers.set("content-length", String(event80.length));
    const refused = await Promise.all([post(told), post(signedCall(event80)), post(call(event80, {}))]);
    for (const { status, headers, jsonBody } of refused) {
      expect([status, headers, jsonBody]).toEqual([
        503,
        { "retry-after": "1" },
        { error: "too many bytes are being received" },
      ]);
    }
    const reason = "the calls under way hold as many bytes as this instance can";
    expect(refused.flatMap(({ lines }) => lines)).toMatchObject([
      { level: "error", outcome: { outcome: "unavailable", unavailable: 1, reason } },
    ]);
    expect(await post(signedCall(event("small")))).toMatchObject({ status: 200 });
    written.resolve();
    expect(await first).toMatchObject({ status: 200 });
    expect(await post(signedCall(event80))).toMatchObject({ status: 200 });
  });

  test("an unsigned body reserves no bytes while the gate is asked", async () => {
    const asked = Promise.withResolvers<undefined>();
    const post = intake({ gate: () => asked.promise, bodies: new ByteBudget(100_000), budget: patient });
    const startRead = async (request: HttpRequest) => {
      const answered = post(request);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { answered };
    };
    const unsigned: ReturnType<typeof post>[] = [];
    for (let count = 0; count < 5; count += 1) unsigned.push((await startRead(call(event80, {}))).answered);
    const { answered: signed } = await startRead(signedCall(event80));
    asked.resolve(undefined);
    expect((await Promise.all(unsigned)).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(await signed).toMatchObject({ status: 200 });
  });

  test("a storage that hangs reserves the bytes until the write ends, not until the call is answered", async () => {
    const ended = Promise.withResolvers<void>();
    const hanging = {
      ...{ enqueue: storage.enqueue.bind(storage), putDeadLetter: storage.putDeadLetter.bind(storage) },
      putClaim: () => ended.promise,
    };
    const budget = { call: 50, write: 40, patience: 10 };
    const post = intake({ storage: hanging, bodies: new ByteBudget(100_000), budget });
    expect(await post(signedCall(event80))).toMatchObject({ status: 503 });
    expect((await post(signedCall(event80))).headers).toEqual({ "retry-after": "1" });
    ended.reject(new Error("the connection is gone"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await post(signedCall(event80))).headers).toBeUndefined();
  });
});

test("a flood of unsigned calls is refused one by one and written as one line", async () => {
  const post = intake();
  const answers = await Promise.all(Array.from({ length: 500 }, () => post(call(event("a"), {}))));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
  expect(answers.flatMap(({ lines }) => lines)).toHaveLength(1);
});

test("a dead letter is counted even if the answer to its first write was lost", async () => {
  let lost = 0;
  const proxy = await losingAnswers(({ method }) => method === "PUT" && lost++ === 0);
  const storage = new RelayStorageClient({ connectionString: proxy.connectionString });
  const { status, lines } = await intake({ storage, budget: patient })(signedCall("[]"));
  expect([status, lines.map(({ outcome }) => outcome.setAside)]).toEqual([200, [1]]);
  expect(lost).toBeGreaterThan(1);
  expect(await azurite.blobNames(containerNames.deadLetters)).toHaveLength(1);
  await proxy.stop();
});

test("any of several keys is valid", async () => {
  expect(await intake({ signingKeys: ["new key", signingKey] })(signedCall(event("a")))).toMatchObject({ status: 200 });
});

test("without a signing key every call gets 503, however it is signed", async () => {
  const { status, jsonBody, lines } = await intake({ signingKeys: [] })(signedCall(event("a"), ""));
  expect({ status, jsonBody }).toEqual({ status: 503, jsonBody: { error: "no signing key is configured" } });
  expect(lines).toMatchObject([
    { level: "error", outcome: { reason: "CUSTOMERIO_SIGNING_KEYS holds no signing key" } },
  ]);
});

describe("filters and personal data", () => {
  const settings = (policy: object) => ({ policy: eventPolicy.parse(policy), maximumAgeSeconds: 0 });

  test("an event that a filter leaves out is answered 200, stored nowhere, and counted with its rule", async () => {
    const post = intake({ settings: settings({ filters: { except: { metrics: ["opened"] } } }) });
    expect(await post(signedCall(event("a", { metric: "opened" })))).toMatchObject({
      status: 200,
      lines: [
        { level: "information", outcome: { outcome: "filtered", filtered: 1, rule: "except.metrics", ids: ["a"] } },
      ],
    });
    expect(await post(signedCall(event("b", { metric: "clicked" })))).toMatchObject({ status: 200 });
    expect(await azurite.takeEvents()).toMatchObject([[{ id: "b" }]]);
    for (const container of Object.values(containerNames)) expect(await azurite.blobNames(container)).toEqual([]);
  });

  test("dropped and hashed data is never stored, and is counted", async () => {
    const post = intake({ settings: settings({ personalData: { content: "drop", email: "drop" } }) });
    const body = event("a", { data: { content: "x".repeat(60_000), recipient: "ada@example.org", subject: "Hello" } });
    expect(await post(signedCall(body))).toMatchObject({
      status: 200,
      lines: [{ outcome: { outcome: "accepted", accepted: 1, redacted: { content: 1, email: 1 }, ids: ["a"] } }],
    });
    expect(await azurite.takeEvents()).toMatchObject([
      [{ id: "a", body: event("a", { data: { content: null, recipient: null, subject: "Hello" } }) }],
    ]);
    expect(await azurite.blobNames(containerNames.claims)).toEqual([]);
  });

  test("attributes that the catalogue lacks are counted by path, in any spelling", async () => {
    const body = event("a", { data: { swatch: "red", taste: 1 } }).replace('{"event_id"', '{"__proto__":1,"event_id"');
    expect(await intake()(signedCall(body))).toMatchObject({
      status: 200,
      lines: [{ outcome: { outcome: "accepted", accepted: 1, unknownAttributes: 1, ids: ["a"] } }],
    });
    const { lines } = await intake()(signedCall(body));
    expect(Object.entries(lines[0]?.outcome.unknown ?? {})).toEqual([
      ["__proto__", 1],
      ["data.swatch", 1],
      ["data.taste", 1],
    ]);
    await azurite.takeEvents();
  });

  test("without data to remove, an event is forwarded byte by byte", async () => {
    const body = ' {"event_id" : "a", "timestamp":1.0e1, "data":{"n":9007199254740993}}\n';
    await intake()(signedCall(body));
    expect(await azurite.takeEvents()).toMatchObject([[{ body }]]);
  });

  test("with data to remove, the stored event is written from the parsed one", async () => {
    const body = '{"event_id":"a","timestamp":1,"data":{"recipient":"ada@example.org"},"data":{}}';
    await intake({ settings: settings({ personalData: { email: "drop" } }) })(signedCall(body));
    expect(await azurite.takeEvents()).toMatchObject([[{ body: '{"event_id":"a","timestamp":1,"data":{}}' }]]);
  });

  test("an event with data that can't be removed becomes a dead letter, so that it does not hold up others", async () => {
    const nested = `{"event_id":"a","timestamp":1,"data":{"recipient":"ada@example.org","x":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`;
    expect(await intake({ settings: settings({ personalData: { email: "hash" } }) })(signedCall(nested))).toMatchObject(
      {
        status: 200,
      },
    );
    expect(await azurite.deadLetters()).toMatchObject([{ class: "poison", body: nested }]);
  });

  test("with invalid settings no event is accepted: it might be sent where it should not", async () => {
    const problem = "App settings: EVENT_POLICY must be JSON.";
    const { status, jsonBody, lines } = await intake({ settings: { problem } })(signedCall(event("a")));
    expect({ status, jsonBody }).toEqual({ status: 503, jsonBody: { error: "the relay's settings can't be used" } });
    expect(lines).toMatchObject([{ level: "error", outcome: { outcome: "unavailable", reason: problem } }]);
    expect(await azurite.waiting(queueNames.events)).toBe(0);
  });
});

test("with a time window set, a call signed outside of it is refused with 401", async () => {
  const { policy } = takeAll;
  const signedAt = new Date(1_717_430_405_000);
  const post = (clock: Date) => intake({ settings: { policy, maximumAgeSeconds: 300 }, clock: () => clock });
  expect(await post(signedAt)(signedCall(event("a")))).toMatchObject({ status: 200 });
  const late = await post(new Date(signedAt.getTime() + 301_000))(signedCall(event("b")));
  expect(late).toMatchObject({
    status: 401,
    lines: [{ level: "warning", outcome: { reason: "X-CIO-Timestamp is not within 300 seconds of the time now" } }],
  });
  expect(await azurite.takeEvents()).toMatchObject([[{ id: "a" }]]);
});

describe("when the storage can't store the event, the answer is 503", () => {
  const unavailable = { status: 503, jsonBody: { error: "the event could not be stored" } };
  const bodies = {
    "an event": event("a"),
    "a large event": event("large", { data: { content: "x".repeat(60_000) } }),
    "a malformed one": "[]",
  };

  test.each(Object.entries(bodies))("nothing listens: %s", async (_, body) => {
    const unreachable = new RelayStorageClient({
      connectionString: azurite.connectionString.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://127.0.0.1:1"),
    });
    expect(await intake({ storage: unreachable })(signedCall(body))).toMatchObject(unavailable);
  });

  test.each(Object.entries(bodies))("it never answers: %s", async (_, body) => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const hanging = new RelayStorageClient({
      connectionString: azurite.connectionString.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, `http://127.0.0.1:${port}`),
    });
    const budget = { call: 300, write: 200, patience: 50 };
    const { status, lines } = await intake({ storage: hanging, budget })(signedCall(body));
    expect(status).toBe(503);
    expect(lines[0]?.outcome.outcome).toBe("unavailable");
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  test("its settings are wrong", async () => {
    const unset = new RelayStorageClient({ problem: "App settings: RELAY_STORAGE__queueServiceUri is not set." });
    const { status, lines } = await intake({ storage: unset })(signedCall(event("a")));
    expect(status).toBe(503);
    expect(lines).toMatchObject([
      { level: "error", outcome: { reason: "App settings: RELAY_STORAGE__queueServiceUri is not set." } },
    ]);
  });

  test("the budgets fit Customer.io's 4 seconds, and leave a slow write its full time", () => {
    expect(intakeBudget.call).toBeLessThanOrEqual(3_000);
    expect(intakeBudget.patience + intakeBudget.write).toBeLessThan(intakeBudget.call);
  });
});

test("a slow storage gets all events: a slow write does not hold up the next", async () => {
  const secondWrite = Promise.withResolvers<void>();
  let writes = 0;
  const slow = {
    putClaim: storage.putClaim.bind(storage),
    putDeadLetter: storage.putDeadLetter.bind(storage),
    enqueue: async (...written: Parameters<RelayStorageClient["enqueue"]>) => {
      writes += 1;
      if (writes === 2) secondWrite.resolve();
      await secondWrite.promise;
      await storage.enqueue(...written);
    },
  };
  const post = intake({ storage: slow, budget: { ...patient, patience: 10 } });
  const answers = await Promise.all(["a", "b", "c"].map((id) => post(signedCall(event(id)))));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await azurite.takeEvents()).map((events) => events.map(({ id }) => id).sort())).toEqual(
    expect.arrayContaining([["a"], ["b", "c"]]),
  );
});

test("neither log nor answer ever holds the body, the key or the signature", async () => {
  const secret = "ada@example.org";
  const requests = [
    signedCall(event("a", { data: { recipient: secret } })),
    signedCall(JSON.stringify({ recipient: secret })),
    signedCall(`not JSON ${secret}`),
    signedCall(event("a", { data: { recipient: secret } }), "another key"),
  ];
  for (const request of requests) {
    const signature = request.headers.get("x-cio-signature") ?? "";
    const said = JSON.stringify(await intake()(request));
    for (const hidden of [secret, signingKey, signature]) expect(said).not.toContain(hidden);
  }
});
