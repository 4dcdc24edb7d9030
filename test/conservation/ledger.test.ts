import { balanceOf, type EventLogs, tableOf } from "./ledger.ts";

const logs: EventLogs = {
  sent: ["a", "b", "c", "d", "e"],
  accepted: ["a", "b", "c", "d"],
  delivered: ["a"],
  dead: ["b"],
  pending: ["c"],
  suppressed: ["d"],
};

test("the sum is right if each accepted event is in one of the four places; events that were not accepted do not count", () => {
  expect(balanceOf(logs)).toEqual({
    sent: 5,
    accepted: 4,
    delivered: 1,
    dead: 1,
    pending: 1,
    suppressed: 1,
    duplicates: 0,
    lost: [],
    unexpected: [],
  });
});

test("an accepted event that is nowhere is listed as lost, by its id", () => {
  expect(balanceOf({ ...logs, pending: [] }).lost).toEqual(["c"]);
});

test("an event that is somewhere and was never sent is unexpected", () => {
  expect(balanceOf({ ...logs, dead: ["b", "x"] }).unexpected).toEqual(["x"]);
});

test("further deliveries of an event are duplicates, and do not make up for lost ones", () => {
  const balance = balanceOf({ ...logs, delivered: ["a", "a", "a"], suppressed: [] });
  expect([balance.delivered, balance.duplicates, balance.lost]).toEqual([1, 2, ["d"]]);
});

test("the table has a row for each scenario", () => {
  const lines = tableOf([{ scenario: "calm", balance: balanceOf(logs), seconds: 1.26 }]).split("\n");
  expect(lines.map((line) => line.split(/ {2,}/))).toEqual([
    [
      "scenario",
      "sent",
      "accepted",
      "delivered",
      "dead",
      "pending",
      "suppressed",
      "duplicates",
      "lost",
      "unexpected",
      "seconds",
    ],
    ["calm", "5", "4", "1", "1", "1", "1", "0", "0", "0", "1.3"],
  ]);
});
