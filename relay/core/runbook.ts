/** The package's page with instructions for each alert and finding. */
const page = "customerio-aep/docs/runbooks.md";

/** The sections on findings of `customerio-aep status`. Each section on an alert is called `alert-<name>`. */
export const findingSections = [
  "finding-check-failed",
  "finding-webhook",
  "finding-functions",
  "finding-queue-deleted",
  "finding-dataflow",
  "finding-records-failed",
  "finding-rows-missing",
  "finding-versions",
  "finding-disk",
  "finding-clock",
] as const;

/** A section of that page. A finding that also has an alert uses the alert's section. */
export type RunbookSection = (typeof findingSections)[number] | `alert-${string}`;

/** The location of a section: a file of the package and a heading in it. */
export function runbookOf(section: RunbookSection): string {
  return `${page}#${section}`;
}
