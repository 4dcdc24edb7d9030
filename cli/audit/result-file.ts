import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { utcDateOf } from "../../relay/core/zoned-time.ts";
import { countOf } from "../output/count-of.ts";
import type { StackSource } from "../stack/source.ts";

/** The file in an audit's folder with its verdict and sums. It holds no ids. */
const resultFile = "result.json";

/** How the names of such folders end: the first and the last day. */
const datesOfFolder = /^\d{4}-\d\d-\d\d-\d{4}-\d\d-\d\d$/;

/** What an audit says about all of its days. */
export const auditVerdict = z
  .enum(["complete", "missing", "unjudged"])
  .describe(
    "`missing` if anything is missing or a dead letter; otherwise `unjudged` if anything can't be judged yet and may be missing",
  );
export type AuditVerdict = z.output<typeof auditVerdict>;

const resultShape = z.object({
  verdict: auditVerdict,
  from: z.string().describe("first UTC day"),
  to: z.string().describe("last UTC day"),
  totals: z.record(z.string(), z.number()),
});

/** An audit that has ended, as it left its result. */
export const lastAuditShape = resultShape.extend({
  at: z.number().describe("when it ended, in milliseconds since 1970"),
  folder: z.string(),
});
type LastAudit = z.output<typeof lastAuditShape>;

/** The beginning of the names of a source's audit folders, unless the operator chooses another folder. The dates follow. */
export function auditFolderPrefix(source: StackSource): string {
  return `audit-${source.target.stack}-${source.name}-`.replaceAll("/", "-");
}

export async function writeAuditResult(folder: string, result: z.output<typeof resultShape>): Promise<void> {
  await writeFile(path.join(folder, resultFile), JSON.stringify(result, null, 2), { mode: 0o600 });
}

/**
 * The result of the newest audit of this source; undefined before its first audit.
 *
 * @param folder as it was given to the audit; undefined: the folders of the source's audits in the working directory
 */
export async function findLastAudit(source: StackSource, folder?: string): Promise<LastAudit | undefined> {
  const prefix = auditFolderPrefix(source);
  // With several sources, each has a subfolder of the given folder.
  const given = folder === undefined ? undefined : [folder, path.join(folder, source.name)];
  // The name of another source may begin with this one's.
  const isOwn = (name: string) => name.startsWith(prefix) && datesOfFolder.test(name.slice(prefix.length));
  const folders = given ?? (await readdir(".")).filter(isOwn);
  const found = await Promise.all(
    folders.map(async (name) => {
      const file = path.resolve(name, resultFile);
      try {
        const [{ mtimeMs }, text] = await Promise.all([stat(file), readFile(file, "utf8")]);
        return [{ at: mtimeMs, folder: path.dirname(file), ...resultShape.parse(JSON.parse(text)) }];
      } catch {
        // An audit that is under way, or another file of that name.
        return [];
      }
    }),
  );
  return found.flat().toSorted((one, other) => other.at - one.at)[0];
}

/** The last audit in one line, for people. */
export function describeLastAudit({ verdict, from, to, totals, at, folder }: LastAudit): string {
  const { missing = 0, held = 0, unjudged = 0, unknown = 0 } = totals;
  const words = [
    ...(verdict === "complete" ? ["complete"] : []),
    ...(verdict === "missing" ? [`${missing} missing and ${countOf(held, "dead letter")}`] : []),
    ...(unjudged > 0 ? [`${unjudged} can't be judged yet, so run it again`] : []),
    ...(unknown > 0 ? [`${unknown} can't be judged`] : []),
  ].join(", ");
  return `Last audit, of ${from} to ${to}, on ${utcDateOf(new Date(at))}: ${words} (${path.relative(".", folder)})`;
}
