import { nameBatches, planLines, sentLines, stalledLines } from "../../cli/backfill/backfill-lines.ts";
import { ofMetrics, sumOf } from "../../cli/backfill/counts.ts";

const nothing = { events: 0, kinds: new Map(), newest: 0, unconfirmed: 0, unjudged: 0, processing: 0 };
const how = { effort: "one batch", isAwaited: false, isByRelay: false };

test("it says that nothing is sent only if it waits for no earlier batch either", () => {
  expect(planLines(nothing, how)).toEqual(["There is nothing to send."]);
  expect(planLines({ ...nothing, unjudged: 2, processing: 2 }, { ...how, isAwaited: true })).toEqual([
    "2 events are in a batch of an earlier run that Platform has not finished. This run waits for it.",
  ]);
  expect(planLines({ ...nothing, unjudged: 3, processing: 2 }, how)).toEqual([
    "There is nothing to send.",
    "2 events are in a batch of an earlier run that Platform has not finished. They are not sent again; --via batch waits for the batch.",
    "1 event can't be judged yet, so nothing is sent for it. Run the same command again later.",
  ]);
});

test("it names every batch that --revert undoes", () => {
  const counts = { sent: 3, streamed: 0, kinds: new Map([["email sent", 3]]), impossible: new Map() };
  expect(sentLines(counts, 3, nameBatches(["one", "two"]))).toEqual([
    "3 of 3 events are in a batch; --revert undoes all batches of this backfill: one, two.",
    "  3 email sent",
  ]);
  expect(nameBatches(["one"])).toBe("in the batch one; --revert undoes it");
});

test("it names the batches on which Platform makes no progress, and what to do", () => {
  expect(stalledLines([], 0)).toEqual([]);
  expect(stalledLines(["one"], 1)).toEqual([
    "1 event is in the batch one, which is stalled: Platform makes no progress on it. Its row may still appear, so it is not sent again.",
    "Ask Adobe's support about it. Once Platform has finished it, run the same command again: it sends what has no row then.",
  ]);
  expect(stalledLines(["one", "two"], 3)[0]).toMatch(/^3 events are in the batches one, two, which are stalled: /);
});

test("of what an earlier run uploaded, only the chosen metrics count", () => {
  const uploaded = new Map([
    ["email opened", 8],
    ["in_app clicked", 2],
  ]);
  expect(sumOf(ofMetrics(uploaded, ["clicked"]))).toBe(2);
  expect(sumOf(ofMetrics(uploaded, undefined))).toBe(10);
});
