import { readFile } from "node:fs/promises";
import path from "node:path";
import { listTrackedFiles } from "../../scripts/tracked-files.ts";

const repository = path.join(__dirname, "../..");

test("no object literal spreads another one: it has the properties itself", async () => {
  const files = (await listTrackedFiles(repository)).filter((name) => /\.(ts|js)$/.test(name));
  expect(files.length).toBeGreaterThan(1000);
  const found: string[] = [];
  for (const name of files) {
    const lines = (await readFile(path.join(repository, name), "utf8")).split("\n");
    for (const [index, line] of lines.entries()) {
      if (/\.{3}\{/.test(line)) found.push(`${name}:${index + 1}: write its properties here instead`);
    }
  }
  expect(found).toEqual([]);
});
