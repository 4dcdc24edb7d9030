import { longestTimer, sleep } from "../src/http/sleep.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test("waits for longer than a timer of Node's can", async () => {
  let isOver = false;
  void sleep(2 * longestTimer + 5, new AbortController().signal).then(() => {
    isOver = true;
  });
  await jest.advanceTimersByTimeAsync(2 * longestTimer + 4);
  expect(isOver).toBe(false);
  await jest.advanceTimersByTimeAsync(1);
  expect(isOver).toBe(true);
});

test("ends when it is stopped", async () => {
  const stop = new AbortController();
  const waiting = sleep(10 * longestTimer, stop.signal);
  stop.abort();
  await waiting;
});
