import { ProgressBar } from "../../cli/output/progress-bar.ts";

/** A stream that records what is written to it. */
function stream(isTTY: boolean) {
  const written: string[] = [];
  return { written, stream: { isTTY, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream };
}

test("on a terminal it redraws its line, is full at the end, and clears the line", () => {
  const terminal = stream(true);
  const bar = new ProgressBar(4, terminal.stream);
  bar.show(1, "1 replayed");
  bar.show(2, "2 replayed");
  bar.show(4, "3 replayed");
  bar.end();
  const drawn = terminal.written.join("");
  expect(drawn).toMatch(/\[#{8}\.{22}\] 1 of 4, 1 replayed, \d+ s left/);
  expect(drawn).toContain(`[${"#".repeat(30)}] 4 of 4, 3 replayed`);
  expect(drawn.endsWith("\r\x1b[K")).toBe(true);
});

test("without a terminal it shows nothing", () => {
  const file = stream(false);
  const bar = new ProgressBar(1, file.stream);
  bar.show(1, "1 replayed");
  bar.end();
  expect(file.written).toEqual([]);
});
