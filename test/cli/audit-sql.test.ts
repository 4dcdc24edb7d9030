import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client } from "pg";
import { z } from "zod";
import { countWords, pageSql } from "../../cli/audit/sides/sql-rows.ts";
import { platformOf } from "../../cli/clients.ts";
import { QueryService } from "../../cli/platform/query-service.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { createCertificate, trustInThisProcess } from "../../packages/local-cloud/src/certificate.ts";
import type { PlatformSwitches } from "../../packages/local-cloud/src/platform/platform.ts";
import type { RunningFlow } from "../../packages/local-cloud/test/platform/harness.ts";
import {
  closeStage,
  flowWithFields,
  happen,
  openStage,
  runAuditCommand,
  sendRow,
  sourceOf,
  stage,
} from "./audit-stack.ts";

let certificates: string;
let flow: RunningFlow;
let source: StackSource;

beforeAll(async () => {
  certificates = await mkdtemp(path.join(tmpdir(), "audit-sql-"));
  const certificate = await createCertificate(certificates);
  trustInThisProcess(certificate);
  await openStage({ certificate });
  flow = await flowWithFields();
  for (const delivery of ["d1", "d2", "d3"]) await happen(flow, delivery, "sent");
  await happen(flow, "d1", "opened");
  await happen(flow, "d2", "opened", { isDropped: true });
  await happen(flow, "d2", "clicked", { isDropped: true });
  for (const metric of ["opened", "opened", "attempted"]) await sendRow(flow, "d1", metric);
  await sendRow(flow, "older", "opened");
  await stage.platform.idle();
  source = await sourceOf(flow);
});
afterAll(async () => {
  await closeStage();
  await rm(certificates, { recursive: true });
});
afterEach(() => {
  jest.restoreAllMocks();
  return switchTo({
    queryRows: 50_000,
    queryTimeoutSeconds: 600,
    queryService: "entitled",
    queryCredential: "accepted",
  });
});

let folders = 0;
const newFolder = () => {
  folders += 1;
  return path.join(stage.folder, String(folders));
};
const switchTo = (switches: Partial<PlatformSwitches>) =>
  stage.platform.plain("POST", "/__local/switches", {}, JSON.stringify(switches));

/** What an audit says, without the names of its files. */
async function auditBy(sql: boolean, folder = newFolder()) {
  const { ending, json } = await runAuditCommand(source, { sql, folder });
  const { missingFile, extraFile, ...said } = json;
  return { ending, ...said, hasFiles: [missingFile, extraFile].map((file) => file !== undefined) };
}

/** Calls `then` between two pages of rows. */
function betweenPages(then: () => void): void {
  const { query } = QueryService.prototype;
  let pages = 0;
  jest.spyOn(QueryService.prototype, "query").mockImplementation(async function answer(this: QueryService, ...args) {
    pages += 1;
    if (pages === 2) then();
    return (await query.apply(this, args)) as never;
  });
}

test("SQL gives the same verdicts as files, in one page or in many", async () => {
  const byFiles = await auditBy(false);
  expect(byFiles.totals).toMatchObject({ recorded: 6, found: 4, missing: 1, leftOut: 1, extra: 2, unknown: 2 });
  expect(await auditBy(true)).toEqual(byFiles);
  await switchTo({ queryRows: 2 });
  expect(await auditBy(true)).toEqual(byFiles);
});

test("a second run in the folder reads again, in either way", async () => {
  const [folder, expected] = [newFolder(), await auditBy(false)];
  expect(await auditBy(true, folder)).toEqual(expected);
  expect(await auditBy(true, folder)).toEqual(expected);
  expect(await auditBy(false, folder)).toEqual(expected);
  expect(await auditBy(true, folder)).toEqual(expected);
});

test("a token that expires between two pages is renewed, and nothing is read twice", async () => {
  const expected = await auditBy(false);
  await switchTo({ queryRows: 3 });
  betweenPages(() => stage.platform.pass(90_000));
  expect(await auditBy(true)).toEqual(expected);
});

test("an audit that stopped continues after the last page", async () => {
  const [folder, expected] = [newFolder(), await auditBy(false)];
  await switchTo({ queryRows: 2 });
  betweenPages(() => {
    throw new Error("stopped");
  });
  await expect(auditBy(true, folder)).rejects.toThrow("stopped");
  jest.restoreAllMocks();
  const asked = jest.spyOn(QueryService.prototype, "query");
  expect(await auditBy(true, folder)).toEqual(expected);
  expect(asked.mock.calls[0]?.[0]).toContain("delivery > 'd1'");
});

test("without a license the audit says so, and prints SQL that a person can run", async () => {
  await switchTo({ queryService: "not-entitled" });
  const message = await auditBy(true).then(String, ({ message: words }) => String(words));
  expect(message).toContain("Manage Queries");
  expect(message).toContain("license may not include ad hoc queries");
  expect(message).toContain("Without --sql, the audit reads the dataset's files");
  const [printed = ""] = message.match(/^SELECT[\s\S]*ORDER BY 1, 2, 3$/m) ?? [];
  await switchTo({ queryService: "entitled" });
  const service = new QueryService(platformOf(source));
  const { signal } = new AbortController();
  const rows = await service.query(printed, z.object({ metric: z.string(), row_count: z.coerce.number() }), signal);
  await service.close();
  const opened = rows.find(({ metric }) => metric === "opened");
  expect(opened?.row_count).toBe(4);
});

test.each([
  [{ queryCredential: "refused" }, "28P01: Invalid authentication token. It does not accept the access token"],
  [
    { queryTimeoutSeconds: 0 },
    "53400: Statement timeout: the query took more than the maximum of 10 minutes. A query may take",
  ],
  [{ permissionsLacking: "manage-queries" }, "Add the permission Manage Queries to a role"],
] as const)("with %j, the error says why and what to do", async (switches, words) => {
  await switchTo(switches);
  await expect(auditBy(true)).rejects.toThrow(words);
  await switchTo({ permissionsLacking: "none" });
});

test("no error holds the token", async () => {
  await switchTo({ queryCredential: "refused" });
  const given = jest.spyOn(Client.prototype, "connect");
  const error = await auditBy(true).then(
    () => undefined,
    (failure: Error) => failure,
  );
  const { password } = given.mock.contexts[0] as unknown as { password: string };
  expect(password).toMatch(/^eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/);
  expect(`${error?.message} ${error?.stack} ${JSON.stringify(error)} ${String(error?.cause)}`).not.toContain(password);
});

test("while another session is open, the audit says so", async () => {
  stage.platform.token = String((await stage.platform.askForToken()).body.access_token);
  const body = (await stage.platform.call("GET", "/data/foundation/query/connection_parameters")).body;
  const { port, token, dbName, username } = body as Record<string, string>;
  const other = new Client({
    host: "localhost",
    port: Number(port),
    database: dbName,
    user: username,
    password: token,
    ssl: true,
  });
  await other.connect();
  await expect(auditBy(true)).rejects.toThrow("Session Limit Reached. Another session is open");
  await other.end();
});

test("a key continues after all that sorts before it, and what SQL can't hold is an error", () => {
  const field = (name: string) => `_acme.customerio.${name}`;
  const paths = {
    delivery: field("delivery_id"),
    objectType: field("object_type"),
    metric: field("metric"),
    timestamp: "_9.at-once",
  };
  const after = { delivery: "d1", object_type: "email", metric: "sent", day: 20_000 };
  const sql = pageSql("events", paths, 1_700_000_000, after);
  expect(sql).toContain("coalesce(_9.`at-once`, 0)");
  expect(sql).toContain(
    "AND (delivery > 'd1' OR (delivery = 'd1' AND (object_type > 'email' OR (object_type = 'email' AND (metric > 'sent' OR (metric = 'sent' AND day > 20000))))))",
  );
  expect(sql).toMatch(/ORDER BY delivery, object_type, metric, day LIMIT 50000$/);
  expect(() => pageSql("events", paths, 0, { ...after, delivery: "d'1" })).toThrow("Run the audit without --sql");
  for (const name of ["events; DROP TABLE other", "events` UNION SELECT * FROM `other"]) {
    const quoted = `FROM \`${name.replaceAll("`", "``")}\``;
    expect(pageSql(name, paths, 0, undefined)).toContain(`${quoted}) AS events`);
    expect(countWords(name, paths, { from: 0, to: 1, createdFrom: 0 })).toContain(`${quoted}\n`);
  }
  expect(countWords("events", paths, { from: 86_400, to: 172_800, createdFrom: 0 })).toContain("1 is 1970-01-02");
});
