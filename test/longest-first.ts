import { createRequire } from "node:module";

/** A test file in jest; the duration is that of an earlier run, if there was one. */
interface TestFile {
  readonly path: string;
  readonly duration?: number;
}

interface Order {
  sort(tests: readonly TestFile[]): TestFile[];
}

// A part of jest that it does not export; a separate dependency could have another version than jest.
const fromJest = createRequire(createRequire(import.meta.filename).resolve("jest"));
const fromCore = createRequire(fromJest.resolve("@jest/core"));
const { default: DefaultOrder } = fromCore("@jest/test-sequencer") as { default: new (options: object) => Order };

/** Folders with tests that run whole stacks, function hosts or package managers, each for a minute or more. */
const longest = /[/\\]test[/\\](e2e|taint|conservation|packages|commands[/\\]run\.|cli[/\\]stack\.)/;

/** Puts the longest files of unknown duration first. */
export function putLongestFirst(tests: readonly TestFile[]): TestFile[] {
  const isLong = ({ path, duration }: TestFile) => duration === undefined && longest.test(path);
  return [...tests.filter(isLong), ...tests.filter((test) => !isLong(test))];
}

/**
 * jest starts with the files that took longest in the previous run. In a fresh clone it uses their size, so that some of the longest
 * start last and keep only one worker busy.
 */
export default class LongestFirst extends DefaultOrder {
  override sort(tests: readonly TestFile[]): TestFile[] {
    return putLongestFirst(super.sort(tests));
  }
}
