import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { packageFolder } from "../command/package-folder.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly content: Buffer;
}

/** Reads the page's files, by the paths at which they are served unchanged. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const folder = path.join(packageFolder, "cli/console/page");
  const files = new Map<string, PageFile>();
  for (const name of await readdir(folder)) {
    const type = types[path.extname(name)];
    if (type === undefined) continue;
    const content = await readFile(path.join(folder, name));
    files.set(name === "index.html" ? "/" : `/${name}`, { type, content });
  }
  return files;
}
