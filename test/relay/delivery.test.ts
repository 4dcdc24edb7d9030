import { verdictOf } from "../../relay/core/delivery/delivery.ts";

test.each([
  [[200, 201, 202, 204, 207, 299], "delivered"],
  [[408, 425, 429, 500, 501, 502, 503, 504, 520, 599], "retry"],
  [[400, 413, 415, 422], "dead"],
  [[301, 302, 307, 401, 402, 403, 404, 405, 409, 410, 418, 451], "hold"],
] as const)("%j: %s", (statuses, verdict) => {
  for (const status of statuses) expect([status, verdictOf({ status })]).toEqual([status, verdict]);
});

test("a 2xx without Platform's receipt is not a delivery", () => {
  for (const status of [200, 204, 207]) expect(verdictOf({ status, isForeign: true })).toBe("hold");
});
