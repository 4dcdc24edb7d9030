import type { StackSource } from "../stack/source.ts";

/** The file in an audit's folder with its verdict and sums, for the console. It holds no ids. */
export const auditResultFile = "result.json";

/** How the folders of a source's audits begin, unless the operator names another. The dates follow. */
export function auditFolderPrefix(source: StackSource): string {
  return `audit-${source.target.stack}-${source.name}-`.replaceAll("/", "-");
}
