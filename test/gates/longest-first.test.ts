import path from "node:path";
import { putLongestFirst } from "../longest-first.ts";

const [breaker, demo, stack] = ["relay/breaker.test.ts", "e2e/demo.test.ts", "cli/stack.test.ts"].map((file) =>
  path.resolve(import.meta.dirname, "..", file),
) as [string, string, string];

test("in a fresh clone, tests of whole stacks start first", () => {
  const tests = [stack, breaker, demo].map((path) => ({ path }));
  expect(putLongestFirst(tests).map(({ path }) => path)).toEqual([stack, demo, breaker]);
});

test("known durations decide", () => {
  const tests = [
    { path: breaker, duration: 9_000 },
    { path: stack, duration: 7_000 },
    { path: demo, duration: 5_000 },
  ];
  expect(putLongestFirst(tests)).toEqual(tests);
});
