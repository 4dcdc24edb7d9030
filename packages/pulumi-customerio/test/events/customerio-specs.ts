import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";

/** Customer.io's own API descriptions, kept beside the repository where they are at hand. */
const folder = path.resolve(import.meta.dirname, "../../../../../shared/specs/customerio");

/** A suite that compares with Customer.io's API descriptions; skipped, saying so, where these aren't at hand. */
export function describeWithSpecs(name: string, suite: () => void): void {
  if (existsSync(folder)) describe(name, suite);
  else describe.skip(`${name} (skipped: Customer.io's API descriptions are not at hand)`, suite);
}

/** The description of that file name, JSON or YAML; an empty object where it isn't at hand. */
export function customerIoSpec(file: string): unknown {
  const full = path.join(folder, file);
  return existsSync(full) ? parse(readFileSync(full, "utf8")) : {};
}
