import { createHmac } from "node:crypto";
import path from "node:path";
import { type AuditParts, audit, openLedger } from "../../cli/audit/audit.ts";
import { rangeOf } from "../../cli/audit/range.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { planBackfill, sendMissing } from "../../cli/backfill/send-missing.ts";
import { eventsIn, readQueueMessage } from "../../cli/relay/queue-message.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { intakeBudget, intakeHandler } from "../../relay/azure/intake/intake.ts";
import { deliveredTables } from "../../relay/core/duplicates/delivered-tables.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { call, invocation } from "../relay/support/invocation.ts";
import { openGate } from "../relay/support/open-ports.ts";
import { accessTo, closeWorld, day, linesIn, type Made, opened, openWorld, partsFor, start } from "./audit-world.ts";
import { afterYear, type Fate, filtered, makeYear, timeless, unsubscribed, type YearEvent } from "./audit-year.ts";
import { NotingRelay } from "./relay-notes.ts";
import { blobRole, queueRole, startAccount, type TestAccount, tableRole } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole, tableRole]);
}, 60_000);
afterAll(() => operator.stop());
afterEach(closeWorld);

const keyOf = ({ object_type, metric, data }: Made) => `${String(data.delivery_id)} ${object_type} ${metric}`;
const policy = eventPolicy.parse({ filters: { except: { objectTypes: [filtered] } } });
const subscribed = subscriptionNames.filter((name) => name !== unsubscribed);

/** Sends an event with a key that the relay does not have. */
async function sendWithWrongKey(made: Made): Promise<void> {
  const intake = intakeHandler({
    gate: openGate,
    signingKeys: ["signing-key"],
    settings: { policy, maximumAgeSeconds: 0 },
    storage: {} as never,
    clock: () => new Date(),
    budget: intakeBudget,
  });
  const text = JSON.stringify(made);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", "another-key").update(`v0:${timestamp}:${text}`).digest("hex");
  const answer = await intake(
    call(text, { "x-cio-timestamp": timestamp, "x-cio-signature": signature }),
    invocation().context,
  );
  expect(answer).toMatchObject({ status: 401 });
}

/** Sends each event of the year as far as it gets; what Customer.io recorded is there already. */
async function live(relay: NotingRelay, year: readonly YearEvent[]): Promise<void> {
  for (const { made, fate } of year) {
    if (fate === "arrived" || fate === "lost") await relay.deliver(made, { isFirst: true });
    if (fate === "refused") await sendWithWrongKey(made);
    if (fate === "waiting") await relay.queue(made);
    if (fate !== "held") continue;
    const body = JSON.stringify(made);
    const event = { id: keyOf(made), receivedAt: new Date(made.timestamp * 1000).toISOString(), attempts: 1, body };
    const { name, document } = deadEvent(event, body, { class: "refused", reason: "400", now: new Date() });
    await operator.account.addDeadLetter(name, Buffer.from(JSON.stringify(document)));
  }
}

test("a year of all types, with events dropped at each stage: exactly those are missing, and none once they are healed", async () => {
  const year = makeYear(16, 20_260_101);
  // One event waits in the queue since the summer.
  const waiting = year.findIndex(
    ({ made: { metric, timestamp }, fate }) =>
      fate === "arrived" && !timeless.has(metric) && timestamp > start + 200 * day,
  );
  year.splice(waiting, 1, { made: (year[waiting] as YearEvent).made, fate: "waiting" });
  const withFate = (...fates: readonly Fate[]) =>
    year.filter(({ fate }) => fates.includes(fate)).map(({ made }) => made);
  for (const fate of [
    "arrived",
    "unsent",
    "refused",
    "lost",
    "held",
    "waiting",
    "filtered",
    "unsubscribed",
    "young",
  ] as const) {
    expect(withFate(fate).length).toBeGreaterThan(0);
  }

  await openWorld(
    year.map(({ made }) => made),
    {},
    new Date(afterYear * 1000),
  );
  const relay = new NotingRelay(operator);
  await live(relay, year);
  const batches: Made[][] = [withFate("arrived")];
  const partsAt = async (now: number, folder: string): Promise<AuditParts> =>
    partsFor(accessTo(batches), {
      now: new Date(now * 1000),
      folder: path.join(opened.folder, folder),
      range: rangeOf(start, start + 364 * day, 1),
      relay: await relay.side(),
      deadLetters: operator.account,
      expectation: { filters: policy.filters, subscribed },
    });

  const first = await audit(await partsAt(afterYear, "first"));
  const dropped = withFate("unsent", "refused", "lost");
  const lines = await linesIn(first.missingFile);
  const missing = lines.filter(({ state }) => state === "missing");
  expect(missing.map(keyOfLine).toSorted()).toEqual(dropped.map(keyOf).toSorted());
  expect(
    lines
      .filter(({ state }) => state === "held")
      .map(keyOfLine)
      .toSorted(),
  ).toEqual(withFate("held").map(keyOf).toSorted());
  expect(first.extraFile).toBeUndefined();
  expect(sumCells(first.cells)).toMatchObject({
    waiting: 1,
    young: withFate("young").length,
    leftOut: withFate("filtered", "unsubscribed").length - timelessIn(withFate("filtered", "unsubscribed")),
    extra: 0,
    unknown: timelessIn(withFate("arrived")),
  });

  // The relay's notes reach back for a period and the one before it.
  const { since } = deliveredTables(
    new Date(Math.max(...withFate("arrived", "lost").map(({ timestamp }) => timestamp)) * 1000),
    NotingRelay.windowDays,
  );
  const keptSince = since / 1000 - NotingRelay.windowDays * day;
  const notesSince = Math.min(
    ...withFate("arrived", "lost")
      .map(({ timestamp }) => timestamp)
      .filter((at) => at >= keptSince),
  );
  expect(first.notesSince).toBe(notesSince);
  const stageOf = ({ made, fate }: YearEvent) =>
    made.timestamp < notesSince ? "unknown" : fate === "lost" ? "after relay" : "before relay";
  const stages = new Map(year.map((event) => [keyOf(event.made), stageOf(event)]));
  for (const line of missing) expect([line, line.stage]).toEqual([line, stages.get(keyOfLine(line))]);
  expect(new Set(missing.map(({ stage }) => stage)).size).toBe(3);

  // Healing is killed right after a message, and repeated. The relay gets what both have sent, and leaves out what it has.
  const queued: string[] = [];
  const heal = async (most: number) => {
    const parts = await partsAt(afterYear, "first");
    await audit(parts);
    const ledger = await openLedger(parts.folder);
    const counts = { sent: 0, streamed: 0, kinds: new Map(), impossible: new Map() };
    const enqueue = async (message: string) => {
      queued.push(message);
      if (queued.length === most) throw new Error("killed");
    };
    try {
      const { newest } = await planBackfill(ledger, undefined);
      await sendMissing(
        {
          ledger,
          history: parts.history,
          policy,
          perSecond: 50,
          onWait: () => undefined,
          created: { from: start - day, to: newest + 1 },
          queue: { enqueue, count: async () => 0 },
          now: () => parts.now,
          sleep: async () => undefined,
          signal: parts.signal,
          progress: () => undefined,
        },
        counts,
      );
    } finally {
      ledger.close();
    }
    return counts.sent;
  };
  await expect(heal(5)).rejects.toThrow("killed");
  await heal(0);
  expect(await heal(0)).toBe(0);
  const healed: Made[] = [];
  for (const event of queued.flatMap((message) => eventsIn(readQueueMessage(message)))) {
    const body = "body" in event ? String(event.body) : "";
    const made = JSON.parse(body) as Made;
    if (await relay.deliver(made, { at: afterYear, id: event.id, body })) healed.push(made);
  }
  expect(healed.map(keyOf).toSorted()).toEqual(dropped.map(keyOf).toSorted());

  batches.push(healed, withFate("young", "waiting", "held"));
  const second = await audit(await partsAt(afterYear + 8 * day, "second"));
  expect([second.missingFile, second.extraFile]).toEqual([undefined, undefined]);
  expect(sumCells(second.cells)).toMatchObject({ missing: 0, extra: 0 });
}, 300_000);

function keyOfLine({ delivery, object_type, metric }: Record<"delivery" | "object_type" | "metric", string>): string {
  return `${delivery} ${object_type} ${metric}`;
}

function timelessIn(events: readonly Made[]): number {
  return events.filter(({ metric }) => timeless.has(metric)).length;
}
