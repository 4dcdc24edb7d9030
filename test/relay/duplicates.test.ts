import {
  type KnownEvent,
  keepDuplicates,
  RememberedDuplicates,
  type RememberedDuplicatesPorts,
} from "../../relay/azure/delivery/duplicates.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import {
  deliveredKey,
  deliveredKeysOf,
  deliveredTables,
  listOutdated,
} from "../../relay/core/duplicates/delivered-tables.ts";
import { noteSubject } from "../../relay/core/duplicates/delivery-note.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";

let azurite: Azurite;
let tables: RelayStorageClient["tables"];
beforeAll(async () => {
  azurite = await startAzurite();
  tables = new RelayStorageClient({ connectionString: azurite.connectionString }).tables;
});
afterAll(() => azurite.stop());

const day = 24 * 60 * 60 * 1000;
const start = Date.parse("2026-11-20T10:00:00.000Z");

/** An event that may be a repetition. */
function madeAt(createdAt: number | undefined, id: string): KnownEvent {
  return {
    id,
    body: id,
    createdAt,
    mayBeRepeated: true,
    subject: { delivery: `d-${id.slice(0, 20)}`, metric: "sent" },
  };
}

/** An instance of the relay with a clock that can be advanced. */
function instance(ports: Partial<RememberedDuplicatesPorts> = {}) {
  let now = start;
  const troubles: string[] = [];
  const duplicates = new RememberedDuplicates({ tables, clock: () => new Date(now), windowDays: 7, ...ports });
  const deliver = async (id: string, fate = "delivered", other: Partial<KnownEvent> = {}) =>
    (
      await duplicates.deliverOnce(
        { ...madeAt(start, id), ...other },
        async () => ({ fate }),
        (reason) => troubles.push(reason),
      )
    )?.fate ?? "left out";
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { deliver, duplicates, troubles, pass };
}

test("every instance leaves out an event once Platform has it, and never before", async () => {
  const [one, other] = [instance(), instance()];
  for (const fate of ["retry", "hold", "unsent", "dead"]) expect(await one.deliver("a", fate)).toBe(fate);
  expect(await one.deliver("a")).toBe("delivered");
  expect(await one.deliver("a")).toBe("left out");
  expect(await other.deliver("a")).toBe("left out");
  expect(await other.deliver("b")).toBe("delivered");
  expect(one.troubles).toEqual([]);
});

test("two different events with one id are both delivered, each once", async () => {
  const [one, other] = [instance(), instance()];
  expect(await one.deliver("shared", "delivered", { body: "unsubscribed" })).toBe("delivered");
  expect(await one.deliver("shared", "delivered", { body: "opened" })).toBe("delivered");
  for (const body of ["unsubscribed", "opened"]) {
    expect(await one.deliver("shared", "delivered", { body })).toBe("left out");
    expect(await other.deliver("shared", "delivered", { body })).toBe("left out");
  }
});

test("a note says what the event was about, and when Platform had it, alone and in a transaction", async () => {
  const { deliver, pass } = instance();
  const createdAt = start + 7 * 60_000;
  pass(8 * 60_000);
  const opened = { createdAt, subject: { delivery: "dgOq", objectType: "email", metric: "opened" } };
  await deliver("alone", "delivered", opened);
  const subscribed = { createdAt, subject: { objectType: "customer", metric: "subscribed" } };
  await Promise.all(["first", "second", "third"].map((id) => deliver(id, "delivered", subscribed)));
  const { current } = deliveredTables(new Date(start), 7);
  const { partition } = deliveredKey(madeAt(createdAt, "alone"));
  const { entities } = await tables.entities(
    current,
    { from: partition, before: `${partition}~` },
    AbortSignal.timeout(10_000),
  );
  const deliveredAt = (start + 8 * 60_000) / 1000;
  expect(entities.map(({ properties }) => properties)).toEqual(
    expect.arrayContaining([
      { ...opened.subject, deliveredAt },
      { ...subscribed.subject, deliveredAt },
    ]),
  );
  expect(entities).toHaveLength(4);
});

test("a note holds ids and names of an event that fit, and a hundred of the longest notes fit into one transaction", async () => {
  const event = (delivery: unknown, metric: unknown = " Opened ") => ({
    object_type: "email",
    metric,
    data: { delivery_id: delivery },
  });
  expect(noteSubject(event("dgOq"))).toEqual({ delivery: "dgOq", objectType: "email", metric: "opened" });
  expect(noteSubject(event(17))).toMatchObject({ delivery: "17" });
  const unread = "[too many escapes to look for personal data]";
  for (const odd of ["", "\u00e9", "a\r\nb", "x".repeat(201), unread, null, undefined, {}]) {
    expect(noteSubject(event(odd))).toEqual({ objectType: "email", metric: "opened" });
  }
  expect(noteSubject({ object_type: ["email"], metric: "\u2713", data: "none" })).toEqual({});

  const subject = noteSubject(event("'".repeat(200), '"'.repeat(200)));
  const { deliver, troubles } = instance();
  const createdAt = start + 9 * 60_000;
  await Promise.all(Array.from({ length: 101 }, (_, at) => deliver(`long-${at}`, "delivered", { createdAt, subject })));
  expect(troubles).toEqual([]);
  expect(await instance().deliver("long-100", "retry", { createdAt })).toBe("left out");
});

test("any text is a valid id", async () => {
  const ids = ["", "'", "../x", "ë✓", "x".repeat(5_000)];
  for (const id of ids) expect(await instance().deliver(id)).toBe("delivered");
  for (const id of ids) expect(await instance().deliver(id)).toBe("left out");
});

test("it is remembered for at least the window, and at most twice as long", async () => {
  const ages = [7 * day - 1, 14 * day];
  for (const age of ages) expect(await instance().deliver(`aged ${age}`)).toBe("delivered");
  const later = ages.map(async (age) => {
    const { deliver, pass } = instance();
    pass(age);
    return deliver(`aged ${age}`, "retry");
  });
  expect(await Promise.all(later)).toEqual(["left out", "retry"]);
});

test("the tables of the past are removed when a period begins", async () => {
  await tables.create("others", AbortSignal.timeout(10_000));
  const { deliver, pass } = instance();
  for (let period = 0; period < 4; period += 1) {
    await deliver(`period ${period}`);
    pass(7 * day);
  }
  const { current, previous } = deliveredTables(new Date(start + 21 * day), 7);
  expect((await tables.list(AbortSignal.timeout(10_000))).sort()).toEqual([previous, current, "others"].sort());
});

test("an event that comes twice at the same moment is delivered once", async () => {
  const { duplicates } = instance();
  let sent = 0;
  const send = async (fate: string) => {
    sent += 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { fate };
  };
  const twice = (id: string, fates: string[]) =>
    Promise.all(
      fates.map((fate) =>
        duplicates.deliverOnce(
          madeAt(start, id),
          () => send(fate),
          () => undefined,
        ),
      ),
    );
  expect(await twice("same", ["delivered", "delivered"])).toEqual([{ fate: "delivered" }, undefined]);
  expect(sent).toBe(1);
  expect(await twice("again", ["retry", "delivered", "delivered"])).toEqual([
    { fate: "retry" },
    { fate: "delivered" },
    undefined,
  ]);
});

test("while the tables can't be used every event is sent, and the log says so once a minute", async () => {
  const failBusy = () => Promise.reject(new Error("server is busy"));
  const { deliver, troubles, pass } = instance({
    tables: {
      has: failBusy,
      rowKeys: failBusy,
      put: failBusy,
      putAll: failBusy,
      create: failBusy,
      list: failBusy,
      delete: failBusy,
    },
  });
  expect(await deliver("a")).toBe("delivered");
  expect(await deliver("b")).toBe("delivered");
  expect(troubles).toEqual(["server is busy"]);
  // It still knows what this instance itself delivered.
  expect(await deliver("a")).toBe("left out");
  pass(60_000);
  await deliver("c");
  expect(troubles).toHaveLength(2);
});

test("an error of sending is passed on, and the next event is tried", async () => {
  const { duplicates, deliver } = instance();
  const failing = duplicates.deliverOnce(
    madeAt(start, "thrown"),
    () => Promise.reject(new Error("bug")),
    () => undefined,
  );
  await expect(failing).rejects.toThrow("bug");
  expect(await deliver("thrown")).toBe("delivered");
});

test("nothing is left out if it is switched off", async () => {
  const send = async () => ({ fate: "delivered" });
  for (let time = 0; time < 2; time += 1) {
    expect(await keepDuplicates.deliverOnce(madeAt(start, "a"), send, () => undefined)).toEqual({
      fate: "delivered",
    });
  }
});

describe("the tables' names", () => {
  test("are valid in Azure, and change with window and period", () => {
    expect(deliveredTables(new Date(start), 7)).toMatchObject({
      current: "delivered7d2968",
      previous: "delivered7d2967",
    });
    expect(deliveredTables(new Date(start), 90)).toMatchObject({
      current: "delivered90d230",
      previous: "delivered90d229",
    });
  });
  test("show which tables are outdated, including those of another window", () => {
    const names = { current: "delivered7d2968", previous: "delivered7d2967" };
    const others = ["delivered7d2966", "delivered3d6926", "forwarders", "AzureFunctionsDiagnosticEvents202611"];
    expect(listOutdated([...others, names.current, names.previous], names)).toEqual([
      "delivered7d2966",
      "delivered3d6926",
    ]);
  });
  test("say when the current period began", () => {
    for (const days of [1, 7, 90]) {
      const { since } = deliveredTables(new Date(start), days);
      expect(deliveredTables(new Date(since), days)).toMatchObject({ since });
      expect(deliveredTables(new Date(since - 1), days)).toMatchObject({ since: since - days * day });
    }
  });
});

describe("keys", () => {
  const idHash = "e3b0c44298fc1c149afbf4c8996fb924";

  test("begin with the minute in which the event was made, and end in hashes of id and content", () => {
    expect(deliveredKey({ id: "", body: "abc", createdAt: Date.parse("2026-11-20T10:00:59.042Z") })).toEqual({
      partition: "8-29919480",
      row: `59042-${idHash}-ba7816bf8f01cfea414140de5dae2223`,
    });
    expect(deliveredKeysOf({ id: "", createdAt: 0 })).toEqual({ partition: "0-0", rowPrefix: `00000-${idHash}-` });
  });

  test("of an event that does not say when it was made are spread by the hash of its id", () => {
    expect(deliveredKey({ id: "", body: "abc", createdAt: undefined, digest: "0".repeat(32) })).toEqual({
      partition: "e3",
      row: `${idHash}-${"0".repeat(32)}`,
    });
  });
});

describe("calls of the tables", () => {
  /** An instance whose calls are counted, and the names of those made for some work. */
  function countingInstance() {
    const calls: string[] = [];
    const recorded = new Proxy(tables, {
      get: (target, name: keyof typeof tables) => {
        const method = target[name].bind(target) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) => {
          calls.push(name);
          return method(...args);
        };
      },
    });
    return { ...instance({ tables: recorded }), calls };
  }
  const many = (prefix: string) => Array.from({ length: 150 }, (_, at) => `${prefix}-${at}`);

  test("an event that can't be a repetition is noted, and nothing is looked up", async () => {
    await instance().deliver("makes the table");
    const { deliver, calls } = countingInstance();
    expect(await deliver("first", "delivered", { mayBeRepeated: false })).toBe("delivered");
    expect(calls).toEqual(["put"]);
    expect(await instance().deliver("first")).toBe("left out");
  });

  test("a repetition that looks like a first call is left out by the instance that delivered it", async () => {
    const { deliver } = instance();
    expect(await deliver("looks new", "delivered", { mayBeRepeated: false })).toBe("delivered");
    expect(await deliver("looks new", "delivered", { mayBeRepeated: false })).toBe("left out");
  });

  test("events that come together are looked up and noted together, up to a hundred at a time", async () => {
    const ids = many("crowd");
    await instance().deliver("makes the table");
    const { deliver, calls, pass } = countingInstance();
    pass(2 * day);
    const createdAt = start + 2 * day;
    await Promise.all(ids.map((id) => deliver(id, "delivered", { createdAt })));
    expect(calls.filter((name) => name === "rowKeys")).toHaveLength(2);
    expect(calls.filter((name) => name === "putAll").length).toBeLessThan(5);
    expect(calls.filter((name) => !["rowKeys", "putAll", "put"].includes(name))).toEqual([]);

    const other = countingInstance();
    other.pass(2 * day);
    const again = [...ids, "crowd-new"].map((id) => other.deliver(id, "delivered", { createdAt }));
    expect(await Promise.all(again)).toEqual([...ids.map(() => "left out"), "delivered"]);
    expect(other.calls).toEqual(["rowKeys", "rowKeys", "put"]);
  });

  test("the table of the period before is asked only for events from before this period", async () => {
    const { since } = deliveredTables(new Date(start), 7);
    const { deliver, calls, pass } = countingInstance();
    pass(since + 7 * day - start - 1);
    await deliver("within", "retry", { createdAt: since + 2 * 60_000 });
    expect(calls).toEqual(["has"]);
    await deliver("before", "retry", { createdAt: since - 1 });
    await deliver("of no time", "retry", { createdAt: undefined });
    expect(calls).toEqual(["has", "has", "has", "has", "has"]);
  });

  test("a time in the future says nothing about the period, so both tables are asked", async () => {
    const [one, other] = [instance(), instance()];
    const future = { createdAt: start + 30 * day };
    expect(await one.deliver("from the future", "delivered", future)).toBe("delivered");
    other.pass(7 * day);
    expect(await other.deliver("from the future", "delivered", future)).toBe("left out");
  });

  test("among many others of the same minute, each is found, and none that is not there", async () => {
    const createdAt = start + 30_000;
    const { deliver } = instance();
    const others = Array.from({ length: 2_500 }, (_, at) => `other-${at}`);
    await Promise.all(others.map((id) => deliver(id, "delivered", { createdAt })));
    const { deliver: look, calls } = countingInstance();
    const wanted = ["other-7", "unknown-1", "other-2000", "unknown-2", "other-1234"];
    const found = await Promise.all(wanted.map((id) => look(id, "retry", { createdAt })));
    expect(found).toEqual(["left out", "retry", "left out", "retry", "left out"]);
    // A part of the minute was read in each of two tables, and then the rest was asked for one by one.
    expect(calls.filter((name) => name === "rowKeys").length).toBeLessThanOrEqual(2);
    expect(calls).toContain("has");
  });

  test("an empty answer that is not the last one does not prove that nothing is there", async () => {
    const { deliver } = instance();
    await Promise.all(["x1", "x2"].map((id) => deliver(id)));
    const rowKeys = async () => ({ rows: [], isAll: false });
    const { deliver: look } = instance({
      tables: { ...bound(["has", "put", "putAll", "create", "list", "delete"]), rowKeys },
    });
    expect(await Promise.all(["x1", "x2", "x3"].map((id) => look(id, "retry")))).toEqual([
      "left out",
      "left out",
      "retry",
    ]);
  });

  const bound = (names: ("has" | "put" | "putAll" | "create" | "list" | "delete")[]) =>
    Object.fromEntries(
      names.map((name) => [name, tables[name].bind(tables)]),
    ) as unknown as RememberedDuplicatesPorts["tables"];
});
