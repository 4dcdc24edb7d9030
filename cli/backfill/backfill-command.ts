import { metricsByObjectType } from "pulumi-customerio/events";
import { z } from "zod";
import { auditLines } from "../audit/report.ts";
import { auditOptions, checkAuditDays, runAudit } from "../audit/run-audit.ts";
import { defineCommand } from "../command/definition.ts";
import { backfillMissing, checkBackfill } from "./backfill.ts";
import { backfillOptions, backfillResult } from "./options.ts";
import { revertBackfill } from "./revert.ts";

const known: ReadonlySet<string> = new Set(Object.values(metricsByObjectType).flat());
// With a name that does not exist, there would seem to be nothing to send.
const names = z
  .string()
  .transform((text) => text.split(",").map((name) => name.trim().toLowerCase()))
  .refine(
    (list) => list.every((name) => known.has(name)),
    "it must be metrics, separated by commas, such as sent,opened",
  );

export const backfillCommand = defineCommand({
  name: "backfill",
  summary: "rebuild events that never arrived from what Customer.io recorded, and send them",
  description:
    "Audits the days first, and sends only missing events: those from before the webhook existed or while it was disabled, and those that " +
    "Customer.io gave up on. The events go through the relay's queue, so filters, personal data options, mapping and dead letters apply. Their " +
    "rows have `rebuilt` in the field `origin`. `--via batch` uploads the same rows as a batch, which you can revert. You can stop and repeat " +
    "the command at any time. See docs/backfill.md for what can't be rebuilt.",
  options: {
    ...auditOptions,
    metrics: { value: "names", description: "only these metrics, such as sent,opened", schema: names.optional() },
    ...backfillOptions,
    "dry-run": {
      description: "only report what would be sent, and how long it would take",
      schema: z.boolean().default(false),
    },
    revert: {
      description: "remove from the dataset the batches that a backfill of these days has uploaded, and send nothing",
      schema: z.boolean().default(false),
    },
  },
  waiting: "something can't be judged yet, or Platform does not finish a batch",
  examples: [
    {
      args: "backfill --stack prod --from 2026-06-01 --to 2026-08-31 --dry-run",
      shows: "what is missing from the summer, and how long a backfill would take",
    },
    { args: "backfill --stack prod --from 2026-06-01 --to 2026-08-31", shows: "sends these events" },
    {
      args: "backfill --stack prod --from 2026-06-01 --to 2026-08-31 --via batch",
      shows: "uploads it as a batch, for millions of events",
    },
    { args: "backfill --stack prod --from 2026-06-01 --to 2026-08-31 --revert", shows: "reverts that batch" },
  ],
  needsSecrets: true,
  needsStorage: true,
  stopsInOrder: true,
  json: backfillResult,
  check: checkAuditDays,
  async checkSources(values, sources, signal) {
    if (!values.revert && !values["dry-run"]) await checkBackfill(sources, values, signal);
  },
  async run(source, values, context) {
    if (values.revert) {
      const json = await revertBackfill(source, values, context);
      return { ending: json.stalled ? "waiting" : "well", json };
    }
    const run = await runAudit(source, values, context);
    context.print(...auditLines(run.result, source.target));
    const done = await backfillMissing(source, run, values, context);
    return { ending: done.stopped ? "interrupted" : done.unjudged > 0 ? "waiting" : "well", json: done };
  },
});
