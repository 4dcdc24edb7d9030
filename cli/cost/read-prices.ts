import { z } from "zod";
import { knownPrices, type Price, priceSchema } from "../../relay/deploy/cost/prices.ts";
import { readNamedFile } from "../command/read-named-file.ts";
import { UsageError } from "../command/usage-error.ts";

const prices = z.record(z.string(), priceSchema);

/**
 * The known prices, replaced or extended by those of a JSON file.
 *
 * @throws UsageError if the file can't be read or is invalid
 */
export async function readPrices(file: string | undefined): Promise<Readonly<Record<string, Price>>> {
  if (file === undefined) return knownPrices;
  const text = await readNamedFile("--prices", file);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new UsageError(`--prices is invalid: ${file} is not JSON.`);
  }
  const parsed = prices.safeParse(given);
  if (!parsed.success) {
    throw new UsageError(
      `--prices is invalid: ${file} does not hold prices by meter.\n${z.prettifyError(parsed.error)}`,
    );
  }
  return { ...knownPrices, ...parsed.data };
}
