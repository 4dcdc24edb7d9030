import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { audit, openLedger } from "../../cli/audit/audit.ts";
import { sumCells } from "../../cli/audit/report.ts";
import type { AuditedAccount, RelaySide } from "../../cli/audit/sides/relay-side.ts";
import { type BackfillParts, planBackfill, sendMissing } from "../../cli/backfill/send-missing.ts";
import { readQueueMessage } from "../../cli/relay/queue-message.ts";
import { RememberedDuplicates, type RememberedDuplicatesPorts } from "../../relay/azure/delivery/duplicates.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import {
  accessTo,
  closeWorld,
  day,
  happen,
  type Made,
  now,
  opened,
  openWorld,
  partsFor,
  replaceRecord,
  start,
} from "./audit-world.ts";

/** Four days of messages of all channels. */
const recorded: readonly Made[] = ["email", "sms", "push", "in_app", "slack", "webhook", "whatsapp"].flatMap(
  (type, index) =>
    Array.from({ length: 12 }, (_, at) => `${type}-${at}`).flatMap((delivery, at) => {
      const occurrence = (metric: string, later: number) => ({
        ...happen(delivery, ((at * 7 + index) % 4) * day + later, metric, { recipient: `${delivery}@example.org` }),
        object_type: type,
      });
      return [occurrence("sent", 0), occurrence("failed", 60)];
    }),
);
const lost = recorded.filter((_, at) => at % 5 === 0);
const arrived = recorded.filter((_, at) => at % 5 !== 0);
const keyOf = ({ data, metric }: Made) => `${data.delivery_id} ${metric}`;

afterEach(closeWorld);

/** A run of a backfill, over what the dataset has in one batch or several. */
async function backfill(
  rows: readonly Made[] | readonly (readonly Made[])[],
  more: Partial<BackfillParts> = {},
  metrics?: readonly string[],
  relay?: RelaySide,
) {
  const batches = Array.isArray(rows[0]) ? (rows as readonly (readonly Made[])[]) : [rows as readonly Made[]];
  const parts = partsFor(accessTo(batches), { now: more.now?.() ?? now, relay });
  const { cells } = await audit(parts);
  const ledger = await openLedger(opened.folder);
  const queued: string[] = [];
  const counts = { sent: 0, streamed: 0, kinds: new Map(), impossible: new Map() };
  try {
    const planned = await planBackfill(ledger, metrics);
    await sendMissing(
      {
        ledger,
        history: parts.history,
        policy: eventPolicy.parse({}),
        perSecond: 50,
        onWait: () => undefined,
        created: { from: start - day, to: start + 4 * day },
        queue: { enqueue: async (message) => void queued.push(message), count: async () => 0 },
        now: () => now,
        sleep: async () => undefined,
        signal: new AbortController().signal,
        progress: () => undefined,
        ...more,
      },
      counts,
    );
    return { planned, counts, queued, totals: sumCells(cells) };
  } finally {
    ledger.close();
  }
}

/** The events in queue messages, as the forwarder gets them. */
function eventsOf(messages: readonly string[]) {
  return messages.flatMap((text) => {
    const message = readQueueMessage(text);
    return message.readable
      ? message.events.map((event) => ({ event, made: JSON.parse("body" in event ? String(event.body) : "") as Made }))
      : [];
  });
}

test("it sends exactly what is missing, as the intake would have queued it, and a second audit is clean", async () => {
  await openWorld(recorded);
  const { planned, counts, queued } = await backfill(arrived);
  const sent = eventsOf(queued);
  expect(sent.map(({ made }) => keyOf(made)).toSorted()).toEqual(lost.map(keyOf).toSorted());
  expect([planned.events, counts.sent]).toEqual([lost.length, lost.length]);
  expect(queued.length).toBeLessThan(lost.length / 2);
  const [first] = sent;
  expect(first?.event).toMatchObject({
    id: `customerio-aep-rebuilt-${first?.made.data.delivery_id}-${first?.made.object_type}-${first?.made.metric}`,
    attempts: 0,
    receivedAt: now.toISOString(),
  });

  // Not a row yet, but no longer missing.
  expect((await backfill(arrived)).queued).toEqual([]);
  expect((await audit(partsFor(accessTo([arrived])))).missingFile).toBeUndefined();
  const healed = await audit(partsFor(accessTo([arrived, sent.map(({ made }) => made)])));
  expect(sumCells(healed.cells)).toMatchObject({
    recorded: recorded.length,
    found: recorded.length,
    missing: 0,
    extra: 0,
  });
});

test("what Platform has accepted and lost is sent again, and the relay does not take it for a duplicate", async () => {
  await openWorld(recorded);
  const { queued: first } = await backfill(arrived);
  const inTwoDays = () => new Date(now.getTime() + 2 * day * 1000);
  const folder = opened.folder;
  opened.folder = await mkdtemp(path.join(tmpdir(), "audit-"));
  const { queued: another } = await backfill(arrived, { now: inTwoDays });
  await rm(opened.folder, { recursive: true });
  opened.folder = folder;

  const delivered = new Set<string>();
  const account: AuditedAccount = {
    tables: {
      eachDeliveryNote: (_from, _signal, work) =>
        work(
          lost.map(({ object_type: objectType, metric, data }, row) => ({
            key: { partition: "0-1", row: String(row) },
            properties: { delivery: String(data.delivery_id), objectType, metric, deliveredAt: now.getTime() / 1000 },
            writtenAt: now,
          })),
        ),
      readCounts: () => Promise.reject(new Error("not needed")),
    },
    queues: { count: async () => 0 },
    storage: { peekMessages: async () => new Map(), readClaim: async () => undefined },
  };
  const relay: RelaySide = { accounts: [account], pause: async () => undefined };
  const { queued: second } = await backfill(arrived, { now: inTwoDays }, undefined, relay);
  expect(eventsOf(second).map(({ event }) => event.id)).toEqual(eventsOf(first).map(({ event }) => event.id));

  const tables: RememberedDuplicatesPorts["tables"] = {
    create: async () => false,
    delete: async () => undefined,
    list: async () => [],
    put: async (_table, { partition, row }) => void delivered.add(`${partition}/${row}`),
    putAll: async (_table, entities) => {
      for (const { partition, row } of entities.map(({ key }) => key)) delivered.add(`${partition}/${row}`);
    },
    has: async (_table, { partition, row }) => delivered.has(`${partition}/${row}`),
    rowKeys: async () => ({ rows: [], isAll: false }),
  };
  const duplicates = new RememberedDuplicates({ tables, clock: () => now, windowDays: 7 });
  const sendAll = async (messages: readonly string[]) => {
    let sent = 0;
    for (const { event, made } of eventsOf(messages)) {
      const known = {
        id: event.id,
        createdAt: made.timestamp * 1000,
        body: JSON.stringify(made),
        digest: event.digest,
      };
      const deliver = async () => {
        sent += 1;
        return { fate: "delivered" };
      };
      await duplicates.deliverOnce({ ...known, mayBeRepeated: true, subject: {} }, deliver, (reason) =>
        expect(reason).toBeUndefined(),
      );
    }
    return sent;
  };
  expect(await sendAll(first)).toBe(lost.length);
  // From another folder, while the relay held the first ones.
  expect(await sendAll(another)).toBe(0);
  expect(await sendAll(second)).toBe(lost.length);
  // The very same message again, as after a kill.
  expect(await sendAll(second)).toBe(0);
});

/** Runs backfills until one ends; each of the others is killed at one of its effects in the queue, right before or right after it. */
async function killAtEachCall(queued: string[], between: () => Promise<unknown> = async () => undefined) {
  let kills = 0;
  for (let call = 1; ; call += 1) {
    let calls = 0;
    const dieAt = async (work: () => void) => {
      if (++calls === call) throw new Error("killed");
      work();
      if (++calls === call) throw new Error("killed");
    };
    const queue = {
      enqueue: (message: string) => dieAt(() => void queued.push(message)),
      count: async () => 0,
    };
    const ended = await backfill(arrived, { queue }).then(
      () => true,
      (error: Error) => {
        expect(error.message).toBe("killed");
        return false;
      },
    );
    if (ended) return kills;
    kills += 1;
    await between();
  }
}

test("after a kill at any call, the next run sends the rest, and repeats only the message under way, with the same ids", async () => {
  await openWorld(recorded);
  const queued: string[] = [];
  const kills = await killAtEachCall(queued);
  expect(kills).toBeGreaterThan(3);
  const ids = new Map(eventsOf(queued).map(({ event, made }) => [keyOf(made), event.id]));
  expect([...ids.keys()].toSorted()).toEqual(lost.map(keyOf).toSorted());
  for (const { event, made } of eventsOf(queued)) expect(event.id).toBe(ids.get(keyOf(made)));
  expect(queued.length - new Set(queued).size).toBeLessThanOrEqual(kills);
});

test("what it repeats after a kill is the same byte by byte, although the person's record has changed meanwhile", async () => {
  await openWorld(recorded);
  const queued: string[] = [];
  let changes = 0;
  await killAtEachCall(queued, () => {
    changes += 1;
    const email = `changed-${changes}@example.org`;
    const changed = recorded.map((made) => ({ ...made, data: { ...made.data, recipient: email } }));
    return replaceRecord(changed);
  });
  const bodies = Map.groupBy(eventsOf(queued), ({ made }) => keyOf(made));
  expect([...bodies.keys()].toSorted()).toEqual(lost.map(keyOf).toSorted());
  for (const copies of bodies.values()) {
    expect(new Set(copies.map(({ made }) => JSON.stringify(made))).size).toBe(1);
  }
  // Something was repeated, and something was sent after a change.
  expect(eventsOf(queued).length).toBeGreaterThan(lost.length);
  expect(JSON.stringify(eventsOf(queued))).toContain("changed-");
});

test("a message that was left unconfirmed is not repeated once it has left a trace", async () => {
  await openWorld(recorded);
  const queued: string[] = [];
  const queue = {
    async enqueue(message: string) {
      queued.push(message);
      throw new Error("killed");
    },
    count: async () => 0,
  };
  await expect(backfill(arrived, { queue })).rejects.toThrow("killed");
  const [first] = eventsOf(queued);
  const { queued: rest } = await backfill([arrived, eventsOf(queued).map(({ made }) => made)]);
  expect(eventsOf(rest).map(({ event }) => event.id)).not.toContain(first?.event.id);
  expect(eventsOf([...queued, ...rest])).toHaveLength(lost.length);
});

test("it sends only the chosen metrics, and applies filters and personal data options", async () => {
  await openWorld(recorded);
  const policy = eventPolicy.parse({ personalData: { recipient: "drop" } });
  const { queued } = await backfill(arrived, { policy }, ["failed"]);
  const sent = eventsOf(queued);
  expect(new Set(sent.map(({ made }) => made.metric))).toEqual(new Set(["failed"]));
  expect(JSON.stringify(sent)).not.toContain("@example.org");
  expect(sent.every(({ event }) => event.digest !== undefined)).toBe(true);

  const except = eventPolicy.parse({ filters: { except: { objectTypes: ["sms"] } } });
  const filtered = await backfill(arrived, { policy: except });
  const ofSms = lost.filter(({ object_type, metric }) => object_type === "sms" && metric !== "failed").length;
  expect(Object.fromEntries(filtered.counts.impossible)).toEqual({
    "are left out by the filter except.objectTypes": ofSms,
  });
  expect(eventsOf(filtered.queued).some(({ made }) => made.object_type === "sms")).toBe(false);
});

test("it waits while the relay's queue is long, and stops after the message under way", async () => {
  await openWorld(recorded);
  const lengths = [40, 25, 3];
  const waits: number[] = [];
  const told: number[] = [];
  const stop = new AbortController();
  const sent = backfill(arrived, {
    queue: { enqueue: async () => stop.abort(), count: async () => lengths.shift() ?? 0 },
    sleep: async (milliseconds) => void waits.push(milliseconds),
    onWait: (messages) => void told.push(messages),
    signal: stop.signal,
  });
  const { counts, planned } = await sent;
  expect(waits.slice(0, 2)).toEqual([5000, 5000]);
  expect(told).toEqual([40, 25]);
  expect(counts.sent).toBeGreaterThan(0);
  // What was under way is noted, and the next run sends the rest.
  const { counts: rest } = await backfill(arrived);
  expect(counts.sent + rest.sent).toBe(planned.events);
});
