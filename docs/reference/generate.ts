/** `npm run docs`: writes the reference and the package schemas anew. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { referencePages } from "./pages.ts";
import { packageSchemas } from "./schemas.ts";

for (const [name, text] of referencePages()) {
  const file = path.join(import.meta.dirname, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}

const repository = path.resolve(import.meta.dirname, "../..");
for (const [name, text] of packageSchemas()) await writeFile(path.join(repository, name), text);
