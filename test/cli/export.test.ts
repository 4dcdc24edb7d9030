import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportDeadLetters } from "../../cli/dead-letters/export.ts";
import { PrivateFolder } from "../../cli/dead-letters/private-folder.ts";
import { deadBody } from "../../relay/core/event/dead-letter.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const now = new Date("2026-11-21T10:00:00.000Z");
const malformed = deadBody(Buffer.from("[]"), { class: "malformed", reason: "no object", receivedAt, now });
const poison = deadBody(Buffer.from("{}"), { class: "poison", reason: "failed", receivedAt, now });

let parent: string;
let folder: string;
let stored: Map<string, Buffer>;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "customerio-aep-export-"));
  folder = path.join(parent, "kept", "here");
  stored = new Map(
    [malformed, poison].map(({ name, document }) => [name, Buffer.from(JSON.stringify(document))] as const),
  );
});
afterEach(() => rm(parent, { recursive: true }));

const storage = {
  readDeadLetter: async (name: string) => {
    const content = stored.get(name);
    return content && { content, etag: "1" };
  },
};

async function run(options: Partial<Parameters<typeof exportDeadLetters>[0]> = {}) {
  return exportDeadLetters({
    storage,
    names: stored.keys(),
    filter: {},
    folder: await PrivateFolder.at(folder),
    signal: new AbortController().signal,
    progress: () => undefined,
    ...options,
  });
}

const files = async () =>
  (await readdir(parent, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .sort();

const modeOf = async (name: string) => (await stat(path.join(folder, name))).mode & 0o777;

test("each dead letter is written unchanged to a file of its name, readable by its owner only", async () => {
  const { written, replaced, present, classes } = await run();
  expect([written, replaced, present]).toEqual([2, 0, 0]);
  expect(Object.fromEntries(classes)).toEqual({ malformed: 1, poison: 1 });
  expect(await files()).toEqual([...stored.keys()].sort());
  expect(await readFile(path.join(folder, malformed.name))).toEqual(stored.get(malformed.name));
  expect(await modeOf(malformed.name)).toBe(0o600);
  for (const one of ["..", ".", "2026", "2026/11", "2026/11/20"]) expect(await modeOf(one)).toBe(0o700);
});

test("a second run writes new files, and overwrites only files that differ from the storage", async () => {
  await run({ names: [malformed.name] });
  const before = await stat(path.join(folder, malformed.name));
  await mkdir(path.dirname(path.join(folder, poison.name)), { recursive: true });
  await writeFile(path.join(folder, poison.name), "something else");
  const { written, replaced, present } = await run();
  expect([written, replaced, present]).toEqual([0, 1, 1]);
  expect(await readFile(path.join(folder, poison.name))).toEqual(stored.get(poison.name));
  expect(await modeOf(poison.name)).toBe(0o600);
  expect((await stat(path.join(folder, malformed.name))).ino).toBe(before.ino);
  const again = await run();
  expect([again.written, again.replaced, again.present]).toEqual([0, 0, 2]);
});

test("the next run completes what a killed one left half written, and leaves no temporary files", async () => {
  await mkdir(path.dirname(path.join(folder, poison.name)), { recursive: true });
  await writeFile(path.join(folder, `${poison.name}.part`), '{"half', { mode: 0o600 });
  expect((await run()).written).toBe(2);
  expect(await files()).toEqual([...stored.keys()].sort());
});

test("only dead letters that match the filter are exported; one of an unknown version is exported without a filter", async () => {
  expect((await run({ filter: { class: "poison" } })).written).toBe(1);
  stored.set("2026/11/20/later.json", Buffer.from('{"version":2}'));
  expect((await run({ filter: { class: "poison" } })).written).toBe(0);
  const counts = await run();
  expect([counts.written, counts.classes.get("of an unknown version")]).toEqual([2, 1]);
});

test("a dead letter that was deleted meanwhile is skipped", async () => {
  expect((await run({ names: ["2026/11/20/gone.json"] })).written).toBe(0);
});

test.each([
  "../outside.json",
  "2026/../../../outside.json",
  "/tmp/outside.json",
  "..",
  ".",
  "",
  "2026/./a.json",
  "..\\outside.json",
  "2026\\..\\..\\..\\outside.json",
  "C:\\outside.json",
  "C:outside.json",
  "2026//a.json",
  "a\0.json",
])("a name that could lead out of the folder gets no file, and the others are exported: %j", async (name) => {
  stored = new Map([[name, Buffer.from("{}")], ...stored]);
  const counts = await run();
  expect([counts.unfit, counts.written]).toEqual([[name], 2]);
  expect(await files()).toEqual([malformed.name, poison.name].sort());
});

describe("an error of the file system says what to do, and leaves no partial file", () => {
  test("a file where a folder is needed", async () => {
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "2026"), "in the way");
    await expect(run()).rejects.toThrow(/^Could not write .*2026.*: there is a file where a folder is needed; move it/);
    expect(await files()).toEqual(["2026"]);
  });

  test("a folder where a file is needed", async () => {
    await mkdir(path.join(folder, poison.name), { recursive: true });
    await expect(run()).rejects.toThrow("there is a folder where the file belongs; move it away");
    expect((await files()).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("a full disk", async () => {
    await mkdir(path.dirname(path.join(folder, poison.name)), { recursive: true });
    // On Linux, this device is always full.
    await symlink("/dev/full", path.join(folder, `${poison.name}.part`));
    await expect(run({ names: [poison.name] })).rejects.toThrow("the disk is full; make room");
    expect(await readdir(path.dirname(path.join(folder, poison.name)))).toEqual([]);
  });

  test("no permission", async () => {
    // Root may write anywhere but here.
    if (process.getuid?.() === 0) folder = "/sys/customerio-aep";
    else {
      await mkdir(folder, { recursive: true });
      await chmod(folder, 0o500);
    }
    await expect(run()).rejects.toThrow(/you may not write there; .* Run the same command again to continue\.$/);
  });
});

test("after a failure it starts nothing more, and reports the failure", async () => {
  const names = Array.from({ length: 100 }, (_, index) => `2026/11/20/${index}.json`);
  let reads = 0;
  const failing = {
    readDeadLetter: async () => {
      reads += 1;
      throw new Error("the storage failed");
    },
  };
  await expect(run({ storage: failing, names })).rejects.toThrow("the storage failed");
  expect(reads).toBeLessThanOrEqual(4);
});

test("names are read as needed, with at most four dead letters at a time", async () => {
  let listed = 0;
  let underWay = 0;
  let most = 0;
  const names = async function* () {
    for (; listed < 50; listed++) yield `2026/11/20/${listed}.json`;
  };
  const slow = {
    readDeadLetter: async () => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 1));
      underWay -= 1;
      return undefined;
    },
  };
  const ahead: number[] = [];
  await run({ storage: slow, names: names(), progress: ({ examined }) => ahead.push(listed - examined) });
  expect([listed, most, ahead.length]).toEqual([50, 4, 50]);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(4);
});

test("on a stop it finishes the current dead letters, and the next run continues with the rest", async () => {
  stored = new Map(Array.from({ length: 40 }, (_, index) => [`2026/11/20/${index}.json`, Buffer.from(`${index}`)]));
  const stop = new AbortController();
  const counts = await run({ signal: stop.signal, progress: ({ examined }) => examined === 10 && stop.abort() });
  expect(counts.written).toBe((await files()).length);
  expect(counts.written).toBeLessThan(20);
  const rest = await run();
  expect([rest.present, rest.written]).toEqual([counts.written, 40 - counts.written]);
  expect(await files()).toHaveLength(40);
});

test("a listing that fails is an error", async () => {
  const names = async function* () {
    yield malformed.name;
    throw new Error("the listing failed");
  };
  await expect(run({ names: names() })).rejects.toThrow("the listing failed");
});
