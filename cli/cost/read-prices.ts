import { readFile } from "node:fs/promises";
import { z } from "zod";
import { knownPrices, type Price, priceSchema } from "../../relay/deploy/cost/prices.ts";
import { UsageError } from "../command/usage-error.ts";

const prices = z.record(z.string(), priceSchema);

/**
 * The known prices, replaced or extended by those of a JSON file.
 *
 * @throws UsageError if the file can't be read or is invalid
 */
export async function readPrices(file: string | undefined): Promise<Readonly<Record<string, Price>>> {
  if (file === undefined) return knownPrices;
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new UsageError(`--prices: ${file} can't be read: ${(error as Error).message}`);
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new UsageError(`--prices: ${file} is not JSON.`);
  }
  const parsed = prices.safeParse(given);
  if (!parsed.success) throw new UsageError(`--prices: ${file} is invalid.\n${z.prettifyError(parsed.error)}`);
  return { ...knownPrices, ...parsed.data };
}
