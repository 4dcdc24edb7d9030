import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type AuditParts, audit } from "../../cli/audit/audit.ts";
import type { Cell } from "../../cli/audit/compare.ts";
import { reasonToLeaveOut } from "../../cli/audit/expectation.ts";
import { readHeldEvents } from "../../cli/audit/held-events.ts";
import type { Happening } from "../../cli/audit/ledger.ts";
import { rangeOf, utcDate } from "../../cli/audit/range.ts";
import { auditLines, sumCells } from "../../cli/audit/report.ts";
import { AdjustableClock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import type { CustomerIoSwitches } from "../../packages/local-cloud/src/customer-io/switches.ts";
import { config } from "../../packages/pulumi-customerio/src/config.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { History } from "../../packages/pulumi-customerio/src/history/history.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";

const start = utcDate.parse("2026-01-01");
const day = 86_400;
const now = new Date((start + 60 * day) * 1000);

/** An event of the world. */
interface Made {
  readonly object_type: string;
  readonly metric: string;
  readonly timestamp: number;
  readonly data: Record<string, unknown>;
}
const happen = (delivery: string, at: number, metric = "sent", more: object = {}): Made => ({
  ...{ object_type: "email", metric, timestamp: start + at },
  data: { delivery_id: delivery, recipient: "ada@example.org", campaign_id: 7, ...more },
});

let folder: string;
let customerIo: CustomerIoStandIn;
let clock: AdjustableClock;
afterEach(async () => {
  await customerIo.close();
  await rm(folder, { recursive: true });
});

async function open(recorded: readonly Made[], switches: Partial<CustomerIoSwitches> = {}) {
  folder = await mkdtemp(path.join(tmpdir(), "audit-"));
  clock = AdjustableClock.stoppedAt(now);
  const workspaces = [{ name: "shop", appApiKey: "key", signingKey: "signing-key" }];
  customerIo = await startCustomerIo({ workspaces, clock, switches });
  const body = JSON.stringify({ events: recorded, reported: false });
  await fetch(`${customerIo.url}/__local/events`, { method: "POST", body });
  await clock.advance(60_000);
}

/** Batches of rows as real parquet files, one a batch. */
function accessTo(batches: readonly (readonly Made[])[], counted?: number): AuditParts["access"] {
  return {
    async *eachBatch() {
      for (const [index, rows] of batches.entries()) {
        yield { id: String(index), createdAt: now, status: "success", rows: counted ?? rows.length, errors: [] };
      }
    },
    listFiles: async (id) => [{ id, name: `${id}.parquet`, length: 1 }],
    async download({ id }, target) {
      const rows = batches[Number(id)] ?? [];
      const json = `${target}.json`;
      const row = ({ object_type, metric, timestamp, data }: Made) => ({
        _id: "x",
        _acme: {
          customerio: {
            object_type,
            metric,
            timestamp,
            ...(data.delivery_id ? { delivery_id: data.delivery_id } : {}),
          },
        },
      });
      await writeFile(json, rows.map((made) => JSON.stringify(row(made))).join("\n"));
      const connection = await (await DuckDBInstance.create(":memory:")).connect();
      await connection.run(`COPY (SELECT * FROM read_json('${json}')) TO '${target}' (FORMAT parquet)`);
      await rm(json);
    },
  };
}

const field = (name: string) => `_acme.customerio.${name}`;
const paths = {
  ...{ delivery: field("delivery_id"), objectType: field("object_type") },
  ...{ metric: field("metric"), timestamp: field("timestamp") },
};

function partsFor(access: AuditParts["access"], more: Partial<AuditParts> = {}): AuditParts {
  const settings = config.parse({ appApiKey: "key", appApiUrl: customerIo.url });
  return {
    range: rangeOf(start, start + 4 * day, 1),
    ...{ now, folder, access, paths, keptDays: undefined, drafts: true, progress: () => undefined },
    history: new History(settings, { sleep: (milliseconds) => clock.advance(milliseconds) }),
    heldEvents: none(),
    reasonOf: (event) => reasonToLeaveOut(event, { filters: undefined, subscribed: subscriptionNames }),
    signal: new AbortController().signal,
    ...more,
  };
}

async function* none(): AsyncGenerator<Happening> {
  // No dead letters.
}

const idsIn = async (file: string | undefined) =>
  file === undefined
    ? []
    : (await readFile(file, "utf8"))
        .trim()
        .split("\n")
        .map((line) => {
          const { delivery, metric } = JSON.parse(line) as { delivery: string; metric: string };
          return `${delivery} ${metric}`;
        });
const verdictsOf = (cells: readonly Cell[]) =>
  Object.fromEntries(
    cells.map(({ day: date, objectType, metric, verdict }) => [`${date} ${objectType} ${metric}`, verdict]),
  );

const world = [
  ...[0, 1, 2].flatMap((index) => [happen(`d${index}`, index * day), happen(`d${index}`, index * day + 60, "opened")]),
  happen("sms", day, "delivered"),
  happen("draft", day, "drafted"),
].map((made) => (made.data.delivery_id === "sms" ? { ...made, object_type: "sms" } : made));

test("what has a row is complete, and what was dropped is found, and nothing else", async () => {
  await open(world);
  const dropped = [happen("lost", 3 * day), happen("lost", 3 * day + 1, "clicked")];
  await customerIo.close();
  await rm(folder, { recursive: true });
  await open([...world, ...dropped]);
  const result = await audit(partsFor(accessTo([world.slice(0, 3), world.slice(3)])));
  expect(await idsIn(result.missingFile)).toEqual(["lost sent", "lost clicked"]);
  expect(result.extraFile).toBeUndefined();
  expect(sumCells(result.cells)).toEqual({
    ...{ recorded: 10, found: 8, missing: 2, held: 0, leftOut: 0, young: 0, unknown: 0, extra: 0 },
  });
  const { "2026-01-04 email sent": lost, ...others } = verdictsOf(result.cells);
  expect(lost).toBe("missing");
  expect(Object.values(others).filter((verdict) => verdict !== "complete")).toEqual(["missing"]);
  const words = auditLines(result, { stack: "prod" }).join("\n");
  expect(words).toContain("2 are missing and 0 are dead letters.");
  expect(words).toContain("2026-01-04  email sent             MISSING (1 missing)");
});

test("repeated opens and rows of unread or unrecorded happenings are not missing", async () => {
  await open(world);
  const rows = [
    ...world,
    happen("d0", 3 * day, "opened"),
    happen("d0", 60, "attempted"),
    happen("old", day, "opened"),
    happen("d1", day, "clicked"),
    { ...happen("", day, "subscribed"), object_type: "customer", data: {} },
  ];
  const { cells, missingFile, extraFile } = await audit(partsFor(accessTo([rows])));
  expect(missingFile).toBeUndefined();
  expect(await idsIn(extraFile)).toEqual(["d1 clicked"]);
  expect(verdictsOf(cells)).toMatchObject({
    "2026-01-01 email opened": "extra",
    "2026-01-01 email attempted": "unknown",
    "2026-01-02 email opened": "unknown",
    "2026-01-02 email clicked": "extra",
    "2026-01-02 customer subscribed": "unknown",
  });
});

test("the time of a repeated metric does not matter", async () => {
  const opens = [happen("d0", 0), happen("d0", day, "opened"), happen("d0", 30 * day, "opened")];
  for (const repeatedMetrics of ["first", "last"] as const) {
    await open(opens, { repeatedMetrics });
    const { missingFile, extraFile } = await audit(partsFor(accessTo([opens.slice(0, 2)])));
    expect([missingFile, extraFile]).toEqual([undefined, undefined]);
    if (repeatedMetrics === "first") {
      await customerIo.close();
      await rm(folder, { recursive: true });
    }
  }
});

test("filters, subscriptions, dead letters, youth, expiry and unread rows are accounted for", async () => {
  await open([...world, happen("person", day, "sent", { recipient: undefined })]);
  const reasonOf = (filters: object, subscribed: readonly string[] = subscriptionNames): Partial<AuditParts> => ({
    reasonOf: (event) => reasonToLeaveOut(event, { filters, subscribed }),
  });
  const totalsWith = async (more: Partial<AuditParts>, access = accessTo([])) => {
    await rm(path.join(folder, "audit.duckdb"), { force: true });
    const { recorded: _, found: _found, ...rest } = sumCells((await audit(partsFor(access, more))).cells);
    return Object.fromEntries(Object.entries(rest).filter(([, count]) => count > 0));
  };
  expect(await totalsWith({})).toEqual({ missing: 9 });
  expect(await totalsWith(reasonOf({ except: { objectTypes: ["email"] } }))).toEqual({ missing: 1, leftOut: 8 });
  expect(await totalsWith(reasonOf({}, ["email_sent"]))).toEqual({ missing: 4, leftOut: 5 });
  expect(await totalsWith(reasonOf({ only: { recipientDomains: ["example.com"] } }))).toEqual({
    leftOut: 8,
    unknown: 1,
  });
  const body = JSON.stringify(world[0]);
  const event = { id: "e", receivedAt: now.toISOString(), attempts: 3, body };
  const { document } = deadEvent(event, body, { class: "refused", reason: "400", now });
  const storage = {
    async *eachDeadLetter() {
      for (const name of ["one", "gone", "other"]) yield { name, writtenAt: now };
    },
    readDeadLetter: async (name: string) =>
      name === "gone"
        ? undefined
        : {
            etag: "",
            content: Buffer.from(JSON.stringify(name === "one" ? document : { ...document, body: "no event" })),
          },
  };
  expect(await totalsWith({ heldEvents: readHeldEvents(storage) })).toEqual({ missing: 8, held: 1 });
  const soon = new Date((start + 8.5 * day) * 1000);
  expect(await totalsWith({ now: soon })).toEqual({ missing: 7, young: 2 });
  expect(await totalsWith({ keptDays: 30 })).toEqual({ unknown: 9 });
  expect(await totalsWith({}, accessTo([world.slice(0, 1)], 5))).toEqual({ unknown: 8 });
});

test("it continues after a used-up quota, and a second run says the same", async () => {
  await open(world, { historyCallsPerDay: 3 });
  const parts = () => partsFor(accessTo([world.slice(0, 3)]), { now });
  let stops = 0;
  for (;;) {
    try {
      const { missingFile } = await audit(parts());
      const found = (await idsIn(missingFile)).toSorted();
      expect(found).toEqual(["d1 opened", "d2 opened", "d2 sent", "draft drafted", "sms delivered"]);
      expect(stops).toBeGreaterThan(0);
      return;
    } catch (error) {
      expect((error as Error).message).toContain("has used up a daily quota");
      stops += 1;
      await clock.advance(day * 1000);
    }
  }
});

test("a key of another workspace is an error and not a gap", async () => {
  await open([]);
  await expect(audit(partsFor(accessTo([world])))).rejects.toThrow("The App API key belongs to another workspace");
});
