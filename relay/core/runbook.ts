/** The page of the package that says what to do about each alert and each finding. */
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
] as const;

/** A section of that page. A finding that an alert is about as well has the alert's. */
export type RunbookSection = (typeof findingSections)[number] | `alert-${string}`;

/** Where a section is: a file of the package, and the heading in it. */
export function runbookOf(section: RunbookSection): string {
  return `${page}#${section}`;
}
