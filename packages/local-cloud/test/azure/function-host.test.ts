import { mkdir, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { QueueServiceClient } from "@azure/storage-queue";
import { type Child, startChild } from "../../src/azure/app-service/child-process.ts";
import { functionHost } from "../../src/azure/app-service/host-process.ts";
import { until } from "../until.ts";
import { packageOf, startTestStorage, type TestStorage, testApp } from "./support.ts";

jest.setTimeout(120_000);

let storage: TestStorage;
let files: Record<string, string>;

beforeAll(async () => {
  storage = await startTestStorage("hostaccount");
  files = await packageOf(testApp);
});
afterAll(() => storage.stop());

interface Host {
  readonly url: string;
  readonly child: Child;
  readonly lines: { level: string; category: string; message: string; function?: string }[];
  readonly message: { state: string; message?: string };
}

const hosts: Child[] = [];
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((child) => child.stop(5_000)));
});

let folders = 0;
async function startHost(
  environment: Record<string, string>,
  content = files,
  listenFor: string[] = ["work"],
): Promise<Host> {
  folders += 1;
  const folder = path.join(storage.folder, `app-${folders}`);
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(content)) await writeFile(path.join(folder, name), text);
  const lines: Host["lines"] = [];
  let report: (message: { state: string; port: number; message?: string }) => void;
  const reported = new Promise<{ state: string; port: number; message?: string }>((resolve) => {
    report = resolve;
  });
  const child = startChild({
    module: functionHost,
    arguments: [folder],
    environment: {
      NODE_EXTRA_CA_CERTS: storage.certificate.certificateFile,
      STORE: storage.connectionString,
      ...environment,
    },
    output: { onLine: (line) => lines.push(JSON.parse(line)) },
    onMessage: (message) => report(message as { state: string; port: number }),
  });
  hosts.push(child);
  const message = await reported;
  child.send({ listenFor });
  return { url: `http://127.0.0.1:${message.port}`, child, lines, message };
}

function queue(name: string) {
  return QueueServiceClient.fromConnectionString(storage.connectionString).getQueueClient(name);
}

describe("HTTP triggers", () => {
  let host: Host;
  beforeAll(async () => {
    host = await startHost({
      WORK_QUEUE: "http-work",
      GREETING: "hello",
      LOCAL_HOST_KEYS: JSON.stringify({ master: "master-key", function: "function-key" }),
    });
    hosts.length = 0;
  });
  afterAll(() => host.child.stop(5_000));

  test("get route parameters, query, body, headers and settings", async () => {
    const answer = await fetch(`${host.url}/echo/Word/a/b%20c?x=1&x=2`, { method: "POST", body: "text" });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("x-word")).toBe("Word");
    expect(await answer.json()).toEqual({
      method: "POST",
      url: `${host.url}/echo/Word/a/b%20c?x=1&x=2`,
      query: { x: "2" },
      params: { word: "Word", rest: "a/b c" },
      body: "text",
      setting: "hello",
    });
    await until(
      async () => host.lines,
      (lines) => lines.some(({ message }) => message === "echoing Word"),
    );
    expect(host.lines.find(({ message }) => message === "echoing Word")).toMatchObject({
      level: "information",
      category: "Function.echo.User",
      function: "echo",
    });
  });

  test.each([
    ["/echo/123/x", "GET", 404],
    ["/echo/abc", "DELETE", 404],
    ["/unknown", "GET", 404],
    ["/", "GET", 200],
    ["/nothing", "GET", 204],
    ["/boom", "GET", 500],
    ["/locked", "GET", 401],
    ["/locked?code=wrong", "GET", 401],
    ["/locked?code=function-key", "GET", 200],
    ["/locked?code=master-key", "GET", 200],
    ["/echo/%zz/x", "GET", 404],
  ])("%s by %s answers %i", async (route, method, status) => {
    expect((await fetch(host.url + route, { method })).status).toBe(status);
  });
});

describe("a body beyond FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", () => {
  let host: Host;
  beforeAll(async () => {
    host = await startHost({ WORK_QUEUE: "large-work", FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: "100000" });
    hosts.length = 0;
  });
  afterAll(() => host.child.stop(5_000));

  const post = (body: string | ReadableStream) =>
    fetch(`${host.url}/echo/word/x`, { method: "POST", body, duplex: "half" } as RequestInit);

  test("never reaches the function: the host answers 500, and its log says why", async () => {
    expect((await post("x".repeat(100_000))).status).toBe(201);
    expect((await post("x".repeat(100_001))).status).toBe(500);
    await until(
      async () => host.lines,
      (lines) => lines.some(({ message }) => message.includes("The max request body size is 100000 bytes.")),
    );
    expect(host.lines.filter(({ message }) => message === "echoing word")).toHaveLength(1);
  });

  test("is read no further than that without a declared length", async () => {
    const chunk = new Uint8Array(64 * 1024);
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 400) controller.close();
        else controller.enqueue(chunk);
      },
    });
    // The connection is closed after the answer, which a sender that is still writing may not see.
    const answer = await post(endless).then(
      ({ status }) => status,
      ({ cause }: { cause?: { code?: string } }) => cause?.code,
    );
    expect([500, "EPIPE", "ECONNRESET"]).toContain(answer);
    expect(sent).toBeLessThan(400);
  });
});

test("a body that ends early or comes too slowly never reaches the function, and the connection ends", async () => {
  const host = await startHost({ WORK_QUEUE: "slow-work" });
  const { port } = new URL(host.url);
  const begin = () =>
    http.request({ port, path: "/echo/word/x", method: "POST", headers: { "content-length": 1_000 } });
  const left = begin();
  left.once("error", () => undefined);
  left.write("x", () => left.destroy());
  const request = begin();
  const ended = new Promise<unknown>((resolve) => request.once("error", resolve).once("response", resolve));
  const trickle = setInterval(() => request.write("x"), 1_000);
  const answer = await ended;
  clearInterval(trickle);
  if (answer instanceof http.IncomingMessage) expect(answer.statusCode).toBe(500);
  await until(
    async () => host.lines,
    (lines) => lines.some(({ message }) => message.includes("MinRequestBodyDataRate")),
  );
  expect(host.lines.filter(({ message }) => message === "echoing word")).toHaveLength(0);
  request.destroy();
});

test("the route prefix is `api` by default", async () => {
  const content = { ...files, "host.json": JSON.stringify({ version: "2.0" }) };
  const host = await startHost({ WORK_QUEUE: "prefix-work" }, content);
  expect((await fetch(`${host.url}/nothing`)).status).toBe(404);
  expect((await fetch(`${host.url}/api/nothing`)).status).toBe(204);
});

describe("queue triggers", () => {
  test("write output before the answer, use base64 both ways, and retry with the same message", async () => {
    const host = await startHost({ WORK_QUEUE: "retried" });
    const body = JSON.stringify({ failures: 2 });
    const answer = await fetch(`${host.url}/enqueue`, { method: "POST", body });
    expect(answer.status).toBe(202);
    const attempts = await until(
      async () => (await (await fetch(`${host.url}/attempts`)).json()) as unknown[],
      (list) => list.length === 3,
    );
    expect(attempts).toEqual(
      [1, 2, 3].map((dequeueCount) => ({ message: { failures: 2 }, dequeueCount, id: "string" })),
    );
    await until(
      () => queue("retried").getProperties(),
      ({ approximateMessagesCount }) => approximateMessagesCount === 0,
    );
  });

  test("a list becomes several messages; one that fails too often moves to the poison queue unchanged", async () => {
    const host = await startHost({ WORK_QUEUE: "poisoned" });
    await fetch(`${host.url}/enqueue`, { method: "POST", body: JSON.stringify([{ failures: 9 }, { failures: 0 }]) });
    const poison = queue("poisoned-poison");
    const [message] = await until(
      async () => ((await poison.exists()) ? (await poison.peekMessages()).peekedMessageItems : []),
      (items) => items.length === 1,
    );
    expect(Buffer.from(message?.messageText ?? "", "base64").toString()).toBe('{"failures":9}');
    const days = ((message?.expiresOn.getTime() ?? 0) - (message?.insertedOn.getTime() ?? 0)) / 86_400_000;
    expect(days).toBe(7);
    const warning = host.lines.find(({ level }) => level === "warning");
    expect(warning?.message).toBe(
      "Message has reached MaxDequeueCount of 3. Moving message to queue 'poisoned-poison'.",
    );
    await until(
      () => queue("poisoned").getProperties(),
      ({ approximateMessagesCount }) => approximateMessagesCount === 0,
    );
  });

  test("a message that is not base64 moves to the poison queue without an attempt", async () => {
    const host = await startHost({ WORK_QUEUE: "plain" });
    await queue("plain").createIfNotExists();
    await queue("plain").sendMessage('{"plain":true}');
    const poison = queue("plain-poison");
    const [message] = await until(
      async () => ((await poison.exists()) ? (await poison.peekMessages()).peekedMessageItems : []),
      (items) => items.length === 1,
    );
    expect(message?.messageText).toBe('{"plain":true}');
    expect(await (await fetch(`${host.url}/attempts`)).json()).toEqual([]);
  });

  test("settings override the encoding in host.json", async () => {
    const host = await startHost({
      WORK_QUEUE: "unencoded",
      AzureFunctionsJobHost__extensions__queues__messageEncoding: "none",
    });
    await fetch(`${host.url}/enqueue`, { method: "POST", body: '{"failures":0}' });
    await until(
      async () => (await (await fetch(`${host.url}/attempts`)).json()) as unknown[],
      (list) => list.length === 1,
    );
  });

  test("do not run before the platform knows the trigger", async () => {
    const host = await startHost({ WORK_QUEUE: "unknown" }, files, []);
    await fetch(`${host.url}/enqueue`, { method: "POST", body: '{"failures":0}' });
    expect((await queue("unknown").peekMessages()).peekedMessageItems).toHaveLength(1);
    expect(await (await fetch(`${host.url}/attempts`)).json()).toEqual([]);
    host.child.send({ listenFor: ["work"] });
    await until(
      async () => (await (await fetch(`${host.url}/attempts`)).json()) as unknown[],
      (list) => list.length === 1,
    );
  });
});

describe("a host in error", () => {
  test.each([
    [
      "a missing connection",
      { STORE: "" },
      undefined,
      /Storage account connection string 'AzureWebJobsSTORE' does not exist/,
    ],
    [
      "a missing setting in a queue's name",
      { WORK_QUEUE: undefined },
      undefined,
      /'%WORK_QUEUE%' does not resolve to a value/,
    ],
    ["a time span with 60 seconds", {}, { functionTimeout: "00:00:60" }, /"00:00:60" is not a time span/],
    ["a batch beyond 32", { AzureFunctionsJobHost__extensions__queues__batchSize: "33" }, undefined, /batchSize/],
  ])("%s: every function answers 503", async (_what, environment, hostJson, reason) => {
    const settings = Object.entries({ WORK_QUEUE: "error-work", ...environment });
    const given = settings.filter((entry): entry is [string, string] => entry[1] !== undefined);
    const content = hostJson ? { ...files, "host.json": JSON.stringify({ version: "2.0", ...hostJson }) } : files;
    const host = await startHost(Object.fromEntries(given), content);
    expect(host.message.state).toBe("error");
    expect(host.message.message).toMatch(reason);
    const answer = await fetch(`${host.url}/nothing`);
    expect([answer.status, await answer.text()]).toEqual([503, "Function host is not running."]);
  });

  test("is the result of an entry point that throws", async () => {
    const host = await startHost({ WORK_QUEUE: "w" }, { ...files, "index.cjs": 'throw new Error("broken at load");' });
    expect(host.message).toMatchObject({ state: "error", message: "broken at load" });
  });
});

test("without an extension bundle there are no queue functions, and only those are in error", async () => {
  const hostJson = JSON.stringify({ version: "2.0", extensions: { http: { routePrefix: "" } } });
  const host = await startHost({ WORK_QUEUE: "w" }, { ...files, "host.json": hostJson });
  expect(
    (host.message as unknown as { functions: { name: string }[] }).functions.map(({ name }) => name).sort(),
  ).toEqual(["attempts", "boom", "echo", "locked", "nothing", "slow"]);
  expect((await fetch(`${host.url}/nothing`)).status).toBe(204);
  expect((await fetch(`${host.url}/enqueue`, { method: "POST" })).status).toBe(404);
});

test("SIGTERM drains: current requests are answered, then the process ends", async () => {
  const host = await startHost({ WORK_QUEUE: "drained", SLOW_MS: "400" });
  const answer = fetch(`${host.url}/slow`);
  await until(
    async () => host.lines,
    (lines) => lines.some(({ message }) => message.startsWith("Executing 'Functions.slow'")),
  );
  const ended = host.child.stop(10_000);
  expect(await (await answer).text()).toBe("done");
  await ended;
  expect(await host.child.exited).toBe(0);
});

test("a function that exceeds `functionTimeout` fails and ends the process", async () => {
  const host = await startHost({
    WORK_QUEUE: "overrun",
    SLOW_MS: "60000",
    AzureFunctionsJobHost__functionTimeout: "00:00:00.3",
  });
  expect((await fetch(`${host.url}/slow`)).status).toBe(500);
  expect(await host.child.exited).toBe(1);
});
