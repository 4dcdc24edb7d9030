import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { deadLettersFinding } from "../../cli/checks/dead-letters.ts";
import { keepNewest } from "../../cli/relay/dead-letter-list.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const now = new Date("2026-11-20T10:30:00.000Z");

const entry = (milliseconds: number) => ({ name: "a", writtenAt: new Date(now.getTime() - milliseconds) });
const letter = (reason: string) => ({
  version: 1 as const,
  class: "refused" as const,
  receivedAt: now.toISOString(),
  deadAt: now.toISOString(),
  attempts: 1,
  encoding: "utf8" as const,
  body: "{}",
  reason,
});
const findingOf = (letters: ReturnType<typeof letter>[], entries: number) =>
  deadLettersFinding({
    total: entries,
    newest: entries > 0 ? entry(0) : undefined,
    letters,
    target: { stack: "dev" },
  });

test("dead letters are listed by their reasons, the most frequent first, without what differs in each", () => {
  const one = (id: string) => letter(`HTTP 400 (request ${id})`);
  expect(findingOf([letter("HTTP 413"), one("a1"), one("b2")], 3)).toEqual({
    verdict: "broken",
    runbook: "alert-dead-letters",
    found: "There are 3; the newest was written at 2026-11-20T10:30:00.000Z.",
    details: ["2: refused: HTTP 400", "1: refused: HTTP 413"],
    todo: "npx customerio-aep replay --dry-run --stack dev, fix the cause, then run it again without --dry-run",
  });
});

test("of many dead letters, the newest are read, and three reasons named", () => {
  const { details } = findingOf(["a", "b", "c", "d", "e"].map(letter), 2000);
  expect(details).toEqual([
    "1 of the newest 5: refused: a",
    "1 of the newest 5: refused: b",
    "1 of the newest 5: refused: c",
    "2 more reasons: the console shows all",
  ]);
});

test("no dead letters are fine", () =>
  expect(findingOf([], 0)).toEqual({ verdict: "fine", found: "No event is a dead letter." }));

test("of 100,000 dead letters, only the newest are kept, and few others are in memory meanwhile", async () => {
  const [length, most] = [100_000, 50];
  // By name, which is not by time.
  const times = Array.from({ length }, (_, index) => (index * 7_919) % length);
  const inMemory: number[] = [];
  async function* listAll() {
    const listed: WeakRef<object>[] = [];
    for (const [index, time] of times.entries()) {
      const one = entry(time);
      listed.push(new WeakRef(one));
      yield one;
      if (index % 9_999 !== 0) continue;
      // An object that a WeakRef has just returned lives until the next turn of the event loop.
      await nextTurn();
      collectGarbage();
      inMemory.push(listed.filter((reference) => reference.deref() !== undefined).length);
    }
  }
  const { total, newest } = await keepNewest(listAll(), most);
  expect(total).toBe(length);
  expect(Math.max(...inMemory)).toBeGreaterThanOrEqual(most);
  // Twice as many as it keeps, and the one that is listed.
  expect(Math.max(...inMemory)).toBeLessThanOrEqual(2 * most + 1);
  expect(newest.map(({ writtenAt }) => now.getTime() - writtenAt.getTime())).toEqual(
    Array.from({ length: most }, (_, index) => index),
  );
  expect((await keepNewest((async function* () {})(), most)).newest).toEqual([]);
});
