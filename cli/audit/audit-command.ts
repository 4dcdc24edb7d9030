import { writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { defineCommand } from "../command/definition.ts";
import { positiveNumber } from "../command/number-option.ts";
import { UsageError } from "../command/usage-error.ts";
import { audit } from "./audit.ts";
import { partsOf } from "./audit-source.ts";
import { rangeOf, utcDate } from "./range.ts";
import { auditLines, sumCells } from "./report.ts";
import { auditFolderPrefix, auditResultFile } from "./result-file.ts";

const count = z.number();
const counts = {
  recorded: count.describe("happenings that Customer.io recorded"),
  found: count.describe("of those, the ones that have a row"),
  missing: count.describe("of those, the ones that are nowhere"),
  held: count.describe("of those, the ones that are dead letters"),
  leftOut: count.describe("of those, the ones that a filter or the webhook's subscription leaves out"),
  young: count.describe("of those, the ones that may still arrive"),
  unknown: count.describe("what can't be judged"),
  extra: count.describe("rows without a happening, and repetitions: normal for opens and clicks"),
};

export const auditCommand = defineCommand({
  name: "audit",
  summary: "compare what Customer.io recorded with the rows of the dataset, and name what is missing",
  description:
    "Reads the messages of the App API and the dataset's rows, and compares them by delivery, object type and metric. Nothing is changed. " +
    "What is absent and less than 7 days old may still arrive, and does not count as missing. Exits with 1 if something is missing. See " +
    "docs/audit.md for what can't be known. Needs the package @duckdb/node-api, and the permission View Datasets.",
  options: {
    from: { value: "date", description: "first UTC day of the events, such as 2026-11-01", schema: utcDate },
    to: { value: "date", description: "last UTC day of the events", schema: utcDate },
    lookback: {
      value: "days",
      description: "how long before the first day messages may have been created: opens and clicks come late",
      schema: positiveNumber.default(30),
    },
    folder: {
      value: "folder",
      description:
        "where the database and the lists of ids go; the same folder continues an audit that was stopped; without it, one named by stack, source and dates",
      schema: z.string().optional(),
    },
  },
  examples: [
    { args: "audit --stack prod --from 2026-10-01 --to 2026-10-31", shows: "whether October is complete" },
    { args: "audit --stack prod --from 2026-10-01 --to 2026-10-31 --json", shows: "the same, for a script" },
  ],
  ...{ needsSecrets: true, needsRelay: false, stopsInOrder: true },
  json: z.object({
    verdict: z.enum(["complete", "missing"]).describe("missing if anything is missing or a dead letter"),
    totals: z.object(counts),
    cells: z.array(
      z.object({
        ...{ day: z.string(), objectType: z.string(), metric: z.string() },
        verdict: z.enum(["complete", "missing", "extra", "unknown", "young"]),
        ...counts,
        reasons: z.array(z.string()).readonly().describe("why something can't be known"),
      }),
    ),
    messages: count.describe("messages that Customer.io returned"),
    unknownNames: z.record(z.string(), count).describe("types and metrics that this version does not know"),
    missingFile: z.string().optional().describe("file with the ids of what is missing, one JSON object a line"),
    extraFile: z.string().optional().describe("file with the ids of rows too many"),
  }),
  check({ from, to }) {
    if (to < from) throw new UsageError("--to must not be before --from.");
  },
  async run(source, { from, to, lookback, folder }, { print, progress, signal, isOneOfSeveral }) {
    const range = rangeOf(from, to, lookback);
    const date = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
    const base = folder ?? `${auditFolderPrefix(source)}${date(from)}-${date(to)}`;
    const own = path.resolve(isOneOfSeveral && folder !== undefined ? path.join(base, source.name) : base);
    const line = progress.line();
    const show = (words: string) => line.show(`  ${words}`);
    const parts = await progress.waiting("reading the settings in force", partsOf(source, signal));
    const result = await audit({ ...parts, range, folder: own, now: new Date(), signal, progress: show }).finally(() =>
      line.end(),
    );
    const { cells, missingFile, extraFile, ...rest } = result;
    const totals = sumCells(cells);
    const verdict = totals.missing + totals.held > 0 ? ("missing" as const) : ("complete" as const);
    const kept = { verdict, from: date(from), to: date(to), totals };
    await writeFile(path.join(own, auditResultFile), JSON.stringify(kept, null, 2), { mode: 0o600 });
    print(...auditLines(result, source.target));
    return {
      ending: verdict === "missing" ? "broken" : "well",
      json: {
        ...{ verdict, totals, cells: cells.map((cell) => ({ ...cell })), ...rest },
        ...(missingFile !== undefined && { missingFile }),
        ...(extraFile !== undefined && { extraFile }),
      },
    };
  },
});
