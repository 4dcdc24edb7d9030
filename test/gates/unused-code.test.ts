import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

const repository = path.join(__dirname, "../..");
const knip = path.join(repository, "node_modules/knip/bin/knip.js");

let house: string;

beforeEach(async () => {
  house = await mkdtemp(path.join(os.tmpdir(), "unused-code-"));
  await cp(path.join(repository, "knip.jsonc"), path.join(house, "knip.jsonc"));
});

afterEach(() => rm(house, { recursive: true, force: true }));

/** Findings of knip with this repository's settings in other files: `<file>: <name>`. */
async function findUnused(files: Readonly<Record<string, string>>): Promise<string[]> {
  const manifest = { name: "house", type: "module", exports: "./index.ts", dependencies: { zod: "4.6.7" } };
  for (const [name, text] of Object.entries({ ...files, "package.json": JSON.stringify(manifest) })) {
    await mkdir(path.join(house, path.dirname(name)), { recursive: true });
    await writeFile(path.join(house, name), text);
  }
  const printed = await new Promise<string>((resolve) => {
    // Its exit code is 1 if it finds anything.
    execFile(process.execPath, [knip, "--no-progress", "--reporter", "json"], { cwd: house }, (_, stdout) => {
      resolve(stdout);
    });
  });
  const { issues } = JSON.parse(printed) as { issues: Record<string, { name: string }[] | string>[] };
  return issues.flatMap(({ file, ...kinds }) =>
    Object.values(kinds).flatMap((found) => (Array.isArray(found) ? found.map(({ name }) => `${file}: ${name}`) : [])),
  );
}

const part = "export const used = 1;\nexport const forgotten = 2;\n";

test("an export, a file and a dependency that nothing uses are found", async () => {
  const files = { "index.ts": 'export { used } from "./part.ts";\n', "part.ts": part, "alone.ts": part };
  expect((await findUnused(files)).toSorted()).toEqual([
    "alone.ts: alone.ts",
    "package.json: zod",
    "part.ts: forgotten",
  ]);
});

test("used code is accepted", async () => {
  const index = 'export { forgotten, used } from "./part.ts";\nexport { z } from "zod";\n';
  expect(await findUnused({ "index.ts": index, "part.ts": part })).toEqual([]);
});
