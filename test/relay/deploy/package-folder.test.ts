import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import { packageMistake, zipFolder } from "../../../relay/deploy/package-folder.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "package-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const content = { "host.json": "{}", "package.json": '{"main":"index.cjs"}', "index.cjs": "1;", "lib/b.cjs": "2;" };

function folder(name: string, files: Record<string, string>): string {
  const made = path.join(root, name);
  mkdirSync(made);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(made, file)), { recursive: true });
    writeFileSync(path.join(made, file), text);
  }
  return made;
}

test("holds every file, sorted, with its path from the folder's root", () => {
  const { zip } = zipFolder(folder("a", content));
  const files = Object.entries(unzipSync(zip)).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
  expect(files).toEqual([
    ["host.json", "{}"],
    ["index.cjs", "1;"],
    ["lib/b.cjs", "2;"],
    ["package.json", '{"main":"index.cjs"}'],
  ]);
});

test("is the same for the same files, whenever and in whatever order they were written", () => {
  const one = folder("one", content);
  const other = folder("other", Object.fromEntries(Object.entries(content).reverse()));
  utimesSync(path.join(other, "index.cjs"), new Date(0), new Date(0));
  expect(zipFolder(other)).toEqual(zipFolder(one));
  expect(zipFolder(one).hash).toMatch(/^[0-9a-f]{64}$/);
});

test("differs where a file's content or name differs", () => {
  const { hash } = zipFolder(folder("one", content));
  expect(zipFolder(folder("content", { ...content, "index.cjs": "3;" })).hash).not.toBe(hash);
  expect(zipFolder(folder("name", { ...content, "extra.txt": "" })).hash).not.toBe(hash);
});

test("gives each file a fixed time and the permissions that Linux needs to read it", () => {
  const { zip } = zipFolder(folder("a", content));
  const view = Buffer.from(zip);
  const entries: { system: number | undefined; time: number; mode: string }[] = [];
  for (let at = view.indexOf("PK\x01\x02"); at >= 0; at = view.indexOf("PK\x01\x02", at + 1)) {
    const mode = (view.readUInt32LE(at + 38) >>> 16).toString(8);
    entries.push({ system: view[at + 5], time: view.readUInt32LE(at + 12), mode });
  }
  // 3 is Unix; the time is 1980-01-01 00:00 as MS-DOS writes it.
  expect(entries).toEqual(Array(4).fill({ system: 3, time: 0x00210000, mode: "100644" }));
});

test("a folder without the files that Azure Functions needs is refused with what to run", () => {
  const bare = folder("bare", { "index.cjs": "1;", "package.json": "{}" });
  expect(packageMistake(bare)).toBe(`the folder "${bare}" lacks host.json at its root; run \`npm run build\` first`);
  expect(packageMistake(path.join(root, "none"))).toContain("lacks host.json and package.json at its root");
  expect(packageMistake(path.join(bare, "index.cjs"))).toContain("lacks host.json and package.json at its root");
  expect(packageMistake(folder("good", content))).toBeUndefined();
  expect(() => zipFolder(bare)).toThrow("The relay's code can't be deployed: the folder");
});

test("leaves out what is not a plain file", () => {
  const linked = folder("linked", content);
  symlinkSync(root, path.join(linked, "up"));
  expect(Object.keys(unzipSync(zipFolder(linked).zip))).toHaveLength(4);
});
