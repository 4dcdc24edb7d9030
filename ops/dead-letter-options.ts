import { z } from "zod";
import type { DeadLetterFilter } from "./dead-letter-filter.ts";
import { UsageError } from "./usage-error.ts";

/** How commands that are about dead letters are told which ones. */
export const filterUsage = `  --class <class>            only malformed, refused, expired, poison or unreadable ones
  --reason <text>            only those whose reason contains this text
  --object-type <type>       only events of this object type, such as email
  --metric <metric>          only events of this metric, such as sent
  --from <time>, --to <time> only those that the relay received in this time: 2026-11-20, or 2026-11-20T10:00:00Z`;

const text = { type: "string" } as const;

/** For `parseArgs`. */
export const filterOptions = { class: text, reason: text, "object-type": text, metric: text, from: text, to: text };

const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/, "it must be a date, or an ISO 8601 time with its zone")
  .transform((given) => new Date(given))
  .refine((date) => !Number.isNaN(date.getTime()), "there is no such time");

/** What was given for `filterOptions` and `stackOptions`. */
export const filterChoices = z.object({
  stack: z.string().optional(),
  "config-file": z.string().optional(),
  class: z.enum(["malformed", "refused", "expired", "poison", "unreadable"]).optional(),
  reason: z.string().optional(),
  "object-type": z.string().optional(),
  metric: z.string().optional(),
  from: time.optional(),
  to: time.optional(),
});

export function filterOf(chosen: z.output<typeof filterChoices>): DeadLetterFilter {
  return {
    ...{ class: chosen.class, reason: chosen.reason, metric: chosen.metric, objectType: chosen["object-type"] },
    ...{ from: chosen.from, to: chosen.to },
  };
}

/** @throws UsageError naming the first option that can't be used */
export function choose<Choices extends z.ZodType>(choices: Choices, values: object): z.output<Choices> {
  const parsed = choices.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`--${issue?.path.join(".")} is not right: ${issue?.message}`);
}
