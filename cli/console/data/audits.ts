import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { auditFolderPrefix, auditResultFile } from "../../audit/result-file.ts";
import type { StackSource } from "../../stack/source.ts";

const result = z.object({
  verdict: z.string(),
  from: z.string(),
  to: z.string(),
  totals: z.record(z.string(), z.number()),
});

/** The result that the newest audit of this source has left in the working directory; undefined if there is none. */
export async function findLastAudit(source: StackSource) {
  const prefix = auditFolderPrefix(source);
  const folders = (await readdir(".")).filter((name) => name.startsWith(prefix));
  const found = await Promise.all(
    folders.map(async (name) => {
      const file = path.resolve(name, auditResultFile);
      try {
        const { mtimeMs } = await stat(file);
        return [{ at: mtimeMs, folder: path.dirname(file), ...result.parse(JSON.parse(await readFile(file, "utf8"))) }];
      } catch {
        // An audit that is under way, or another file of that name.
        return [];
      }
    }),
  );
  return found.flat().toSorted((one, other) => other.at - one.at)[0];
}
