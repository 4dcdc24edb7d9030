import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportDeadLetters } from "../../cli/dead-letters/export.ts";
import { PrivateFolder } from "../../cli/dead-letters/private-folder.ts";
import { restoreDeadLetters } from "../../cli/dead-letters/restore.ts";
import { restoreCommand } from "../../cli/dead-letters/restore-command.ts";
import { Progress } from "../../cli/output/progress.ts";
import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import { RelayTables } from "../../cli/relay/relay-tables.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { deadBody } from "../../relay/core/event/dead-letter.ts";

const receivedAt = "2026-11-20T10:00:00.000Z";
const now = new Date("2026-11-21T10:00:00.000Z");
const letters = ["[]", "{}", "1"].map((body) =>
  deadBody(Buffer.from(body), { class: "malformed", reason: "no event", receivedAt, now }),
);
const [first = "", second = "", third = ""] = letters.map(({ name }) => name);

let folder: string;
let stored: Map<string, Buffer>;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-restore-"));
  stored = new Map(letters.map(({ name, document }) => [name, Buffer.from(JSON.stringify(document))] as const));
  await exportDeadLetters({
    storage,
    names: stored.keys(),
    filter: {},
    folder: await PrivateFolder.at(folder),
    signal: new AbortController().signal,
    progress: () => undefined,
  });
});
afterEach(() => rm(folder, { recursive: true }));

const storage = {
  readDeadLetter: async (name: string) => {
    const content = stored.get(name);
    return content && { content, etag: "1" };
  },
  addDeadLetter: async (name: string, content: Buffer) => {
    if (stored.has(name)) return false;
    stored.set(name, content);
    return true;
  },
};

const restore = (signal = new AbortController().signal, progress = () => {}) =>
  restoreDeadLetters({ folder, storage, signal, progress });

test("exported dead letters are in the storage again, unchanged and under their own names", async () => {
  const before = new Map(stored);
  stored.clear();
  expect(await restore()).toEqual({ examined: 3, restored: 3, present: 0, differing: [], foreign: [] });
  expect(new Map([...stored].sort())).toEqual(new Map([...before].sort()));
});

test("existing dead letters are kept: a second run restores nothing, and reports different content", async () => {
  stored.set(second, Buffer.from("died again"));
  stored.delete(third);
  expect(await restore()).toMatchObject({ restored: 1, present: 1, differing: [second] });
  expect(stored.get(second)?.toString()).toBe("died again");
  expect(await restore()).toMatchObject({ restored: 0, present: 2, differing: [second] });
});

test("a dead letter of a replaced relay loses the name of its former account", async () => {
  const content = stored.get(first) ?? Buffer.of();
  stored.clear();
  await rm(folder, { recursive: true });
  await mkdir(path.join(folder, path.dirname(first)), { recursive: true });
  await writeFile(path.join(folder, `${first}@formerstorage`), content);
  expect((await restore()).restored).toBe(1);
  expect([...stored.keys()]).toEqual([first]);
});

test("a file that is not a dead letter is reported and ignored", async () => {
  await writeFile(path.join(folder, "notes.txt"), "not ours");
  await writeFile(path.join(folder, "2026", "half.json.part"), '{"version":1');
  const { foreign, present } = await restore();
  expect([foreign.sort(), present]).toEqual([["2026/half.json.part", "notes.txt"], 3]);
  expect(stored.size).toBe(3);
});

test("what an interrupted export has not finished is not restored as another dead letter, even if it is whole", async () => {
  await writeFile(path.join(folder, `${first}.part`), stored.get(first) ?? "");
  expect(await restore()).toMatchObject({ restored: 0, present: 3, foreign: [`${first}.part`] });
  expect(stored.size).toBe(3);
});

test("dead letters of other sources or other nights, in folders of their own, are not mixed into one storage", async () => {
  for (const name of ["north", "2026-11-20"]) {
    const file = path.join(folder, name, first);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, stored.get(first) ?? "");
  }
  const { foreign, present } = await restore();
  expect([foreign, present]).toEqual([[`2026-11-20/${first}`, `north/${first}`], 3]);
  expect(stored.size).toBe(3);
});

test.each([
  // The other source's folder stands beside the days, so it is reported.
  ["south", [""], "north", "broken"],
  ["north", ["north"], "south", "well"],
  ["west", [], "north", "well"],
])("one of several sources gets what an export of it has written: %s", async (name, own, other, expected) => {
  const content = stored.get(first) ?? "";
  await rm(folder, { recursive: true });
  for (const part of [...own, other]) {
    const file = path.join(folder, part, part === other ? second : first);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
  }
  stored.clear();
  const spies = [
    jest.spyOn(RelayStorageAccount, "open").mockResolvedValue(storage as unknown as RelayStorageAccount),
    jest
      .spyOn(RelayTables, "open")
      .mockResolvedValue({ openNote: async () => async () => undefined } as unknown as RelayTables),
  ];
  const { signal } = new AbortController();
  const nothing = () => undefined;
  const progress = new Progress(undefined);
  const context = { isJson: false, isOneOfSeveral: true, signal, progress, print: nothing, printJson: nothing };
  const { ending } = await restoreCommand.run({ name, target: {} } as StackSource, { folder }, context);
  for (const spy of spies) spy.mockRestore();
  expect([...stored.keys()]).toEqual(own.map(() => first));
  expect(ending).toBe(expected);
});

test("after a stop, the next run continues with the rest", async () => {
  stored.clear();
  const stop = new AbortController();
  stop.abort();
  expect((await restore(stop.signal)).restored).toBe(0);
  expect((await restore()).restored).toBe(3);
});
