import { z } from "zod";
import { deadLetterClass } from "../../relay/core/event/dead-letter.ts";
import type { OptionTable, ValuesOf } from "../command/definition.ts";
import type { DeadLetterFilter } from "./dead-letter-filter.ts";

const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/, "it must be a date, or an ISO 8601 time with its zone")
  .transform((given) => new Date(given))
  .refine((date) => !Number.isNaN(date.getTime()), "there is no such time");

/** The options that select dead letters. */
export const filterOptions = {
  class: {
    value: "class",
    description: "only dead letters of this class",
    schema: deadLetterClass.optional(),
  },
  reason: {
    value: "text",
    description: "only those whose reason contains this text",
    schema: z.string().optional(),
  },
  "object-type": {
    value: "type",
    description: "only events of this object type, such as email",
    schema: z.string().optional(),
  },
  metric: {
    value: "metric",
    description: "only events of this metric, such as sent",
    schema: z.string().optional(),
  },
  from: {
    value: "time",
    description: "only those that the relay received at this time or later: 2026-11-20, or 2026-11-20T10:00:00Z",
    schema: time.optional(),
  },
  to: {
    value: "time",
    description: "only those that the relay received before this time",
    schema: time.optional(),
  },
} as const satisfies OptionTable;

export function filterOf(chosen: ValuesOf<typeof filterOptions>): DeadLetterFilter {
  return {
    class: chosen.class,
    reason: chosen.reason,
    metric: chosen.metric,
    objectType: chosen["object-type"],
    from: chosen.from,
    to: chosen.to,
  };
}
