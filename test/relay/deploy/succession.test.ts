import { createHash } from "node:crypto";
import path from "node:path";
import { definitionProvider } from "pulumi-provider-kit";
import type { Answer } from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { customerIoAepPackage } from "../../../relay/deploy/provider.ts";
import { queueDrain } from "../../../relay/deploy/resources/queue-drain.ts";
import { type AzureServer, failure, gone, operationOn, queueId, type TestOperation, useAzure } from "./azure-server.ts";

const formerAccount = queueId.replace(/\/queueServices.*/, "");
const newQueue = queueId.replace("/storageAccounts/a/", "/storageAccounts/b/");
const table = "https://a.table.core.windows.net/";
const closed = { intake: "closed until 2026-11-20T10:10:00.000Z" };

let azure: AzureServer;
let operation: TestOperation;
useAzure((server) => {
  azure = server;
  const inputs = {
    queueId: newQueue,
    takeoverUrl: `https://${azure.host}/takeover`,
    principalId: "identity",
    timeoutSeconds: 60,
  };
  operation = { ...operationOn(azure), other: { id: newQueue, inputs } };
});

const queue = (length: number, metadata?: Record<string, string>): Answer => ({
  headers: { date: "Fri, 20 Nov 2026 10:00:00 GMT" },
  body: { properties: { approximateMessageCount: length, ...(metadata && { metadata }) } },
});

/** A former relay that is empty, and a new one that copies its notes. */
function prepare({
  dead = 0,
  takeover = [{ body: { copied: 3 } }],
}: {
  dead?: number;
  takeover?: Answer[];
} = {}): void {
  azure.script = {
    [`GET ${queueId}`]: [queue(0), queue(0, closed)],
    [`GET ${path.posix.dirname(queueId)}`]: [{ body: { value: [{ name: "events" }, { name: "events-poison" }] } }],
    [`GET ${queueId}-poison`]: [queue(0)],
    [`PATCH ${queueId}`]: [{ body: {} }],
    "GET /health": [{ body: { intake: "closed", deadLetters: { count: dead, more: false } } }],
    [`GET ${formerAccount}`]: [{ body: { properties: { primaryEndpoints: { table } } } }],
    [`GET ${newQueue}`]: [queue(0)],
    [`PATCH ${newQueue}`]: [{ body: {} }],
    "POST /takeover": takeover,
  };
  // The role assignment's name is a GUID, made of what it is for.
  azure.script[`PUT ${roleAssignment()}`] = [{ body: {} }];
}

function roleAssignment(account = formerAccount): string {
  const parts = [account.toLowerCase(), "identity", "76199698-9eea-4c19-bc75-cec21354c6b6"];
  const hex = createHash("sha256").update(parts.join("/")).digest("hex");
  const name = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return `${account}/providers/Microsoft.Authorization/roleAssignments/${name}`;
}

const former = () => ({ queueId, healthUrl: `https://${azure.host}/health`, timeoutSeconds: 60 });
const drain = () =>
  queueDrain.delete(operation, queueId, former() as unknown as Parameters<typeof queueDrain.delete>[2]);

const bodyOf = ({ bytes }: { bytes: Buffer }) => JSON.parse(String(bytes));
/** The marks that the new relay's queue got, in order. */
const marksOfNew = () =>
  azure.requests
    .filter(({ method, url }) => method === "PATCH" && url.includes("/storageAccounts/b/"))
    .map((request) => bodyOf(request).properties.metadata as Record<string, string>);
const takeovers = () => azure.requests.filter(({ url }) => url === "/takeover");
const indexOf = (call: string) => azure.calls().findIndex((one) => one.startsWith(call));

test("the new relay is held, the former one emptied, its notes copied, and then the new one sends", async () => {
  prepare();
  await drain();
  expect(marksOfNew()).toEqual([
    { sending: "held until 2026-11-20T10:15:00.000Z" },
    { former: expect.stringMatching(/^https:\/\/a\.table\.core\.windows\.net\/ by [0-9a-f]{64}$/) },
    { former: "none" },
    { sending: "free" },
  ]);
  expect(
    takeovers()
      .map((request) => bodyOf(request).share)
      .sort(),
  ).toEqual([..."0123456789abcdef"]);
  const [, mark] = marksOfNew();
  for (const { headers } of takeovers()) {
    expect(mark?.former).toContain(createHash("sha256").update(String(headers["x-relay-key"])).digest("hex"));
  }
  // The poison queue is the last of the count.
  expect(indexOf("POST /takeover")).toBeGreaterThan(
    azure.calls().lastIndexOf(`GET ${queueId}-poison?api-version=2024-01-01`),
  );
  expect(operation.shown.at(-1)).toBe("the new relay knows what the former one has delivered: 48 notes");
});

test("only the new relay's identity may read the former account", async () => {
  prepare();
  await drain();
  // Once early, since it takes time to propagate, and again before it is needed.
  const assignments = azure.requests.filter(({ method }) => method === "PUT");
  expect(assignments.map(({ url }) => url.split("?")[0])).toEqual(Array(2).fill(roleAssignment().replace("PUT ", "")));
  expect(indexOf("PUT")).toBeLessThan(indexOf("GET /health"));
  expect(assignments[0] && bodyOf(assignments[0])).toEqual({
    properties: {
      principalId: "identity",
      principalType: "ServicePrincipal",
      roleDefinitionId:
        "/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/76199698-9eea-4c19-bc75-cec21354c6b6",
    },
  });
});

test("a copy in several calls continues where it was, and shows its progress", async () => {
  const position = { table: 1, from: { NextPartitionKey: "0b" } };
  prepare({ takeover: [{ body: { copied: 1000, position } }, { body: { copied: 1 } }] });
  await drain();
  expect(takeovers().map((request) => bodyOf(request).position)).toContainEqual(position);
  expect(takeovers()).toHaveLength(17);
  expect(operation.shown).toContainEqual(
    expect.stringMatching(/^the new relay has copied 10\d\d notes of delivered events$/),
  );
});

test("it waits for a role that still propagates, a mark that is not seen yet and an app that starts", async () => {
  const spreading = { status: 503, body: { reason: "HTTP 403" } };
  prepare({ takeover: [{ status: 403 }, spreading, { status: 502, body: "starting" }, { body: { copied: 0 } }] });
  await drain();
  expect(marksOfNew().at(-1)).toEqual({ sending: "free" });
});

test("notes that can't be copied keep the former relay, with the reason and the remedies; the new one sends", async () => {
  prepare({ takeover: [{ status: 503, body: { reason: "HTTP 403" } }] });
  const { message } = await failure(drain());
  expect(message).toContain("The relay is not taken down, since the new relay could not copy");
  expect(message).toContain('answers 503: {"reason":"HTTP 403"}');
  expect(message).toContain("run the same command again");
  expect(message).toContain("put RELAY_ABANDON_QUEUE=true before the command");
  expect(marksOfNew().at(-1)).toEqual({ sending: "free" });
});

test("the error of a login that may not assign the role names the role", async () => {
  prepare();
  const action = "Microsoft.Authorization/roleAssignments/write";
  const said = `The client 'c' does not have authorization to perform action '${action}' over scope 's', or an ABAC condition is not fulfilled.`;
  azure.script[`PUT ${roleAssignment()}`] = [
    { status: 403, body: { error: { code: "AuthorizationFailed", message: said } } },
  ];
  const { message } = await failure(drain());
  expect(message).toContain("could not get the role Storage Table Data Reader (76199698-9eea-4c19-bc75-cec21354c6b6):");
  expect(message).toContain('add the role that is to be assigned: docs/deploying.md, "GitHub Actions". The relay');
  expect(message).not.toContain("Website Contributor");
  expect(takeovers()).toEqual([]);
});

test("the notes are given up with the queue", async () => {
  process.env.RELAY_ABANDON_QUEUE = "true";
  const { other } = operation;
  operation = { ...operationOn(azure), other };
  prepare({ takeover: [{ status: 503, body: { reason: "HTTP 403" } }] });
  await drain();
  expect(operation.shown).toContainEqual(expect.stringContaining("gives up the notes of delivered events, since"));
});

test("dead letters keep the former relay, and the new one still knows what it has delivered", async () => {
  prepare({ dead: 2 });
  expect((await failure(drain())).message).toContain("since there are 2 dead letters");
  expect(takeovers()).toHaveLength(16);
  expect(marksOfNew().at(-1)).toEqual({ sending: "free" });
});

test("after an interruption the new relay sends", async () => {
  prepare();
  azure.script[`GET ${queueId}`] = [queue(0), queue(7, closed)];
  const { clock, stop } = operation;
  clock.sleep = async (milliseconds) => {
    if (milliseconds === 6_000) stop.abort(new Error("stopped by the user"));
  };
  expect((await failure(drain())).message).toContain("stopped by the user");
  expect(marksOfNew().at(-1)).toEqual({ sending: "free" });
});

test("the hold of the new relay is renewed during a long copy", async () => {
  prepare();
  azure.script[`GET ${queueId}`] = [queue(0), ...Array(9).fill(queue(1, closed)), queue(0, closed)];
  await drain();
  expect(marksOfNew().filter(({ sending }) => sending?.startsWith("held"))).toHaveLength(2);
});

test.each<[string, () => void]>([
  ["where nothing takes over", () => (operation = { ...operation, other: undefined })],
  [
    "where the new relay remembers nothing",
    () => (operation = { ...operation, other: { id: newQueue, inputs: { queueId: newQueue } } }),
  ],
  ["where the former account is gone", () => (azure.script[`GET ${formerAccount}`] = [gone])],
  ["where the new relay is gone too", () => (azure.script[`GET ${newQueue}`] = [gone])],
])("nothing is copied %s", async (_, arrange) => {
  prepare();
  arrange();
  await drain();
  expect(takeovers()).toEqual([]);
});

describe("the drain of a new relay", () => {
  const values = () => ({
    ...former(),
    queueId: newQueue,
    takeoverUrl: `https://${azure.host}/takeover`,
    principalId: "identity",
  });

  test("that replaces another holds its events before the webhook is pointed at it, until every instance knows", async () => {
    prepare();
    operation = { ...operation, isHeld: (id) => id === queueId, other: { id: queueId, inputs: former() } };
    await queueDrain.create(operation, values());
    expect(marksOfNew()).toEqual([{ sending: "held until 2026-11-20T10:15:00.000Z" }]);
    expect(operation.clock.sleeps).toEqual([5_000]);
  });

  test.each([
    ["for the first time", undefined],
    ["again for the same queue", newQueue],
    ["after a former one that was deleted first (deleteBeforeReplace), since no handover would end the hold", queueId],
  ])("%s holds nothing", async (_, other) => {
    prepare();
    const isHeld = (id: string) => id === newQueue;
    operation = {
      ...operation,
      isHeld,
      ...(other !== undefined && { other: { id: other, inputs: { queueId: other } } }),
    };
    await queueDrain.create(operation, values());
    expect(marksOfNew()).toEqual([]);
  });
});

test("two former relays hand their notes over one after the other, and the new one sends after both", async () => {
  prepare();
  for (const part of [queueId, `${queueId}-poison`, path.posix.dirname(queueId), formerAccount]) {
    const other = part.replace("/storageAccounts/a", "/storageAccounts/c");
    for (const method of ["GET", "PATCH"]) {
      azure.script[`${method} ${other}`] = azure.script[`${method} ${part}`] ?? [];
    }
  }
  azure.script[`PUT ${roleAssignment(formerAccount.replace("/storageAccounts/a", "/storageAccounts/c"))}`] = [
    { body: {} },
  ];
  const third = queueId.replace("/storageAccounts/a/", "/storageAccounts/c/");
  const state = { ...former(), queueId: third } as unknown as Parameters<typeof queueDrain.delete>[2];
  await Promise.all([drain(), queueDrain.delete(operation, third, state)]);
  // Each copy is complete before the queue names the other account.
  const copies = marksOfNew().flatMap(({ former: mark }) =>
    mark === undefined ? [] : [mark === "none" ? "none" : "some"],
  );
  expect(copies).toEqual(["some", "none", "some", "none"]);
  expect(takeovers()).toHaveLength(32);
  expect(marksOfNew().filter(({ sending }) => sending === "free")).toHaveLength(1);
  expect(marksOfNew().at(-1)).toEqual({ sending: "free" });
});

test("a run after a killed one recognizes the new relay by the engine's request", async () => {
  prepare();
  const provider = definitionProvider({ ...customerIoAepPackage, connect: () => operation.client });
  await provider.configure({ armUrl: `https://${azure.host}` });
  const call = {
    urn: "urn:pulumi:dev::t::customerio-aep:index:QueueDrain::drain",
    type: "customerio-aep:index:QueueDrain",
    name: "drain",
    signal: operation.signal,
    progress: () => undefined,
    warn: () => undefined,
  };
  const present = {
    ...former(),
    queueId: newQueue,
    takeoverUrl: `https://${azure.host}/takeover`,
    principalId: "identity",
  };
  await provider.diff(call, { id: newQueue, olds: present, state: present, news: present });
  await provider.delete(call, { id: queueId, state: former() });
  expect(takeovers()).toHaveLength(16);
});
