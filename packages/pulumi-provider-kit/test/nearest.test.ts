import fc from "fast-check";
import { nearest } from "../src/settings/nearest.ts";

test.each([
  ["metrci", "metric"],
  ["Metric", "metric"],
  ["e-mail", "email"],
  ["mail", "email"],
  ["customer.id", "customer_id"],
  ["cotton", undefined],
  ["", undefined],
  ["metric ", "metric"],
])("%s means %s", (word, meant) => {
  expect(nearest(word, ["metric", "email", "customer_id"])).toBe(meant);
});

test("spaces count as characters", () => {
  expect(nearest(" ", [" ", "metric"])).toBe(" ");
});

test("the nearer one of two is chosen", () => {
  expect(nearest("campaign_ids", ["campaign", "campaign_id"])).toBe("campaign_id");
});

test("a word is nearest to itself", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ minLength: 1, unit: "grapheme" }), { minLength: 1 }), (words) => {
      const [word = ""] = words;
      expect(nearest(word, words)?.toLowerCase()).toBe(word.toLowerCase());
    }),
  );
});
