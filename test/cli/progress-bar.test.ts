import { ProgressBar } from "../../cli/output/progress-bar.ts";
import { ProgressLine } from "../../cli/output/progress-line.ts";

/** A stream that records what is written to it. */
function stream(isTTY: boolean, columns?: number) {
  const written: string[] = [];
  return {
    written,
    stream: { isTTY, columns, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream,
  };
}

test("on a terminal it redraws its line, is full at the end, and clears the line", () => {
  const terminal = stream(true);
  const bar = new ProgressBar(4, new ProgressLine(terminal.stream));
  bar.show(1, "1 replayed");
  bar.show(2, "2 replayed");
  bar.show(4, "3 replayed");
  bar.end();
  const drawn = terminal.written.join("");
  expect(drawn).toMatch(/\[#{8}\.{22}\] 1 of 4, 1 replayed, \d+ s left/);
  expect(drawn).toContain(`[${"#".repeat(30)}] 4 of 4, 3 replayed`);
  expect(drawn.endsWith("\r\x1b[K")).toBe(true);
});

test.each([
  [40, 39],
  // Some terminals do not know.
  [0, 79],
  [undefined, 79],
])("it fits into a terminal with %s columns, so that it can overwrite itself", (columns, longest) => {
  const terminal = stream(true, columns);
  new ProgressBar(1_000_000, new ProgressLine(terminal.stream)).show(
    1,
    "1 event is replayed of those that could be replayed at all",
  );
  expect(terminal.written.map((text) => text.replace("\r\x1b[K", "").length)).toEqual([longest]);
});

test("without a terminal it shows nothing", () => {
  const file = stream(false);
  const bar = new ProgressBar(1, new ProgressLine(file.stream));
  bar.show(1, "1 replayed");
  bar.end();
  expect(file.written).toEqual([]);
});
