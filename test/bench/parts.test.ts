import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { listTrackedFiles } from "../../scripts/tracked-files.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** The parts of the benchmark, as it lists them to somebody who asks for another one. */
async function listParts(): Promise<string[]> {
  const bench = path.join(repository, "bench/bench.ts");
  const { stderr } = await promisify(execFile)(process.execPath, [bench, "unknown"]).catch((error) => error);
  const [, parts] = /There is no part "unknown"; there are (.+)\./.exec(stderr) ?? [];
  if (parts === undefined) throw new Error(`The benchmark did not list its parts: ${stderr}`);
  return parts.split(", ");
}

async function partsNamedIn(file: string): Promise<string[]> {
  const text = await readFile(path.join(repository, file), "utf8");
  return [...text.matchAll(/npm run bench -- (\w+)/g)].flatMap(([, part]) => part ?? []);
}

test("CONTRIBUTING.md names every part of the benchmark", async () => {
  const named = new Set(await partsNamedIn("CONTRIBUTING.md"));
  expect([...named].toSorted()).toEqual((await listParts()).toSorted());
});

test("no page or comment names a part that does not exist", async () => {
  // The changelog may name parts of former versions.
  const isRead = (file: string) => /\.(md|ts)$/.test(file) && file !== "CHANGELOG.md";
  const files = (await listTrackedFiles(repository)).filter(isRead);
  const parts = await listParts();
  const unknown = await Promise.all(
    files.map(async (file) =>
      (await partsNamedIn(file)).filter((part) => !parts.includes(part)).map((part) => [file, part]),
    ),
  );
  expect(unknown.flat()).toEqual([]);
});
