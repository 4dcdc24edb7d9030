import { readFileSync } from "node:fs";
import path from "node:path";
import { tailOutcomes } from "../../cli/log/tail-filter.ts";
import { countNames } from "../../relay/core/counts/counts.ts";
import { type Verdict, verdictOf } from "../../relay/core/delivery/delivery.ts";
import { comesAgain, type Fate, fates, loudestLevel, settledCounts } from "../../relay/core/delivery/fates.ts";
import { retryDelaySeconds } from "../../relay/core/delivery/retry-schedule.ts";

const names = Object.keys(fates) as Fate[];

test("each fate is counted", () => {
  expect(names.filter((name) => !countNames.includes(fates[name].count))).toEqual([]);
});

test("customerio-aep tail can select each fate", () => {
  const outcomes = new Set<string>(tailOutcomes);
  const missing = names.map((name) => fates[name].count).filter((count) => !outcomes.has(count));
  expect(missing.map((count) => `cli/log/tail-filter.ts does not count ${count}`)).toEqual([]);
});

test("an event is either tried again or finished", () => {
  expect(names.filter(comesAgain)).toEqual(["retry", "hold"]);
  expect(settledCounts).toEqual(["delivered", "duplicate", "gone"]);
  expect(comesAgain("unsent")).toBe(false);
});

test("each verdict on an answer of Platform is a fate", () => {
  const verdicts = new Set<Verdict>([200, 400, 403, 500].map((status) => verdictOf({ status })));
  expect([...verdicts]).toEqual(["delivered", "dead", "hold", "retry"]);
});

test("some answer of Platform means each reason to wait", () => {
  const verdicts = new Set(Array.from({ length: 500 }, (_, index) => verdictOf({ status: 100 + index })));
  const without = names.filter(comesAgain).filter((name) => !verdicts.has(name));
  expect(without.map((name) => `relay/core/delivery/delivery.ts has no status that means ${name}`)).toEqual([]);
});

test("a line has the highest level of its events", () => {
  expect(loudestLevel(["info", "warn", "info"])).toBe("warn");
  expect(loudestLevel(["warn", "error"])).toBe("error");
  expect(loudestLevel([])).toBe("info");
});

test("docs/reliability.md shows what each answer of Platform means, and how long its events wait", () => {
  const page = readFileSync(path.join(__dirname, "../../docs/reliability.md"), "utf8");
  const [, table = ""] = page.split("| Platform's answer |");
  const rows = table.split("\n\n")[0]?.split("\n").slice(2) ?? [];
  const statuses = Array.from({ length: 300 }, (_, index) => 300 + index);
  const missing = statuses.flatMap((status) => {
    const verdict = verdictOf({ status });
    const row = rows.find((text) =>
      new RegExp(`\\b(${status}|${Math.floor(status / 100)}xx)\\b`).test(text.split("|")[1] ?? ""),
    );
    if (row === undefined) return verdict === "hold" ? [] : [`${status} (${verdict})`];
    if (!comesAgain(verdict)) return [];
    const waits = [1, 50].map((attempts) => retryDelaySeconds({ attempts, forgiven: 0, random: 1 - Number.EPSILON }));
    return waits.filter((wait) => !row.includes(inWords(wait))).map((wait) => `${status}: ${inWords(wait)}`);
  });
  expect(rows.length).toBeGreaterThan(3);
  expect(missing).toEqual([]);
});

function inWords(seconds: number): string {
  const [size, unit] = seconds >= 3600 ? [3600, "h"] : seconds >= 60 ? [60, "min"] : [1, "s"];
  return `${seconds / size} ${unit}`;
}
