import { globSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { writeAuditResult } from "../../cli/audit/result-file.ts";
import type { CommandContext } from "../../cli/command/definition.ts";
import { OperatorConsole } from "../../cli/console/console.ts";
import { consoleCommand } from "../../cli/console/console-command.ts";
import { StandIns } from "../../cli/console/data/stand-ins.ts";
import { type ConsoleServer, startServer } from "../../cli/console/server.ts";
import { Progress } from "../../cli/output/progress.ts";
import { readSamples } from "../../cli/preview/sample-events.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { admit } from "../../relay/core/event/admit.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { findingSections } from "../../relay/core/runbook.ts";
import { type ConsoleWorld, canaries, freshEvents, startWorld } from "./world.ts";

let world: ConsoleWorld;
let stop: AbortController;
const servers: ConsoleServer[] = [];

beforeAll(async () => {
  world = await startWorld();
  stop = new AbortController();
});

afterAll(async () => {
  stop?.abort();
  await Promise.all(servers.map((server) => server.close()));
  await world?.stop();
});

interface Page {
  readonly host: string;
  readonly cookie: string;
  readonly answers: string[];
  get(path: string): Promise<{ status: number; json: Record<string, unknown> }>;
  post(path: string, body: object): Promise<{ status: number; json: Record<string, unknown> }>;
}

/** A call with exactly these headers: `fetch` sets some of its own. */
function call(
  host: string,
  path: string,
  { method = "GET", headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const [hostname, port] = host.split(":");
  return new Promise<{ status: number; headers: http.IncomingHttpHeaders; text: string }>((resolve, reject) => {
    const request = http.request({ hostname, port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.on("error", reject).end(body);
  });
}

/** A stack that nobody changes meanwhile. */
const stays = { reread: async (source: StackSource) => source, auditFolder: undefined };

/** A console of the world and a browser that has opened it. */
async function open(
  options: {
    allowActions?: boolean;
    isLocal?: boolean;
    source?: StackSource;
    reread?: () => Promise<StackSource>;
    auditFolder?: string;
  } = {},
): Promise<Page> {
  const standIns = options.isLocal ? await StandIns.find(world.source) : undefined;
  const operator = new OperatorConsole({
    source: options.source ?? world.source,
    allowActions: options.allowActions ?? false,
    standIns,
    samples: await readSamples(undefined),
    reread: options.reread ?? stays.reread,
    auditFolder: options.auditFolder,
  });
  const server = await startServer(operator.routes(stop.signal), 0);
  servers.push(server);
  const address = new URL(server.address);
  const entered = await call(address.host, address.pathname + address.search);
  const cookie = String(entered.headers["set-cookie"]).split(";")[0] ?? "";
  const answers: string[] = [];
  const read = async (path: string, given: Parameters<typeof call>[2]) => {
    const { status, text } = await call(address.host, path, given);
    answers.push(text);
    return { status, json: JSON.parse(text) as Record<string, unknown> };
  };
  const headers = { cookie, origin: address.origin, "content-type": "application/json" };
  return {
    host: address.host,
    cookie,
    answers,
    get: (path) => read(path, { headers: { cookie } }),
    post: (path, body) => read(path, { method: "POST", headers, body: JSON.stringify(body) }),
  };
}

describe("the gate", () => {
  test("takes the token once, gives a cookie that scripts and other sites can't use, and removes the token from the address", async () => {
    const operator = new OperatorConsole({
      source: world.source,
      allowActions: false,
      standIns: undefined,
      samples: [],
      ...stays,
    });
    const server = await startServer(operator.routes(stop.signal), 0);
    servers.push(server);
    const { host, search } = new URL(server.address);
    expect(host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(search.length).toBeGreaterThan(40);
    const { status, headers } = await call(host, `/${search}`);
    expect([status, headers.location]).toEqual([303, "/"]);
    expect(String(headers["set-cookie"])).toMatch(
      /^customerio-aep-console-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/$/,
    );
    expect((await call(host, "/?token=wrong")).status).toBe(401);
    expect((await call(host, "/api/about")).status).toBe(401);
    expect((await call(host, `/api/about${search}`)).status).toBe(401);
  });

  test("refuses other names for this host, pages of other origins, and commands without an origin", async () => {
    const { host, cookie } = await open();
    const statusOf = async (headers: Record<string, string>, method = "GET") =>
      (await call(host, "/api/about", { method, headers: { cookie, ...headers } })).status;
    expect(await statusOf({ host: `evil.example:${host.split(":")[1]}` })).toBe(421);
    expect(await statusOf({ origin: "https://evil.example" })).toBe(403);
    expect(await statusOf({ "content-type": "application/json" }, "POST")).toBe(403);
    expect(await statusOf({ origin: `http://${host}`, "sec-fetch-site": "same-site" }, "POST")).toBe(403);
    expect(await statusOf({ cookie: cookie.replace(/=.*/, "=guess") })).toBe(401);
    expect(await statusOf({})).toBe(200);
  });

  test("sends the page with a strict policy, and serves nothing else from the disk", async () => {
    const { host, cookie } = await open();
    const { status, headers } = await call(host, "/", { headers: { cookie } });
    expect(status).toBe(200);
    expect(headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'/,
    );
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
    for (const path of ["/../server.ts", "/%2e%2e/server.ts", "/api/constructor", "/package.json"]) {
      expect((await call(host, path, { headers: { cookie } })).status).toBe(404);
    }
    const origin = `http://${host}`;
    const long = { method: "POST", headers: { cookie, origin, "content-type": "text/plain" }, body: "{}" };
    expect((await call(host, "/api/check", long)).status).toBe(415);
  });
});

test("a real stack can only be read, unless actions are allowed, and never has the local cloud's switches", async () => {
  await world.clear();
  // Each reason of Platform has another request id.
  for (const [at, event] of freshEvents("dead").slice(0, 2).entries()) {
    await world.die(
      [event],
      `Platform refused the event: HTTP 400 (request 58249608-dc61-4e15-8a12-ed836e0fc28${at})`,
      "refused",
    );
  }
  const page = await open();
  const { json } = await page.get("/api/letters");
  const [group] = json.groups as { id: string; count: number }[];
  expect(json).toMatchObject({
    total: 2,
    groups: [{ class: "refused", reason: "Platform refused the event: HTTP 400", count: 2 }],
  });
  const order = { action: "purge", group: group?.id, count: 2 };
  expect(await page.post("/api/letters", order)).toEqual({
    status: 403,
    json: { error: expect.stringContaining("--allow-actions") },
  });
  expect((await page.post("/api/local", { action: "samples" })).status).toBe(403);
  expect((await page.get("/api/about")).json).toMatchObject({ mayAct: false, isLocal: false });
});

test("dead letters are replayed, exported and purged by reason, and only those that were seen", async () => {
  await world.clear();
  await world.die(freshEvents("kept").slice(0, 3), "HTTP 400: no schema takes ada@example.org", "refused");
  const folder = await mkdtemp(path.join(tmpdir(), "console-export-"));
  const page = await open({ allowActions: true, source: world.sourceWith({ folder }) });
  const groupOf = async () => {
    const { json } = await page.get("/api/letters");
    return (json.groups as { id: string; count: number; reason: string }[])[0];
  };
  const seen = await groupOf();
  expect(seen?.reason).not.toContain("ada@");
  const act = (action: string, count: number) => page.post("/api/letters", { action, group: seen?.id, count });
  expect((await act("replay", 2)).status).toBe(409);
  const kept = path.join(folder, "dead-letters-dev");
  expect((await act("export", 3)).json.done).toBe(`In ${kept}, which only you can read: 3 dead letters.`);
  const files = globSync("**/*", { cwd: kept }).filter((name) => statSync(path.join(kept, name)).isFile());
  expect(files.map((name) => statSync(path.join(kept, name)).mode & 0o777)).toEqual([0o600, 0o600, 0o600]);
  // As `restore` reads them.
  const north = await open({ allowActions: true, source: world.sourceWith({ folder, source: "north" }) });
  await north.get("/api/letters");
  const exported = await north.post("/api/letters", { action: "export", group: seen?.id, count: 3 });
  expect(exported.json.done).toContain(`In ${path.join(kept, "north")}, which`);
  await rm(folder, { recursive: true });
  expect((await act("replay", 3)).json).toEqual({ done: "Back in the queue: 3 dead letters." });
  expect(await groupOf()).toBeUndefined();
  await world.die(freshEvents("gone").slice(0, 1), "HTTP 400: no schema takes ada@example.org", "refused");
  await groupOf();
  expect((await act("purge", 1)).json).toEqual({ done: "Deleted: 1 dead letter." });
  expect((await act("erase", 1)).status).toBe(400);
});

test("events are shown with their path, source and row, and with personal data only on request", async () => {
  await world.clear();
  const [first = "", second = "", third = ""] = freshEvents("way");
  await world.deliver([first]);
  const receivedAt = new Date().toISOString();
  await world.enqueue([{ ...newEvent({ id: "way-1", receivedAt, body: second }), attempts: 2, lastError: "HTTP 503" }]);
  await world.die([third], "HTTP 400: no", "refused");
  const page = await open();
  const { json } = await page.get("/api/events");
  const events = json.events as { id: string; place: string; path: string[]; row: object; pairs: object[] }[];
  expect(json.problems).toEqual([]);
  expect(events.map(({ id, place }) => [id, place])).toEqual([
    ["way-1", "queue"],
    ["way-2", "dead letter"],
    ["way-0", "dataset"],
  ]);
  expect(events[0]?.path[1]).toBe("in the queue, tried 2 times: HTTP 503");
  for (const { row, pairs } of events) expect([typeof row, pairs.length > 3]).toEqual(["object", true]);
  const { data } = JSON.parse(first) as { data: { email_address: string; identifiers: Record<string, string> } };
  for (const value of [data.email_address, ...Object.values(data.identifiers)]) {
    expect(JSON.stringify(json)).not.toContain(JSON.stringify(value));
  }
  expect(JSON.stringify((await page.get("/api/events?personal=1")).json)).toContain(data.email_address);
  const mapped = await page.post("/api/preview", { text: `${first}\n${second}` });
  expect(mapped.json.events).toMatchObject([
    { place: "sample", errors: [] },
    { place: "sample", errors: [] },
  ]);
  expect((await page.post("/api/preview", { text: "" })).status).toBe(400);
});

test("an event whose address the relay has hashed has that hash in its row, not the hash of the hash", async () => {
  await world.clear();
  const policy = { personalData: { email: "hash" } };
  const admitted = admit(freshEvents("hashed")[0] ?? "", eventPolicy.parse(policy));
  if (admitted.kind !== "admitted") throw new Error(admitted.kind);
  const { email_address: hashed } = (JSON.parse(admitted.text) as { data: { email_address: string } }).data;
  expect(hashed).toMatch(/^[0-9a-f]{64}$/);
  await world.enqueue([newEvent({ id: admitted.id, receivedAt: new Date().toISOString(), body: admitted.text })]);
  const source = world.sourceWith({ appSettings: { EVENT_POLICY: JSON.stringify(policy) } });
  const page = await open({ source });
  const [waiting] = (await page.get("/api/events?personal=1")).json.events as {
    place: string;
    pairs: { source: string; from: unknown; to: unknown }[];
  }[];
  expect(waiting?.pairs.find((pair) => pair.source.endsWith("data.email_address"))).toMatchObject({
    from: hashed,
    to: hashed,
  });
});

test("the local cloud sends events, and its faults are switched on and off one by one", async () => {
  const page = await open({ isLocal: true });
  const states = async () => {
    const { faults } = (await page.get("/api/local")).json as { faults: { id: string; isOn: boolean }[] };
    return faults.filter(({ isOn }) => isOn).map(({ id }) => id);
  };
  expect(await states()).toEqual([]);
  await page.post("/api/local", { action: "fault", fault: "throttled", isOn: true });
  await page.post("/api/local", { action: "fault", fault: "slow", isOn: true });
  expect(await states()).toEqual(["throttled", "slow"]);
  await page.post("/api/local", { action: "fault", fault: "throttled", isOn: false });
  expect(await states()).toEqual(["slow"]);
  await page.post("/api/local", { action: "fault", fault: "slow", isOn: false });
  expect((await page.post("/api/local", { action: "samples" })).json.done).toMatch(/^Customer\.io sends \d+ events/);
  expect((await page.post("/api/local", { action: "blast", recipients: 3 })).json.done).toBe(
    "Customer.io sends 3 events.",
  );
  expect((await page.post("/api/local", { action: "blast", recipients: 1e9 })).status).toBe(400);
});

test("the command prints the address, serves until it is stopped, and refuses a port in use", async () => {
  const ctrlC = new AbortController();
  const lines: string[] = [];
  const printed = Promise.withResolvers<void>();
  const context: CommandContext = {
    print(...more) {
      lines.push(...more);
      printed.resolve();
    },
    progress: new Progress(undefined),
    isJson: false,
    isOneOfSeveral: false,
    signal: ctrlC.signal,
    printJson: () => undefined,
  };
  const values = { port: 0, "allow-actions": false, samples: undefined, folder: undefined };
  const running = consoleCommand.run(world.source, values, context);
  await printed.promise;
  const address = new URL(lines.find((line) => line.includes("http://"))?.trim() ?? "");
  expect(lines[0]).toBe("Console of the stack dev (the local cloud):");
  expect((await call(address.host, `/${address.search}`)).status).toBe(303);
  const again = consoleCommand.run(world.source, { ...values, port: Number(address.port) }, context);
  await expect(again).rejects.toThrow(`--port is invalid: port ${address.port} is in use`);
  ctrlC.abort();
  expect(await running).toEqual({ ending: "well", json: { actions: true } });
  await expect(call(address.host, "/")).rejects.toThrow(/ECONNREFUSED|socket hang up/);
});

test("a stack that an up has changed is read again, and one that can't be read does not change", async () => {
  const tier = (about: Record<string, unknown>) =>
    (about.settings as { stack: { name: string; value?: string }[] }).stack.find(({ name }) => name.endsWith(":tier"));
  let now: StackSource | undefined;
  const page = await open({
    reread: async () => {
      if (now === undefined) throw new Error("the stack is locked");
      return now;
    },
  });
  const look = async () => {
    await page.post("/api/check", {});
    const [about, state] = await Promise.all([page.get("/api/about"), page.get("/api/state?since=0")]);
    expect(state.json.revision).toBe(about.json.revision);
    return [about.json.revision, tier(about.json)?.value];
  };
  expect(await look()).toEqual([0, "trial"]);
  // The same again is not a change.
  now = world.sourceWith({});
  expect(await look()).toEqual([0, "trial"]);
  now = world.sourceWith({ settings: { "customerio-aep:tier": "production" } });
  expect(await look()).toEqual([1, "production"]);
  now = undefined;
  expect(await look()).toEqual([1, "production"]);
});

test("it shows the audit whose folder is given", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "console-audit-"));
  const totals = { missing: 2 };
  await writeAuditResult(folder, { verdict: "missing", from: "2026-10-01", to: "2026-10-31", totals });
  const page = await open({ auditFolder: folder });
  expect((await page.get("/api/about")).json.audit).toMatchObject({ verdict: "missing", folder, totals });
  await rm(folder, { recursive: true });
});

test("every finding's runbook is a page of the console, with the section", async () => {
  const { host, cookie } = await open();
  const read = (path: string) => call(host, path, { headers: { cookie } });
  const { status, headers, text } = await read("/docs/runbooks.md");
  expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
  for (const section of [...findingSections, "alert-dead-letters"]) expect(text).toContain(`<h3 id="${section}">`);
  // Its links lead on, and nothing outside the documentation is served.
  expect((await read("/docs/tasks/replay.md")).text).toContain("<h1");
  expect((await read("/docs/images/console-phone-light.png")).headers["content-type"]).toBe("image/png");
  for (const path of ["/docs/../package.json", "/docs/%2e%2e/README.md", "/docs/reference/cli.ts", "/docs/none.md"]) {
    expect([path, (await read(path)).status]).toEqual([path, 404]);
  }
  expect((await call(host, "/docs/runbooks.md")).status).toBe(401);
});

test("the page weighs less than 150 KB, and no file of the console has more than 300 lines", () => {
  const folder = path.join(import.meta.dirname, "../../cli/console");
  const files = globSync("**/*.*", { cwd: folder }).map((name) => ({
    name,
    text: readFileSync(path.join(folder, name), "utf8"),
  }));
  const lines = files.map(({ name, text }) => ({ name, lines: text.split("\n").length }));
  expect(lines.filter((file) => file.lines > 300)).toEqual([]);
  const weight = files.filter(({ name }) => name.startsWith("page")).reduce((sum, { text }) => sum + text.length, 0);
  expect(weight).toBeLessThan(150_000);
});

test("no answer contains a secret, not even when vendors refuse everything", async () => {
  const page = await open({ isLocal: true, allowActions: true });
  const paths = ["about", "state?since=0&personal=1", "letters?personal=1", "events?personal=1", "local"];
  const askAll = async () => {
    await page.post("/api/check", {});
    for (const path of paths) await page.get(`/api/${path}`);
    await page.post("/api/preview", {});
  };
  await askAll();
  await world.failPlatform({ target: "gateway", effect: { kind: "status", status: 403 }, rate: 1 });
  await askAll();
  await world.failPlatform();
  const settings = page.answers.find((answer) => answer.includes("customerio-aep:tier"));
  expect(settings).toContain('{"name":"customerio-aep:signingKeys"}');
  expect(settings).toContain('{"name":"events:settings"}');
  for (const [name, secret] of Object.entries(canaries)) {
    expect([name, page.answers.filter((answer) => answer.includes(secret)).length]).toEqual([name, 0]);
  }
  expect(page.answers.length).toBeGreaterThan(12);
});
