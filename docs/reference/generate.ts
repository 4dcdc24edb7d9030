/** `npm run docs`: writes the reference and the package schemas anew. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { referencePages } from "./pages.ts";
import { withExitCodes } from "./readme.ts";
import { packageSchemas } from "./schemas.ts";

for (const [name, text] of referencePages()) {
  const file = path.join(import.meta.dirname, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

const repository = path.resolve(import.meta.dirname, "../..");
for (const [name, text] of packageSchemas()) await writeFile(path.join(repository, name), text);

const readme = path.join(repository, "README.md");
await writeFile(readme, withExitCodes(await readFile(readme, "utf8")));
