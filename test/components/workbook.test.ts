import { balanceFinding } from "../../cli/checks/balance.ts";
import { workbookOf } from "../../components/relay/monitoring/workbook.ts";
import { Tally } from "../../relay/azure/counts/tally.ts";
import type { Duplicates } from "../../relay/azure/delivery/duplicates.ts";
import { forwarderHandler } from "../../relay/azure/delivery/forwarder.ts";
import { intakeBudget, intakeHandler } from "../../relay/azure/intake/intake.ts";
import { onOutcome } from "../../relay/azure/log.ts";
import { SummedLines } from "../../relay/azure/summed-lines.ts";
import { countNames } from "../../relay/core/counts/counts.ts";
import { sumOfRows } from "../../relay/core/counts/row-of-counts.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { invocation, signedCall, signingKey } from "../relay/support/invocation.ts";
import { openForwarder, openGate } from "../relay/support/open-ports.ts";
import { withoutPace } from "../relay/support/unpaced.ts";
import { type LogRecord, runQuery } from "./kql.ts";

const componentId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/components/relay";
const policy = eventPolicy.parse({
  filters: { except: { metrics: ["opened"] } },
  personalData: { content: "drop", email: "drop" },
});

let now = new Date("2026-11-20T10:10:00.000Z");
const traces: LogRecord[] = [];
const deadLetters: string[] = [];
const write = (Message: string) => traces.push({ TimeGenerated: now, Message, _ResourceId: componentId });
const log = new SummedLines({ schedule: () => undefined, write });

/** What the instance has written to the table of counts, by row. */
const rows = new Map<string, Record<string, unknown>>();
const tally = new Tally({
  tables: {
    create: async () => true,
    put: async (_table, { partition, row }, _signal, properties) => {
      rows.set(`${partition}/${row}`, { PartitionKey: partition, ...properties });
    },
  },
  clock: () => now,
  monotonic: () => 0,
  schedule: () => undefined,
});
onOutcome((outcome) => tally.add(outcome));

const storage = {
  enqueue: async () => undefined,
  putClaim: async () => undefined,
  readClaim: async () => undefined,
  deleteClaim: async () => undefined,
  putDeadLetter: async ({ name }: { name: string }) => {
    deadLetters.push(name);
    return true;
  },
};
const delivered = new Set<string>();
const duplicates: Duplicates = {
  deliverOnce: async ({ id }, send) => {
    if (delivered.has(id)) return undefined;
    const outcome = await send();
    if (outcome.fate === "delivered") delivered.add(id);
    return outcome;
  },
};

async function run(act: (context: ReturnType<typeof invocation>["context"]) => unknown): Promise<void> {
  const { context, lines } = invocation();
  await act(context);
  for (const { text } of lines) write(text);
}

function post(id: string, more: object = {}, key = signingKey): Promise<void> {
  const handler = intakeHandler({
    gate: openGate,
    signingKeys: [signingKey],
    settings: { policy, maximumAgeSeconds: 0 },
    storage,
    budget: intakeBudget,
    clock: () => now,
    refusals: log,
    log,
  });
  return run((context) =>
    handler(signedCall(JSON.stringify({ event_id: id, timestamp: 1, metric: "sent", ...more }), key), context),
  );
}

/** Has the forwarder handle events that were received half a minute ago, and that Platform answers so. */
function forward(status: number, ...ids: string[]): Promise<void> {
  const send = async () => ({ status, body: "", retryAfter: undefined }) as never;
  const handler = forwarderHandler({
    ...openForwarder,
    target: { client: withoutPace({ send }), readyAt: undefined },
    storage,
    duplicates,
    clock: () => now,
    random: () => 0.5,
    log,
  });
  const receivedAt = new Date(now.getTime() - 30_000).toISOString();
  const events = ids.map((id) => newEvent({ id, receivedAt, body: JSON.stringify({ event_id: id, timestamp: 1 }) }));
  return run((context) => handler({ version: 1, events }, context));
}

test("the workbook and `status` show the same counts of the lines that the relay writes", async () => {
  for (const id of ["a", "b", "c", "c"]) await post(id, { data: { recipient: "ada@example.org" } });
  await post("filtered", { metric: "opened" });
  await post("a stranger's", {}, "another key");
  await forward(200, "a", "b");
  await forward(503, "c");
  now = new Date("2026-11-20T12:50:00.000Z");
  await post("d");
  await forward(403, "d");
  await forward(200, "c");
  await forward(200, "c");
  await forward(400, "d");
  log.flush();
  await tally.flush();

  const [events = [], ages = [], choices = []] = workbookOf(componentId).items.map(({ content }) =>
    runQuery(content.query, { AppTraces: traces }, now),
  );
  const sumOf = (name: string) => events.reduce((sum, row) => sum + Number(row[name]), 0);
  const { counts } = sumOfRows([...rows.values()]);
  expect(counts).toMatchObject({ accepted: 5, filtered: 1, delivered: 3, duplicate: 1, retried: 1, held: 1, dead: 1 });
  const charted = Object.keys(events[0] ?? {}).filter((name) => name !== "TimeGenerated");
  expect(charted.filter((name) => countNames.some((known) => known === name))).toEqual(charted);
  for (const name of charted) expect([name, sumOf(name)]).toEqual([name, counts[name as "accepted"]]);
  expect(events.map(({ TimeGenerated }) => (TimeGenerated as Date).toISOString().slice(11, 16))).toEqual([
    "10:00",
    "12:00",
  ]);

  const { found, details = [] } = balanceFinding({
    total: counts,
    since: "2026-11-20",
    countedAt: undefined,
    unknownPaths: new Map(),
    messages: 0,
    deadLetters: deadLetters.length,
    target: { stack: "dev" },
  });
  expect(found).toBe(
    `Since 2026-11-20: ${sumOf("accepted")} accepted = ${sumOf("delivered")} delivered + ${sumOf("duplicate")} duplicate + ` +
      `${sumOf("dead")} dead letter + 0 on their way.`,
  );
  const seconds = ages.map(({ mean }) => mean);
  expect(seconds).toEqual([30, 30]);
  expect(details).toContain("age at delivery: 30 seconds on average");
  const chosen = (name: string) =>
    choices.filter(({ choice }) => choice === name).reduce((sum, row) => sum + Number(row.events), 0);
  expect([chosen("email"), chosen("content"), chosen("except.metrics")]).toEqual([4, 0, counts.filtered]);
});

test("the mean age counts a line whose ages sum up to more seconds than an int can hold", () => {
  const [delivered, ageSeconds] = [12_000, 200_000];
  const line = { outcome: "delivered", delivered, deliveredSeconds: delivered * ageSeconds, ageSeconds };
  const record = { TimeGenerated: now, Message: JSON.stringify(line), _ResourceId: componentId };
  const [, ages] = workbookOf(componentId).items;
  expect(runQuery(ages?.content.query ?? "", { AppTraces: [record] }, now)).toMatchObject([{ mean: ageSeconds }]);
});
