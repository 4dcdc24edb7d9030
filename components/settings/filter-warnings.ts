import { comparedName, metricsByObjectType } from "pulumi-customerio/events";
import { nearest } from "pulumi-provider-kit/settings";
import { verification } from "../../events/verification.ts";
import type { EventFilters } from "../../relay/core/policy/policy.ts";

const known = {
  objectTypes: [...Object.keys(metricsByObjectType), verification.objectType],
  metrics: [...new Set<string>(Object.values(metricsByObjectType).flat())],
} as const;

/**
 * Names in the filters that the event catalogue does not have. Customer.io adds object types and metrics without notice, so they are
 * used unchanged; a misspelled one matches no event.
 */
export function filterWarnings(filters: EventFilters): { readonly setting: string; readonly reason: string }[] {
  return (["only", "except"] as const).flatMap((rule) =>
    (["objectTypes", "metrics"] as const).flatMap((list) =>
      (filters[rule]?.[list] ?? []).flatMap((name, index) => {
        if (known[list].includes(String(comparedName(name)))) return [];
        const meant = nearest(name, known[list]);
        const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
        const what = list === "metrics" ? "a metric" : "an object type";
        const reason = `"${name}" is ${what} that this package does not know. It is used unchanged.${hint}`;
        return [{ setting: `filters.${rule}.${list}[${index}]`, reason }];
      }),
    ),
  );
}
