import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { AnyCommand, CommandContext } from "../../cli/command/definition.ts";
import { performCommand } from "../../cli/command/perform.ts";
import { followLog } from "../../cli/log/follow-log.ts";
import { type LogLine, RelayLogReader } from "../../cli/log/relay-log-reader.ts";
import { tailCommand } from "../../cli/log/tail-command.ts";
import { describeLine, matchesTail, renderLine } from "../../cli/log/tail-filter.ts";
import { Progress } from "../../cli/output/progress.ts";
import { PulumiStack } from "../../cli/stack/pulumi-stack.ts";
import { StackSource } from "../../cli/stack/source.ts";
import type { StackResource } from "../../cli/stack/state.ts";
import { answerLogQuery } from "../../packages/local-cloud/src/azure/queries/log-query.ts";
import { type RecordingServer, recordingServer } from "../../packages/pulumi-customerio/test/recording-server.ts";
import { jsonMistakes } from "./json.ts";
import { stackResource } from "./stack-resource.ts";

const componentId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/relay";
const workspaceOf = (source: string) =>
  `/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/${source}-logs`;
const workspaceId = workspaceOf("events");

const component = stackResource("azure-native:applicationinsights:Component", {
  id: componentId,
  inputs: { workspaceResourceId: workspaceId },
});
/** By it, a source has a relay. */
const account: StackResource = { ...component, type: "azure-native:storage:StorageAccount", urn: "account" };
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

/** A server that answers queries of a source's log, by the source's name. */
async function startLogs(rows: (query: string, source: string) => string[][]): Promise<void> {
  server = await recordingServer(({ url, json }) => {
    if (url.startsWith("/msi")) {
      return { body: { access_token: "token", expires_on: "4102444800", resource: "", token_type: "Bearer" } };
    }
    const [, name = ""] = /workspaces\/([^/]+)-logs\//.exec(url) ?? [];
    const answer = rows(String((json as { query: string }).query), name);
    return answer.length === 0
      ? { status: 403, body: { error: { code: "Forbidden" } } }
      : { body: { tables: [{ rows: answer }] } };
  });
  const url = `http://127.0.0.1:${server.port}`;
  Object.assign(process.env, {
    AZURE_RESOURCE_MANAGER_URL: url,
    ARM_USE_MSI: "true",
    IDENTITY_ENDPOINT: `${url}/msi`,
    IDENTITY_HEADER: "h",
  });
}

function sourceNamed(name: string): StackSource {
  const logs = { ...component, inputs: { workspaceResourceId: workspaceOf(name) } };
  return new StackSource({
    name,
    target: { stack: "dev" },
    members: [logs, app, account],
    component: undefined,
    providers: new Map(),
    settings: {},
  });
}

/** A source whose log a server answers: to each query, what `rows` gives. */
async function sourceWithLog(rows: (query: string) => string[][]): Promise<StackSource> {
  await startLogs(rows);
  return sourceNamed("events");
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

test.each([
  [{ outcome: "dead" as const }, '{"outcome":"dead","dead":1,"ids":["d"]}'],
  [{ outcome: "retried" as const }, '{"outcome":"forwarded","retried":1,"waitingIds":["b"]}'],
  [{ event: "b" }, '{"outcome":"forwarded","retried":1,"waitingIds":["b"]}'],
  [{ metric: "opened" }, '{"outcome":"accepted","accepted":1,"kinds":{"sms opened":1}}'],
  [{ "object-type": "sms" }, '{"outcome":"accepted","accepted":1,"kinds":{"sms opened":1}}'],
  [{ "object-type": "sms", metric: "opened" }, '{"outcome":"accepted","accepted":1,"kinds":{"sms opened":1}}'],
])("the filter %j finds a line that more than 5,000 others follow", async (chosen, wanted) => {
  const now = Date.now();
  const messages = [wanted, ...Array.from({ length: 5_001 }, () => '{"outcome":"accepted","accepted":1}')];
  const lines = messages.map((message, index) => ({
    timestamp: new Date(now - 10_000 + index).toISOString(),
    message,
  }));
  let query = "";
  const source = await sourceWithLog((asked) => {
    query = asked;
    return [[new Date(now).toISOString(), wanted]];
  });
  const values = { outcome: undefined, "object-type": undefined, metric: undefined, event: undefined, ...chosen };
  await tailCommand.run(source, { ...values, since: 10, once: true }, quietContext());
  expect((await ask(query, lines)).tables[0].rows.map(([, message]) => message)).toEqual([wanted]);
});

test("lines for people and for scripts have only known fields", () => {
  const strange = { ...accepted, fields: { ...accepted.fields, body: "someone@example.org", rule: "only" } };
  expect(renderLine(strange)).toBe(
    "2026-11-20T10:00:00.000Z  accepted 3  (email sent 2, sms sent 1)  by only  ids a, b, c",
  );
  expect(renderLine(forwarded)).toBe("2026-11-20T10:00:00.000Z  delivered 2, held 1  ids a, b");
  expect(renderLine(dead)).toBe("2026-11-20T10:00:00.000Z  dead 1  ids d  because Platform refuses it");
  expect(JSON.stringify(describeLine(strange))).not.toContain("example.org");
  const refused: LogLine = { at, outcome: "refused", fields: { refused: 3, reasons: ["no signature", "too old"] } };
  expect(renderLine(refused)).toMatch("because no signature; too old");
  expect(describeLine(refused)).toMatchObject({ counts: { refused: 3 }, reasons: ["no signature", "too old"] });
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
    from: new Date("2026-11-20T09:55:00Z"),
    now: () => at,
    signal: stop.signal,
    pause: async () => undefined,
    show: (lines) => shown.push(...lines),
  });
  expect(shown).toEqual([accepted, accepted, late, forwarded]);
});

function quietContext(): CommandContext {
  const { signal } = new AbortController();
  const nothing = () => undefined;
  const progress = new Progress(undefined);
  return { isJson: false, isOneOfSeveral: false, signal, progress, print: nothing, printJson: nothing };
}

test("with --json, each line is a document as soon as it arrives", async () => {
  const source = await sourceWithLog(() => [
    [new Date().toISOString(), '{"outcome":"accepted","accepted":2,"kinds":{"email sent":2},"ids":["a"]}'],
    [new Date().toISOString(), '{"outcome":"dead","dead":1,"reason":"Platform refuses it","ids":["d"]}'],
  ]);
  // It continues until Ctrl-C, which here comes after the first two.
  const ctrlC = new AbortController();
  const documents: object[] = [];
  const context: CommandContext = {
    isJson: true,
    isOneOfSeveral: false,
    signal: ctrlC.signal,
    progress: new Progress(undefined),
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

/** What `tail` prints about a stack with the sources north, south and west until Ctrl-C, which follows as soon as `isEnough`. */
async function tailSeveral(
  options: Readonly<Record<string, unknown>>,
  isEnough: (stdout: string, stderr: string) => boolean,
): Promise<{ stdout: string; stderr: string; code: number }> {
  const sources = ["north", "south", "west"].map(sourceNamed);
  const stack = {
    name: "dev",
    sources,
    choose: (name?: string) => sources.filter((one) => !name || one.name === name),
  };
  const printed = { stdout: "", stderr: "" };
  let isInterrupted = false;
  const into = (stream: keyof typeof printed) => (text: unknown) => {
    printed[stream] += text;
    if (!isInterrupted && isEnough(printed.stdout, printed.stderr)) {
      isInterrupted = true;
      setImmediate(() => process.emit("SIGINT"));
    }
    return true;
  };
  const spies = [
    jest.spyOn(PulumiStack, "read").mockResolvedValue(stack as unknown as PulumiStack),
    jest.spyOn(process.stdout, "write").mockImplementation(into("stdout")),
    jest.spyOn(process.stderr, "write").mockImplementation(into("stderr")),
  ];
  try {
    return { code: await performCommand(tailCommand as unknown as AnyCommand, options), ...printed };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

/** One line in each source's log; the west's may not be read. */
const northAndSouth = (_: string, source: string): string[][] =>
  source === "west" ? [] : [[new Date().toISOString(), `{"outcome":"accepted","accepted":1,"ids":["from-${source}"]}`]];

test("it follows all sources of a stack at once, and names the source of each line and error", async () => {
  await startLogs(northAndSouth);
  const { stdout, stderr } = await tailSeveral(
    {},
    (out, error) => out.includes("from-north") && out.includes("from-south") && error !== "",
  );
  expect(stdout.trim().split("\n").toSorted()).toEqual([
    expect.stringMatching(/^north {2}\S+ {2}accepted 1 {2}ids from-north$/),
    expect.stringMatching(/^south {2}\S+ {2}accepted 1 {2}ids from-south$/),
  ]);
  expect(stderr).toMatch(/^west {2}.*\n$/);
});

test("with --once it shows one source after the other, and with --source one alone", async () => {
  await startLogs(northAndSouth);
  const once = await tailSeveral({ once: true }, () => false);
  expect(once.stdout).toMatch(
    /^Source north\n\S+ {2}accepted 1 .*\n\nSource south\n\S+ {2}accepted 1 .*\n\nSource west\n$/,
  );
  const one = await tailSeveral({ source: "south" }, (out) => out.includes("from-south"));
  expect(one.stdout).toMatch(/^Source south\n\S+ {2}accepted 1 {2}ids from-south\n$/);
});
