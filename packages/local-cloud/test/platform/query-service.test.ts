import { mkdtemp, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "pg";
import { type Certificate, createCertificate, trustInThisProcess } from "../../src/certificate.ts";
import { event, flowing, Platform, type RunningFlow } from "./harness.ts";

const parameters = "/data/foundation/query/connection_parameters";
let folder: string;
let certificate: Certificate;
let platform: Platform;
let flow: RunningFlow;
let table: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "query-service-"));
  certificate = await createCertificate(folder);
  trustInThisProcess(certificate);
  platform = await Platform.start({ certificate });
  flow = await flowing(
    platform,
    [
      { sourceType: "ATTRIBUTE", source: "metric", destination: "_acme.metric" },
      { sourceType: "ATTRIBUTE", source: "nested.first", destination: "_acme.nested.First" },
    ],
    { nested: { type: "object", title: "Nested", properties: { First: { type: "integer", title: "First" } } } },
  );
  for (const index of [1, 2, 3]) {
    const made = { event_id: `E${index}`, metric: `m${index}`, nested: { first: index } };
    await platform.send(flow.inletUrl, flow.flow, event(made));
  }
  await platform.idle();
  const found = await platform.call("GET", `/data/foundation/catalog/dataSets/${flow.dataset}`);
  table = (found.body[flow.dataset] as { tags: Record<string, string[]> }).tags["adobe/pqs/table"]?.[0] ?? "";
});
afterAll(async () => {
  await platform.close();
  await rm(folder, { recursive: true });
});

const switchTo = (switches: object) => platform.plain("POST", "/__local/switches", {}, JSON.stringify(switches));

async function client(changes: object = {}): Promise<Client> {
  const { body } = await platform.call("GET", parameters);
  const { host, port, dbName: database, username: user, token: password } = body as Record<string, string>;
  return new Client({ host, port: Number(port), database, user, password, ssl: true, ...changes });
}

/** The answers to queries of one session, or the codes of refusals. */
async function ask(queries: readonly string[], changes: object = {}): Promise<unknown[]> {
  const connection = await client(changes);
  connection.on("error", () => undefined);
  await connection.connect();
  try {
    const answers: unknown[] = [];
    for (const sql of queries) {
      const code = (error: { code?: string }) => error.code;
      answers.push(await connection.query(sql).then(({ rows }) => rows, code));
    }
    return answers;
  } finally {
    await connection.end();
  }
}

test("a SELECT reads nested fields with dots, in any case, and with back quotes", async () => {
  const answers = await ask([
    `SELECT _id, _acme.metric AS metric FROM ${table} WHERE _acme.nested.First > 1 ORDER BY _id`,
    `SELECT count(*) AS found FROM ${table} e WHERE e._acme.nested.\`first\` = 3 AND e._acme.metric <> '_acme.metric'`,
    `SELECT timestamp FROM ${table} WHERE _id = 'E1';`,
  ]);
  expect(answers).toEqual([
    [
      { _id: "E2", metric: "m2" },
      { _id: "E3", metric: "m3" },
    ],
    [{ found: "1" }],
    [{ timestamp: new Date("2024-05-01T11:59:00.000Z") }],
  ]);
});

test("it refuses anything but a SELECT, unknown tables, and limits that are too high, and keeps the session", async () => {
  const answers = await ask([
    `DELETE FROM ${table}`,
    `SELECT 1; SELECT 2`,
    `WITH gone AS (DELETE FROM ${table} RETURNING _id) SELECT * FROM gone`,
    "SELECT * FROM nowhere",
    `SELECT nofield FROM ${table}`,
    `SELECT * FROM ${table} LIMIT 100001`,
    `SELECT count(*) AS found FROM ${table}`,
  ]);
  expect(answers).toEqual([
    "0A000",
    "0A000",
    expect.stringMatching(/^0A000|25006$/),
    "42P01",
    "42703",
    "53400",
    [{ found: "3" }],
  ]);
});

test("a query returns no more rows, and takes no longer, than the switches say", async () => {
  await switchTo({ queryRows: 2 });
  const [rows] = await ask([`SELECT _id FROM ${table} ORDER BY _id DESC LIMIT 3`]);
  expect(rows).toEqual([{ _id: "E3" }, { _id: "E2" }]);
  await switchTo({ queryRows: 50_000, queryTimeoutSeconds: 0 });
  expect(await ask([`SELECT _id FROM ${table}`])).toEqual(["53400"]);
  await switchTo({ queryTimeoutSeconds: 600 });
});

test("it takes only a valid token, over TLS, for a database with tables", async () => {
  const refusal = (changes: object) =>
    ask([], changes).then(
      () => "taken",
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );
  expect(await refusal({ password: "another" })).toBe("28P01");
  expect(await refusal({ database: "prod:all" })).toBe("42P12");
  expect(await refusal({ database: "nowhere:all" })).toBe("42P12");
  expect(await refusal({ ssl: false })).toBe("28000");
  await switchTo({ queryCredential: "refused" });
  expect(await refusal({})).toBe("28P01");
  await switchTo({ queryCredential: "accepted" });
  expect(await refusal({})).toBe("taken");
});

test("an expired token ends a session, or does not, as the switch says", async () => {
  const connection = await client();
  connection.on("error", () => undefined);
  await connection.connect();
  const query = () =>
    connection.query("SELECT 1 AS one").then(
      ({ rows }) => rows,
      ({ code }) => code,
    );
  platform.pass(90_000);
  await switchTo({ queryTokenExpiry: "keeps-session" });
  expect(await query()).toEqual([{ one: 1 }]);
  await switchTo({ queryTokenExpiry: "ends-session" });
  expect(await query()).toBe("28P01");
  await connection.end();
  platform.token = String((await platform.askForToken()).body.access_token);
});

test("one session at a time, which other messages than queries end", async () => {
  const first = await client();
  first.on("error", () => undefined);
  await first.connect();
  await expect(ask([])).rejects.toMatchObject({ message: "Session Limit Reached" });
  await expect(first.query("SELECT $1::int AS one", [1])).rejects.toMatchObject({ code: "08P01" });
  await first.end();
  expect(await ask(["SELECT 2 AS two"])).toEqual([[{ two: 2 }]]);
});

test("with a switch, several sessions at a time", async () => {
  await switchTo({ querySessions: 2 });
  const first = await client();
  first.on("error", () => undefined);
  await first.connect();
  expect(await ask(["SELECT 2 AS two"])).toEqual([[{ two: 2 }]]);
  await first.end();
  await switchTo({ querySessions: 1 });
});

test("connection parameters need the permission Manage Queries and a license, and the port refuses what does not ask for TLS", async () => {
  await switchTo({ permissionsLacking: "manage-queries" });
  expect((await platform.call("GET", parameters)).status).toBe(403);
  await switchTo({ permissionsLacking: "none", queryService: "not-entitled" });
  expect((await platform.call("GET", parameters)).status).toBe(403);
  await switchTo({ queryService: "entitled" });
  const { port } = (await platform.call("GET", parameters)).body;
  const socket = createConnection(Number(port), "127.0.0.1");
  const answer = await new Promise<Buffer>((resolve) => {
    socket.once("data", resolve).write("GET / HTTP/1.1\r\n\r\n");
  });
  expect(answer.toString("latin1")).toContain("C28000");
  socket.destroy();
});
