import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CommandContext } from "../../cli/command/definition.ts";
import { followLog } from "../../cli/log/follow-log.ts";
import { type LogLine, RelayLogReader } from "../../cli/log/relay-log-reader.ts";
import { tailCommand } from "../../cli/log/tail-command.ts";
import { describeLine, matchesTail, renderLine } from "../../cli/log/tail-filter.ts";
import { Progress } from "../../cli/output/progress.ts";
import { StackSource } from "../../cli/stack/source.ts";
import type { StackResource } from "../../cli/stack/state.ts";
import { answerLogQuery } from "../../packages/local-cloud/src/azure/queries/log-query.ts";
import { type RecordingServer, recordingServer } from "../../packages/pulumi-customerio/test/recording-server.ts";
import { jsonMistakes } from "../cli/json.ts";

const componentId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/relay";
const workspaceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/logs";

const component: StackResource = {
  ...{ type: "azure-native:applicationinsights:Component", id: componentId, urn: "urn", name: "relay" },
  ...{ parent: undefined, provider: undefined, dependencies: [], delete: false, modifiedAt: undefined },
  ...{ inputs: { workspaceResourceId: workspaceId }, outputs: {} },
};
const app: StackResource = { ...component, type: "customerio-aep:index:FunctionApp", urn: "app" };

let folder: string;
let server: RecordingServer | undefined;
const before = { ...process.env };
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "tail-"));
});
afterEach(async () => {
  await server?.close();
  process.env = { ...before };
  await rm(folder, { recursive: true });
});

/** What the stand-in answers to a query, over these lines of a function host. */
async function ask(query: string, lines: readonly object[]) {
  const logFile = path.join(folder, "host.log");
  await writeFile(logFile, lines.map((line) => JSON.stringify(line)).join("\n"));
  const settings = { APPLICATIONINSIGHTS_CONNECTION_STRING: "InstrumentationKey=1" };
  const found = {
    id: componentId,
    inputs: { workspaceResourceId: workspaceId },
    outputs: { connectionString: "InstrumentationKey=1" },
  };
  const parts = { apps: { list: () => [{ logFile, settings }] }, subscription: { list: () => [found] } };
  return (await answerLogQuery({ id: workspaceId } as never, query, parts as never)) as {
    tables: [{ rows: string[][] }];
  };
}

const hostLines = [
  { timestamp: "2026-11-20T10:00:00.000Z", message: "Host started" },
  { timestamp: "2026-11-20T10:00:02.000Z", message: '{"outcome":"dead","dead":1,"reason":"Platform refuses it"}' },
  {
    timestamp: "2026-11-20T10:00:01.000Z",
    message: '{"outcome":"accepted","accepted":2,"kinds":{"email sent":2},"ids":["a","b"]}',
  },
  { timestamp: "2026-11-20T09:00:00.000Z", message: '{"outcome":"accepted","accepted":9,"ids":[]}' },
];

/** A source whose log a server answers: to each query, what `rows` gives. */
async function sourceWithLog(rows: (query: string) => string[][]): Promise<StackSource> {
  server = await recordingServer(({ url, json }) => {
    if (url.startsWith("/msi"))
      return { body: { access_token: "token", expires_on: "4102444800", resource: "", token_type: "Bearer" } };
    return { body: { tables: [{ rows: rows(String((json as { query: string }).query)) }] } };
  });
  const url = `http://127.0.0.1:${server.port}`;
  Object.assign(process.env, {
    AZURE_RESOURCE_MANAGER_URL: url,
    ARM_USE_MSI: "true",
    IDENTITY_ENDPOINT: `${url}/msi`,
    IDENTITY_HEADER: "h",
  });
  return new StackSource({
    ...{
      name: "events",
      target: { stack: "dev" },
      members: [component, app],
      component: undefined,
      providers: new Map(),
      settings: {},
    },
  });
}

test("the reader's query returns the relay's lines since a time, in order", async () => {
  let query = "";
  const source = await sourceWithLog((asked) => {
    query = asked;
    return [
      ["2026-11-20T10:00:01.000Z", '{"outcome":"accepted","accepted":2}'],
      ["2026-11-20T10:00:01.000Z", "{no JSON"],
    ];
  });
  const lines = await new RelayLogReader(source).since(new Date("2026-11-20T09:30:00Z"));
  expect(lines).toEqual([{ at: new Date("2026-11-20T10:00:01Z"), outcome: "accepted", fields: { accepted: 2 } }]);
  const call = server?.requests.find(({ url: called }) => called.includes("/api/query"));
  expect([call?.method, call?.url.split("?")[0], call?.headers.prefer]).toEqual([
    "POST",
    `${workspaceId}/api/query`,
    "response-v1=true",
  ]);
  const { rows } = (await ask(query, hostLines)).tables[0];
  expect(rows.map(([at]) => at)).toEqual(["2026-11-20T10:00:01.000Z", "2026-11-20T10:00:02.000Z"]);
  const start = Date.parse("2026-11-20T10:00:00Z");
  const many = Array.from({ length: 5_002 }, (_, at) => ({
    timestamp: new Date(start + at).toISOString(),
    message: '{"outcome":"accepted"}',
  }));
  const newest = (await ask(query, many)).tables[0].rows.map(([at = ""]) => Date.parse(at) - start);
  expect([newest.length, newest[0], newest.at(-1)]).toEqual([5_000, 2, 5_001]);
});

test.each([
  "Heartbeat",
  "AppTraces | summarize count()",
  'AppTraces | where Nothing == "x"',
  'AppTraces | where Message has "x"',
])("the stand-in refuses what it does not have: %s", async (query) => {
  await expect(ask(query, hostLines)).rejects.toThrow("SemanticError");
});

const at = new Date("2026-11-20T10:00:00Z");
const accepted: LogLine = {
  at,
  outcome: "accepted",
  fields: { accepted: 3, kinds: { "email sent": 2, "sms sent": 1 }, ids: ["a", "b", "c"] },
};
const forwarded: LogLine = {
  at,
  outcome: "forwarded",
  fields: { delivered: 2, held: 1, retried: 0, ids: ["a"], waitingIds: ["b"], level: "warn" },
};
const dead: LogLine = {
  at,
  outcome: "dead",
  fields: { dead: 1, ids: ["d"], deadLetter: "2026/11/20/d.json", reason: "Platform refuses it" },
};

test.each([
  [{}, [accepted, forwarded, dead]],
  [{ outcome: "accepted" }, [accepted]],
  [{ outcome: "held" }, [forwarded]],
  [{ outcome: "retried" }, []],
  [{ event: "b" }, [accepted, forwarded]],
  [{ objectType: "sms" }, [accepted]],
  [{ objectType: "sms", metric: "opened" }, []],
  [{ metric: "sent" }, [accepted]],
])("it applies the filter %j", (filter, lines) => {
  expect([accepted, forwarded, dead].filter((line) => matchesTail(line, filter))).toEqual(lines);
});

test("lines for people and for scripts have only known fields", () => {
  const strange = { ...accepted, fields: { ...accepted.fields, body: "someone@example.org", rule: "only" } };
  expect(renderLine(strange)).toBe(
    "2026-11-20T10:00:00.000Z  accepted 3  (email sent 2, sms sent 1)  by only  ids a, b, c",
  );
  expect(renderLine(forwarded)).toBe("2026-11-20T10:00:00.000Z  delivered 2, held 1  ids a, b");
  expect(renderLine(dead)).toBe("2026-11-20T10:00:00.000Z  dead 1  ids d  because Platform refuses it");
  expect(JSON.stringify(describeLine(strange))).not.toContain("example.org");
});

test("lines that arrive late or twice are shown once, and equal lines of the same moment each", async () => {
  const late = { ...dead, at: new Date("2026-11-20T09:59:00Z") };
  const looks: LogLine[][] = [[accepted], [accepted, accepted], [late, accepted, accepted, forwarded]];
  const shown: LogLine[] = [];
  const stop = new AbortController();
  await followLog({
    log: {
      since: async () => {
        const [look = []] = looks.splice(0, 1);
        if (looks.length === 0) stop.abort();
        return look;
      },
    },
    ...{ from: new Date("2026-11-20T09:55:00Z"), now: () => at, signal: stop.signal, pause: async () => undefined },
    show: (lines) => shown.push(...lines),
  });
  expect(shown).toEqual([accepted, accepted, late, forwarded]);
});

test("with --json, each line is a document as soon as it arrives", async () => {
  const source = await sourceWithLog(() => [
    [new Date().toISOString(), '{"outcome":"accepted","accepted":2,"kinds":{"email sent":2},"ids":["a"]}'],
    [new Date().toISOString(), '{"outcome":"dead","dead":1,"reason":"Platform refuses it","ids":["d"]}'],
  ]);
  // It continues until Ctrl-C, which here comes after the first two.
  const ctrlC = new AbortController();
  const documents: object[] = [];
  const context: CommandContext = {
    ...{ isJson: true, isOneOfSeveral: false, signal: ctrlC.signal, progress: new Progress(undefined) },
    print: () => undefined,
    printJson(document) {
      documents.push(document);
      if (documents.length === 2) ctrlC.abort();
    },
  };
  const values = { outcome: undefined, "object-type": undefined, metric: undefined, event: undefined };
  expect(await tailCommand.run(source, { ...values, since: 10, once: false }, context)).toMatchObject({
    ending: "well",
  });
  expect(documents).toMatchObject([
    { source: "events", outcome: "accepted", counts: { accepted: 2 }, kinds: { "email sent": 2 }, ids: ["a"] },
    { source: "events", outcome: "dead", counts: { dead: 1 }, reason: "Platform refuses it", ids: ["d"] },
  ]);
  expect(jsonMistakes("tail", documents.map((document) => `${JSON.stringify(document)}\n`).join(""))).toEqual([]);
});
