import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { plugins } from "../../scripts/build-bundles.ts";

const repository = path.resolve(__dirname, "../..");

/** Names in what only some calls need: axios, Azure's library for logins, and the table of settings. */
const words = ["throwIfCancellationRequested", "WorkloadIdentityCredential", "duplicateWindowDays"];

/** The files of a plugin that a start reads: `plugin.mjs` and what it imports by name. */
async function filesAtStart(dist: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const read = async (name: string): Promise<void> => {
    if (files.has(name)) return;
    const text = await readFile(path.join(dist, name), "utf8");
    files.set(name, text);
    for (const [, imported = ""] of text.matchAll(/\b(?:from|import) ?"\.\/([^"]+)"/g)) {
      await read(imported);
    }
  };
  await read("plugin.mjs");
  return files;
}

test.each(plugins)(
  "a start of the plugin in %s reads little, and nothing that only some calls need",
  async (folder) => {
    const files = await filesAtStart(path.join(repository, folder, "dist"));
    const texts = [...files.values()];
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    // Much less would mean that a file was not found.
    expect(bytes).toBeGreaterThan(800_000);
    expect(bytes).toBeLessThan(1_400_000);
    const found = words.filter((word) => texts.some((text) => text.includes(word)));
    expect(found).toEqual([]);
  },
);

test("what only some calls need is in other files", async () => {
  const dist = path.join(repository, "dist");
  const texts = await Promise.all((await readdir(dist)).map((name) => readFile(path.join(dist, name), "utf8")));
  for (const word of words) expect(texts.filter((text) => text.includes(word))).toHaveLength(1);
});
