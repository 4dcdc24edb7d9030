import { createRequire } from "node:module";

/** What jest knows of a test's file; the duration is that of an earlier run, if there was one. */
interface TestFile {
  readonly path: string;
  readonly duration?: number;
}

interface Order {
  sort(tests: readonly TestFile[]): TestFile[];
}

// A part of jest that it does not export; a version of its own here could differ from jest's.
const fromJest = createRequire(createRequire(import.meta.filename).resolve("jest"));
const fromCore = createRequire(fromJest.resolve("@jest/core"));
const { default: DefaultOrder } = fromCore("@jest/test-sequencer") as { default: new (options: object) => Order };

/** Where tests run whole stacks, function hosts or package managers, each for a minute or more. */
const longest = /[/\\]test[/\\](e2e|taint|conservation|packages|cli[/\\]stack\.)/;

/** Puts the longest first of those whose duration is not known. */
export function putLongestFirst(tests: readonly TestFile[]): TestFile[] {
  const isLong = ({ path, duration }: TestFile) => duration === undefined && longest.test(path);
  return [...tests.filter(isLong), ...tests.filter((test) => !isLong(test))];
}

/**
 * jest begins with the files that took longest in the run before. In a fresh clone it goes by their size, so that some of the longest
 * begin last and keep one worker busy alone.
 */
export default class LongestFirst extends DefaultOrder {
  override sort(tests: readonly TestFile[]): TestFile[] {
    return putLongestFirst(super.sort(tests));
  }
}
