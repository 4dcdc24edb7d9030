import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

/** Customer.io's own API descriptions, kept beside the repository if available. */
const folder = path.resolve(import.meta.dirname, "../../../../../shared/specs/customerio");

/** A suite that compares with Customer.io's API descriptions; skipped with a message if they are not available. */
export function describeWithSpecs(name: string, suite: () => void): void {
  if (existsSync(folder)) describe(name, suite);
  else describe.skip(`${name} (skipped: Customer.io's API descriptions are not at hand)`, suite);
}

/** The description of that file name, JSON or YAML; an empty object if it is not available. */
export function customerIoSpec(file: string): unknown {
  const full = path.join(folder, file);
  return existsSync(full) ? parse(readFileSync(full, "utf8")) : {};
}
