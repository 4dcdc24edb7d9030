import { readdir, rm, stat, truncate, utimes } from "node:fs/promises";
import path from "node:path";
import { type AuditParts, audit } from "../../cli/audit/audit.ts";
import { rangeOf } from "../../cli/audit/range.ts";
import { auditLines, sumCells } from "../../cli/audit/report.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import {
  accessTo,
  batchOf,
  closeWorld,
  day,
  happen,
  idsIn,
  linesIn,
  now,
  opened,
  openWorld,
  partsFor,
  replaceRecord,
  start,
  verdictsOf,
  world,
} from "./audit-world.ts";

afterEach(closeWorld);

test("what has a row is complete, and what was dropped is found, and nothing else", async () => {
  await openWorld(world);
  const dropped = [happen("lost", 3 * day), happen("lost", 3 * day + 1, "clicked")];
  await closeWorld();
  await openWorld([...world, ...dropped]);
  const result = await audit(partsFor(accessTo([world.slice(0, 3), world.slice(3)])));
  expect(await idsIn(result.missingFile)).toEqual(["lost sent", "lost clicked"]);
  expect(result.extraFile).toBeUndefined();
  expect(sumCells(result.cells)).toEqual({
    beforeRelay: 0,
    afterRelay: 0,
    waiting: 0,
    recorded: 10,
    found: 8,
    missing: 2,
    held: 0,
    leftOut: 0,
    young: 0,
    unjudged: 0,
    unknown: 0,
    extra: 0,
  });
  const { "2026-01-04 email sent": lost, ...others } = verdictsOf(result.cells);
  expect(lost).toBe("missing");
  expect(Object.values(others).filter((verdict) => verdict !== "complete")).toEqual(["missing"]);
  const words = auditLines(result, { stack: "prod" }).join("\n");
  expect(words).toContain("2 are missing and 0 are dead letters.");
  expect(words).toContain("2026-01-04  email sent             MISSING (1 missing)");
});

test("what happened in the last hour is not compared, since Customer.io may not list it yet", async () => {
  const hour = 3_600;
  const noon = 4 * day + 12 * hour;
  const today = new Date((start + noon) * 1000);
  const range = rangeOf(start + 4 * day, start + 4 * day, 1);
  const settled = happen("settled", noon - hour - 1);
  const recent = [happen("recent", noon - hour), happen("settled", noon - 1, "opened")];
  await openWorld([settled], {}, today);
  const result = await audit(partsFor(accessTo([[settled, ...recent]]), { range, now: today }));
  expect(verdictsOf(result.cells)).toEqual({ "2026-01-05 email sent": "complete" });
  expect(sumCells(result.cells)).toMatchObject({ recorded: 1, found: 1, unknown: 0, extra: 0 });
  expect(result.comparedUntil).toBe(start + noon - hour);
  const note = "What happened after 2026-01-05T11:00:00.000Z is not compared: Customer.io may not list it yet.";
  expect(auditLines(result, { stack: "prod" })).toContain(note);
  await replaceRecord([]);
  const empty = await audit(partsFor(accessTo([]), { range, now: today, folder: `${opened.folder}/empty` }));
  expect(auditLines(empty, { stack: "prod" })).toEqual([expect.stringMatching(/^Customer.io recorded nothing/), note]);
});

test("repeated opens and rows of unread or unrecorded occurrences are not missing", async () => {
  await openWorld(world);
  const rows = [
    ...world,
    happen("d0", 3 * day, "opened"),
    happen("d0", 60, "attempted"),
    happen("old", day, "opened"),
    happen("d1", day, "clicked"),
    { ...happen("", day, "subscribed"), object_type: "customer", data: {} },
  ];
  const result = await audit(partsFor(accessTo([rows])));
  const { cells, missingFile, extraFile } = result;
  expect(auditLines(result, { stack: "prod" })).toContain(
    "  1: its message is not among those that were read: if it is older, an audit with a longer --lookback in another --folder can judge it; if another workspace sent it, none can",
  );
  expect(missingFile).toBeUndefined();
  expect(await idsIn(extraFile)).toEqual(["d0 opened", "d1 clicked"]);
  expect(verdictsOf(cells)).toMatchObject({
    "2026-01-01 email opened": "extra",
    "2026-01-01 email attempted": "unknown",
    "2026-01-02 email opened": "unknown",
    "2026-01-02 email clicked": "extra",
    "2026-01-02 customer subscribed": "unknown",
  });
});

test("a row can't be extra if Customer.io's messages never have a time for its kind", async () => {
  await openWorld([happen("d0", 0)]);
  const rows = [
    happen("d0", 0),
    // A change of preferences that a message caused has the message's delivery, and its channel or customer as its type.
    happen("d0", 10, "cio_subscription_preferences_changed"),
    { ...happen("d0", 10, "cio_subscription_preferences_changed"), object_type: "customer" },
    // Newer than this version.
    happen("d0", 20, "forwarded"),
    happen("d0", 30, "attempted"),
  ];
  const { cells, extraFile, reasons } = await audit(partsFor(accessTo([rows])));
  expect(extraFile).toBeUndefined();
  expect(sumCells(cells)).toMatchObject({ found: 1, extra: 0, unknown: 4 });
  expect(reasons).toEqual([{ reason: "Customer.io keeps no time for it", events: 4, isTemporary: false }]);
});

test("a draft that was sent later is judged, in whichever list it is and whatever the webhook subscribes to", async () => {
  const sent = happen("d0", 60);
  const expectation = { filters: undefined, subscribed: ["email_sent"] };
  for (const draftedThenSent of ["messages", "drafts"] as const) {
    await openWorld([happen("d0", 0, "drafted"), sent], { draftedThenSent });
    const { cells, missingFile } = await audit(partsFor(accessTo([]), { expectation }));
    expect(await idsIn(missingFile)).toEqual(["d0 sent"]);
    expect(sumCells(cells)).toMatchObject({ recorded: 2, missing: 1, leftOut: 1 });
    if (draftedThenSent === "messages") await closeWorld();
  }
});

test("the list of extra rows names events that have several", async () => {
  const [twice, once] = [happen("twice", 0), happen("once", 60)];
  await openWorld([twice, once]);
  const { cells, extraFile } = await audit(partsFor(accessTo([[twice, twice, twice, once]])));
  expect(sumCells(cells)).toMatchObject({ found: 2, extra: 2 });
  expect(await linesIn(extraFile)).toMatchObject([{ delivery: "twice", metric: "sent", state: "found", rows: 3 }]);
});

test("the time of a repeated metric does not matter", async () => {
  const opens = [happen("d0", 0), happen("d0", day, "opened"), happen("d0", 30 * day, "opened")];
  for (const repeatedMetrics of ["first", "last"] as const) {
    await openWorld(opens, { repeatedMetrics });
    const { missingFile, extraFile } = await audit(partsFor(accessTo([opens.slice(0, 2)])));
    expect([missingFile, extraFile]).toEqual([undefined, undefined]);
    if (repeatedMetrics === "first") {
      await closeWorld();
    }
  }
});

test.each([{ only: { recipientDomains: ["example.com"] } }, { except: { recipientDomains: ["example.com"] } }])(
  "whether %j left out a message to a phone number or an id can't be known without the person's address",
  async (filters) => {
    const without = { email: null, id: "u-1", cio_id: null };
    const messages = [
      { ...happen("sms", day, "sent", { recipient: "+15550100", identifiers: without }), object_type: "sms" },
      { ...happen("in-app", day, "sent", { recipient: "u-1", identifiers: without }), object_type: "in_app" },
    ];
    await openWorld(messages);
    const result = await audit(partsFor(accessTo([]), { expectation: { filters, subscribed: subscriptionNames } }));
    expect(sumCells(result.cells)).toMatchObject({ missing: 0, leftOut: 0, unknown: 2 });
    expect(result.reasons).toEqual([
      {
        reason: "a filter tests the person's e-mail address, which Customer.io's record lacks",
        events: 2,
        isTemporary: false,
      },
    ]);
  },
);

test("filters, subscriptions, dead letters, youth, expiry and unread rows are accounted for", async () => {
  await openWorld([...world, happen("person", day, "sent", { recipient: undefined })]);
  const expecting = (filters: object, subscribed: readonly string[] = subscriptionNames): Partial<AuditParts> => ({
    expectation: { filters, subscribed },
  });
  const totalsWith = async (more: Partial<AuditParts>, access = accessTo([])) => {
    await rm(path.join(opened.folder, "audit.duckdb"), { force: true });
    const { recorded: _, found: _found, ...rest } = sumCells((await audit(partsFor(access, more))).cells);
    return Object.fromEntries(Object.entries(rest).filter(([, count]) => count > 0));
  };
  expect(await totalsWith({})).toEqual({ missing: 9 });
  expect(await totalsWith(expecting({ except: { objectTypes: ["email"] } }))).toEqual({ missing: 1, leftOut: 8 });
  expect(await totalsWith(expecting({}, ["email_sent"]))).toEqual({ missing: 4, leftOut: 5 });
  expect(await totalsWith(expecting({ only: { recipientDomains: ["example.com"] } }))).toEqual({
    leftOut: 8,
    unknown: 1,
  });
  const body = JSON.stringify(world[0]);
  const event = { id: "e", receivedAt: now.toISOString(), attempts: 3, body };
  const { document } = deadEvent(event, body, { class: "refused", reason: "400", now });
  const letters: Readonly<Record<string, object>> = {
    one: document,
    other: { ...document, body: "no event" },
    // What a relay of an earlier version could not read.
    message: {
      ...document,
      class: "unreadable",
      body: JSON.stringify({
        version: 1,
        events: [
          { ...event, body: JSON.stringify(world[1]) },
          { ...event, body: undefined, claim: "large" },
          { ...event, body: undefined, claim: "gone" },
        ],
      }),
    },
  };
  const storage = {
    async *eachDeadLetter() {
      for (const name of [...Object.keys(letters), "gone"]) yield { name, writtenAt: now };
    },
    readDeadLetter: async (name: string) =>
      letters[name] && { etag: "", content: Buffer.from(JSON.stringify(letters[name])) },
    readClaim: async (claim: string, letter?: string) =>
      claim === "large" && letter === "message" ? JSON.stringify(world[2]) : undefined,
  };
  expect(await totalsWith({ deadLetters: storage })).toEqual({ missing: 6, held: 3 });
  const soon = new Date((start + 8.5 * day) * 1000);
  expect(await totalsWith({ now: soon })).toEqual({ missing: 7, young: 2 });
  expect(await totalsWith({ kept: { days: 30, reason: "gone" } })).toEqual({ unknown: 9 });
  expect(await totalsWith({}, accessTo([world.slice(0, 1)], 5))).toEqual({ unjudged: 8 });
});

test("it continues after a used-up quota, and a second run says the same", async () => {
  await openWorld(world, { historyCallsPerDay: 3 });
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
      await opened.clock.advance(day * 1000);
    }
  }
});

test("a batch that has got more rows since an earlier run is read again, and its rows count once", async () => {
  await openWorld(world);
  const batches = [world.slice(0, 3), world.slice(3, 5)];
  expect(sumCells((await audit(partsFor(accessTo(batches)))).cells)).toMatchObject({ found: 5, missing: 3 });
  batches[1] = world.slice(3);
  const { cells, extraFile } = await audit(partsFor(accessTo(batches)));
  expect([sumCells(cells), extraFile]).toMatchObject([{ found: 8, missing: 0, extra: 0, unknown: 0 }, undefined]);
});

test("a batch whose rows Catalog does not count is read again until it is a day old", async () => {
  await openWorld(world);
  const batches = [world.slice(0, 3)];
  const foundAt = async (hours: number) => {
    const access = accessTo(batches);
    const uncounted: AuditParts["access"] = {
      ...access,
      async *eachBatch() {
        yield batchOf("0", 0, { rows: undefined, createdAt: now });
      },
    };
    const at = new Date(now.getTime() + hours * 3_600_000);
    return sumCells((await audit(partsFor(uncounted, { now: at }))).cells).found;
  };
  expect(await foundAt(1)).toBe(3);
  batches[0] = world.slice(0, 5);
  expect(await foundAt(2)).toBe(5);
  batches[0] = world;
  expect(await foundAt(30)).toBe(8);
  batches[0] = [];
  expect(await foundAt(31)).toBe(8);
});

test("files of the same length that are downloaded in the same second are each read as they are", async () => {
  // A row of the one takes as many bytes as one of the other, in other columns.
  const [opens, sends] = [happen("d0", 0, "opened"), happen("d100", 60)];
  await openWorld([opens, sends]);
  const access = accessTo([[opens], [sends]]);
  const sizes: number[] = [];
  const download: typeof access.download = async (file, target, signal) => {
    await access.download(file, target, signal);
    await utimes(target, start, start);
    sizes.push((await stat(target)).size);
  };
  const { cells } = await audit(partsFor({ ...access, download }));
  expect(sumCells(cells)).toMatchObject({ recorded: 2, found: 2, missing: 0 });
  expect(new Set(sizes).size).toBe(1);
});

test("a file that Platform rewrites while it is downloaded is listed and read again", async () => {
  await openWorld(world);
  const whole = accessTo([world]);
  /** The lengths that are listed, one after the other; the first is too short. */
  const auditWith = (lengths: readonly number[]) => {
    const left = lengths.values();
    const access: AuditParts["access"] = {
      ...whole,
      listFiles: async (id) => [{ id, name: `${id}.parquet`, length: left.next().value ?? 0 }],
      async download(file, target, signal) {
        await whole.download(file, target, signal);
        if (file.length === lengths[0]) await truncate(target, file.length);
      },
    };
    return audit(partsFor(access));
  };
  await expect(auditWith([100, 100])).rejects.toThrow(
    /^Could not read the file 0\.parquet of the batch 0 \(.*No magic bytes found at end of file.*\)\. Run the same command again/,
  );
  expect(sumCells((await auditWith([100, 200])).cells)).toMatchObject({ found: 8, missing: 0 });
  expect(await readdir(opened.folder)).not.toContain("rows-0.parquet");
});

test("an unfinished batch makes absent rows unknown only if it is older than a day", async () => {
  await openWorld(world);
  const totalsWith = async (createdAt: Date) => {
    await rm(path.join(opened.folder, "audit.duckdb"), { force: true });
    const access: AuditParts["access"] = {
      ...accessTo([world.slice(1)]),
      async *eachBatch(since, signal) {
        yield* accessTo([world.slice(1)]).eachBatch(since, signal);
        yield batchOf("open", 0, { createdAt, status: "staging", rows: undefined });
      },
    };
    return sumCells((await audit(partsFor(access))).cells);
  };
  expect(await totalsWith(new Date(now.getTime() - 3_600_000))).toMatchObject({ missing: 1, unjudged: 0 });
  expect(await totalsWith(new Date(now.getTime() - 23 * 3_600_000))).toMatchObject({ missing: 1, unjudged: 0 });
  // Its first rows may have been accepted more than a day ago.
  expect(await totalsWith(new Date(now.getTime() - 23.5 * 3_600_000))).toMatchObject({ missing: 0, unjudged: 1 });
  expect(await totalsWith(new Date(now.getTime() - 25 * 3_600_000))).toMatchObject({ missing: 0, unjudged: 1 });
});

test("Ctrl-C ends an audit that reads dead letters, of which there may be many", async () => {
  await openWorld(world);
  const stop = new AbortController();
  let read = 0;
  const deadLetters: AuditParts["deadLetters"] = {
    async *eachDeadLetter() {
      for (;;) yield { name: "one", writtenAt: now };
    },
    readDeadLetter: async () => {
      if (++read === 100) stop.abort();
      return undefined;
    },
    readClaim: async () => undefined,
  };
  const stopped = audit(partsFor(accessTo([world]), { deadLetters, signal: stop.signal }));
  await expect(stopped).rejects.toThrow("aborted");
  // Those under way, four at a time, are read to their end.
  expect(read).toBeLessThan(110);
});
