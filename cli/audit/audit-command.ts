import { z } from "zod";
import { backfillMissing, checkBackfill } from "../backfill/backfill.ts";
import { type BackfillResult, backfillOptions, backfillResult } from "../backfill/options.ts";
import { defineCommand } from "../command/definition.ts";
import type { Ending } from "../command/exit-codes.ts";
import { UsageError } from "../command/usage-error.ts";
import { auditLines } from "./report.ts";
import { auditVerdict } from "./result-file.ts";
import { type AuditRun, auditOptions, checkAuditDays, runAudit } from "./run-audit.ts";

const count = z.number();
const counts = {
  recorded: count.describe("occurrences that Customer.io recorded"),
  found: count.describe("of those, the ones that have a row"),
  missing: count.describe("of those, the ones that are missing"),
  beforeRelay: count.describe(
    "of `missing`, the ones that the relay has not delivered: they never reached it, or it refused them",
  ),
  afterRelay: count.describe("of `missing`, the ones that Platform has accepted from the relay"),
  waiting: count.describe("of those, the ones that wait in the relay's queue"),
  held: count.describe("of those, the ones that are dead letters"),
  leftOut: count.describe("of those, the ones that a filter or the webhook's subscription leaves out"),
  young: count.describe("of those, the ones that may still arrive"),
  unjudged: count.describe(
    "of those, the ones that can't be judged yet: their rows may be among what could not be read",
  ),
  unknown: count.describe("what can't be judged, and a repetition of this audit can't judge either"),
  extra: count.describe("rows without an occurrence, and repetitions: normal for opens and clicks"),
};

const endings = { complete: "well", missing: "broken", unjudged: "waiting" } as const;

/** A later audit judges what was sent. What could not be sent, or waits for a replay, still needs someone. */
function endingOfHeal({ stopped, sent, unjudged }: BackfillResult, before: AuditRun["totals"]): Ending {
  if (stopped) return "interrupted";
  const unsent = before.missing + before.unjudged - sent - unjudged;
  if (unsent > 0 || before.held > 0) return "broken";
  return unjudged > 0 ? "waiting" : "well";
}

export const auditCommand = defineCommand({
  name: "audit",
  summary: "compare what Customer.io recorded with the rows of the dataset, and name what is missing",
  description:
    "Reads the messages of the App API and the dataset's rows, and compares them by delivery, object type and metric. Without `--heal`, it " +
    "changes nothing. Events without a row that are less than 7 days old do not count as missing, since they may still arrive. Exits with 1 if " +
    "something is missing and was not sent. See " +
    "docs/audit.md for what can't be known. Needs the package @duckdb/node-api, and the permission View Datasets; with `--sql` also Manage " +
    "Queries.",
  options: {
    ...auditOptions,
    heal: {
      description: "then send the missing events through the relay, as `customerio-aep backfill` does",
      schema: z.boolean().default(false),
    },
    ...backfillOptions,
  },
  waiting: "something can't be judged yet, or Platform does not finish a batch",
  examples: [
    { args: "audit --stack prod --from 2026-10-01 --to 2026-10-31", shows: "whether October is complete" },
    { args: "audit --stack prod --from 2026-10-01 --to 2026-10-31 --json", shows: "the same, for a script" },
    {
      args: "audit --stack prod --from 2026-10-01 --to 2026-10-31 --heal",
      shows: "the same, and sends what is missing",
    },
    {
      args: "audit --stack prod --from 2026-10-01 --to 2026-10-31 --sql",
      shows: "the same as the first, with the rows read by Query Service",
    },
  ],
  needsSecrets: true,
  needsStorage: false,
  stopsInOrder: true,
  json: z.object({
    verdict: auditVerdict,
    totals: z.object(counts),
    cells: z.array(
      z.object({
        day: z.string(),
        objectType: z.string(),
        metric: z.string(),
        verdict: z.enum(["complete", "missing", "unjudged", "extra", "unknown", "waiting", "young"]),
        ...counts,
        reasons: z.array(z.string()).readonly().describe("why something can't be known"),
      }),
    ),
    reasons: z
      .array(
        z.object({
          reason: z.string(),
          events: count,
          isTemporary: z.boolean().describe("whether a later audit can judge them: then they are in `unjudged`"),
        }),
      )
      .readonly()
      .describe("why something was not judged"),
    messages: count.describe("messages that Customer.io returned"),
    unknownNames: z.record(z.string(), count).describe("types and metrics that this version does not know"),
    notesSince: count.optional().describe("Unix seconds from which the relay's notes list what it has delivered"),
    comparedUntil: count
      .optional()
      .describe("Unix seconds: what happened later is not compared, since Customer.io may not list it yet"),
    webhookGone: z
      .string()
      .optional()
      .describe("what to do, if the App API key's workspace does not have the stack's webhook"),
    missingFile: z.string().optional().describe("file with the ids of what is missing, one JSON object per line"),
    extraFile: z.string().optional().describe("file with the ids of extra rows, and in `rows` how many an event has"),
    backfill: backfillResult.optional().describe("what `--heal` has sent"),
  }),
  check: checkAuditDays,
  async checkSources(values, sources, signal) {
    if (!values.heal) return;
    const direct = sources.find(({ hasRelay }) => !hasRelay);
    if (direct) throw new UsageError(`--heal sends through the relay, and the source ${direct.name} has none.`);
    await checkBackfill(sources, values, signal);
  },
  async run(source, values, context) {
    const { print } = context;
    const run = await runAudit(source, values, context);
    const { result, totals, verdict } = run;
    print(...auditLines(result, source.target));
    const healed = values.heal ? await backfillMissing(source, run, values, context) : undefined;
    const ending = healed ? endingOfHeal(healed, totals) : endings[verdict];
    const { cells, reasons, missingFile, extraFile, notesSince, comparedUntil, webhookGone, ...rest } = result;
    return {
      ending,
      json: {
        verdict,
        totals,
        cells: cells.map((cell) => ({ ...cell })),
        reasons: reasons.map((one) => ({ ...one })),
        ...rest,
        ...(notesSince !== undefined && { notesSince }),
        ...(comparedUntil !== undefined && { comparedUntil }),
        ...(webhookGone !== undefined && { webhookGone }),
        ...(missingFile !== undefined && { missingFile }),
        ...(extraFile !== undefined && { extraFile }),
        ...(healed && { backfill: healed }),
      },
    };
  },
});
