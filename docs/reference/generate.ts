/** `npm run docs`: writes the reference anew. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { referencePages } from "./pages.ts";

for (const [name, text] of referencePages()) {
  const file = path.join(import.meta.dirname, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, text);
}
