import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportDeadLetters } from "../../ops/export.ts";
import { deadBody } from "../../relay/core/dead-letter.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const now = new Date("2026-11-21T10:00:00.000Z");
const malformed = deadBody(Buffer.from("[]"), { class: "malformed", reason: "no object", receivedAt, now });
const poison = deadBody(Buffer.from("{}"), { class: "poison", reason: "failed", receivedAt, now });

let folder: string;
let stored: Map<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "export-"));
  stored = new Map([malformed, poison].map(({ name, document }) => [name, JSON.stringify(document)]));
});
afterEach(() => rm(folder, { recursive: true }));

const storage = {
  readDeadLetter: async (name: string) => {
    const text = stored.get(name);
    return text === undefined ? undefined : { text, etag: "1" };
  },
};

function run(options: Partial<Parameters<typeof exportDeadLetters>[0]> = {}) {
  const signal = new AbortController().signal;
  const names = [...stored.keys()];
  return exportDeadLetters({ storage, names, filter: {}, folder, signal, progress: () => undefined, ...options });
}

const files = async () =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

test("each dead letter is a file under its own name, as it is stored, for its owner alone", async () => {
  const counts = await run();
  expect([counts.written, counts.present, [...counts.classes]]).toEqual([
    2,
    0,
    [
      ["malformed", 1],
      ["poison", 1],
    ],
  ]);
  expect(await files()).toEqual([...stored.keys()].sort());
  const file = path.join(folder, malformed.name);
  expect(await readFile(file, "utf8")).toBe(stored.get(malformed.name));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(path.dirname(file))).mode & 0o777).toBe(0o700);
});

test("a second run writes what is new or has changed, and nothing else", async () => {
  await run();
  await writeFile(path.join(folder, poison.name), "half");
  const counts = await run();
  expect([counts.written, counts.present]).toEqual([1, 1]);
  expect(await readFile(path.join(folder, poison.name), "utf8")).toBe(stored.get(poison.name));
});

test("only those that are meant; one of an unknown version goes with all", async () => {
  expect((await run({ filter: { class: "poison" } })).written).toBe(1);
  stored.set("2026/11/20/later.json", '{"version":2}');
  expect((await run({ filter: { class: "poison" } })).written).toBe(0);
  const counts = await run();
  expect([counts.written, counts.classes.get("unknown")]).toEqual([2, 1]);
});

test("one that is gone meanwhile is passed over", async () => {
  expect((await run({ names: ["2026/11/20/gone.json"] })).written).toBe(0);
});

test.each(["../outside.json", "2026/../../outside.json", "/tmp/outside.json"])(
  "a name that leads out of the folder is refused: %s",
  async (name) => {
    stored.set(name, "{}");
    await expect(run({ names: [name] })).rejects.toThrow("leads out of the folder");
    expect(await files()).toEqual([]);
  },
);

test("a folder that can't be written is an error, and leaves no half file", async () => {
  await writeFile(path.join(folder, "2026"), "a file where a folder is needed");
  await expect(run()).rejects.toThrow(/EEXIST|ENOTDIR/);
  expect(await files()).toEqual(["2026"]);
});

test("stops where it is told to", async () => {
  const stop = new AbortController();
  stop.abort();
  expect((await run({ signal: stop.signal })).examined).toBe(0);
});
