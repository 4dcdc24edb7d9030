import { createHash } from "node:crypto";
import {
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
} from "../../relay/core/delivery/delivered-tables.ts";
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

/** An instance of the relay with a clock that can be advanced. */
function instance(ports: Partial<RememberedDuplicatesPorts> = {}) {
  let now = start;
  const troubles: string[] = [];
  const duplicates = new RememberedDuplicates({ tables, clock: () => new Date(now), windowDays: 7, ...ports });
  const deliver = async (id: string, fate = "delivered", body = id) =>
    (
      await duplicates.deliverOnce(
        deliveredKey({ id, body }),
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
  expect(await one.deliver("shared", "delivered", "unsubscribed")).toBe("delivered");
  expect(await one.deliver("shared", "delivered", "opened")).toBe("delivered");
  for (const body of ["unsubscribed", "opened"]) {
    expect(await one.deliver("shared", "delivered", body)).toBe("left out");
    expect(await other.deliver("shared", "delivered", body)).toBe("left out");
  }
});

test("notes of a former version, by id alone, keep no event from Platform", async () => {
  const { current } = deliveredTables(new Date(start), 7);
  const row = createHash("sha256").update("noted before").digest("hex");
  await instance().deliver("makes the table");
  await tables.put(current, { partition: row.slice(0, 2), row }, AbortSignal.timeout(10_000));
  expect(await instance().deliver("noted before")).toBe("delivered");
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
          deliveredKey({ id, body: "{}" }),
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
  const broken = () => Promise.reject(new Error("server is busy"));
  const { deliver, troubles, pass } = instance({
    tables: { has: broken, put: broken, create: broken, list: broken, delete: broken },
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
    deliveredKey({ id: "thrown", body: "thrown" }),
    () => Promise.reject(new Error("bug")),
    () => undefined,
  );
  await expect(failing).rejects.toThrow("bug");
  expect(await deliver("thrown")).toBe("delivered");
});

test("nothing is left out if it is switched off", async () => {
  const send = async () => ({ fate: "delivered" });
  for (let time = 0; time < 2; time += 1) {
    expect(await keepDuplicates.deliverOnce(deliveredKey({ id: "a", body: "{}" }), send, () => undefined)).toEqual({
      fate: "delivered",
    });
  }
});

describe("the tables' names", () => {
  test("are valid in Azure, and change with window and period", () => {
    expect(deliveredTables(new Date(start), 7)).toEqual({ current: "delivered7d2968", previous: "delivered7d2967" });
    expect(deliveredTables(new Date(start), 90)).toEqual({ current: "delivered90d230", previous: "delivered90d229" });
  });
  test("show which tables are outdated, including those of another window", () => {
    const names = { current: "delivered7d2968", previous: "delivered7d2967" };
    const others = ["delivered7d2966", "delivered3d6926", "forwarders", "AzureFunctionsDiagnosticEvents202611"];
    expect(listOutdated([...others, names.current, names.previous], names)).toEqual([
      "delivered7d2966",
      "delivered3d6926",
    ]);
  });
  test("keys are hashes of id and content, spread by the first two digits of the id's", () => {
    expect(deliveredKey({ id: "", body: "abc" })).toEqual({
      partition: "e3",
      row: "e3b0c44298fc1c149afbf4c8996fb924-ba7816bf8f01cfea414140de5dae2223",
    });
    expect(deliveredKeysOf("")).toEqual({ partition: "e3", rowPrefix: "e3b0c44298fc1c149afbf4c8996fb924-" });
  });
});
