/** `npm run docs`: rewrites everything that is generated from definitions and from the table of settings. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { madeFiles, repository } from "./made-files.ts";

for (const [name, text] of await madeFiles()) {
  const file = path.join(repository, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}
