import { measureCeiling } from "./comparison/ceiling.ts";
import { type Comparison, comparisonText } from "./comparison/report.ts";
import { type Amounts, type Measured, measure } from "./comparison/run.ts";
import { type SystemName, systems } from "./comparison/systems.ts";
import { writeSection } from "./page.ts";

/** The relay delivers about five times as fast as the common function, which sets the time of a round. */
const amounts: Amounts = { warmUp: 1_000, alone: 400, blast: 10_000, crowd: 1_000 };
const rounds = 3;

/**
 * The relay beside the common Azure function and plain Node, under the same load and on the same emulator, in turns.
 *
 * A run of everything writes its results to `docs/performance.md`; a run of some parts only returns them.
 *
 * @param only which systems, or `ceiling` for what the emulator itself can do; an empty list means all
 */
export async function measureComparison(only: readonly string[] = []): Promise<string> {
  const parts = [...Object.keys(systems), "ceiling"];
  const unknown = only.find((name) => !parts.includes(name));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}; there are ${parts.join(", ")}.`);
  const wanted = (name: string) => only.length === 0 || only.includes(name);
  const names = (Object.keys(systems) as SystemName[]).filter(wanted);
  const measured: Partial<Record<SystemName, Measured[]>> = {};
  const ceilings: Comparison["ceilings"][number][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) {
      process.stderr.write(`round ${round} of ${rounds}: ${name}\n`);
      measured[name] = [...(measured[name] ?? []), await measure(name, amounts)];
    }
    if (wanted("ceiling")) ceilings.push(await measureCeiling());
  }
  const text = comparisonText({ amounts, rounds: measured, ceilings });
  if (only.length === 0) await writeSection("comparison", text);
  return text;
}
