import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { PGlite } from "@electric-sql/pglite";

const repository = path.resolve(import.meta.dirname, "../../../../..");
const library = createRequire(import.meta.filename).resolve("@electric-sql/pglite");
const { version } = JSON.parse(readFileSync(path.join(library, "../../package.json"), "utf8")) as { version: string };
const kept = path.join(repository, "node_modules/.cache/local-cloud", `empty-postgres-${version}.tar`);

/** Opens an empty database. To make one takes PostgreSQL four times as long as to read it, so the first one is kept. */
export async function openEmptyDatabase(): Promise<PGlite> {
  const files = await readFile(kept).catch(() => undefined);
  if (files) return PGlite.create({ loadDataDir: new Blob([files]) });
  const database = await PGlite.create();
  await keep(await database.dumpDataDir("none"));
  return database;
}

/** Other processes find the whole file or none. */
async function keep(files: Blob): Promise<void> {
  const unfinished = `${kept}.${randomUUID()}`;
  await mkdir(path.dirname(kept), { recursive: true });
  await writeFile(unfinished, await files.bytes());
  await rename(unfinished, kept);
}
