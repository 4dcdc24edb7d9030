import { findMissingForBenthos } from "./comparison/benthos.ts";
import { measureCeiling } from "./comparison/ceiling.ts";
import { type Comparison, ceilingText, comparisonText } from "./comparison/report.ts";
import { type Amounts, type Measured, measure } from "./comparison/run.ts";
import { type SystemName, systems } from "./comparison/systems.ts";
import type { EmulatorForm } from "./delivery/azurite.ts";
import { machine, writeSection } from "./page.ts";
import { repeat } from "./statistics.ts";

/** The slowest system sets the time of a round: the common function, above all on the stock emulator. */
const amounts: Readonly<Record<EmulatorForm, Amounts>> = {
  steady: { warmUp: 1_000, alone: 400, blast: 10_000, crowd: 1_000 },
  stock: { warmUp: 200, alone: 100, blast: 6_000, crowd: 256 },
};
const rounds = 3;

/** The systems that differ from one emulator to the other. */
const onEmulator: readonly SystemName[] = ["relay", "common", "plain"];

/**
 * The relay beside the common Azure function and plain Node, under the same load and on the same emulator, in turns; and beside Benthos with
 * Redis, if this machine has what it needs.
 *
 * A run of everything writes its results to `docs/performance.md`; a run of some parts only returns them.
 *
 * @param only which systems, `ceiling` for what the emulator itself can do, or `stock` for all systems on the emulator as Microsoft ships
 *   it; an empty list means all
 */
export async function measureComparison(only: readonly string[] = []): Promise<string> {
  const allNames = Object.keys(systems) as SystemName[];
  const parts = [...allNames, "ceiling", "stock"];
  const unknown = only.find((name) => !parts.includes(name));
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}; there are ${parts.join(", ")}.`);
  const wanted = (name: string) => only.length === 0 || only.includes(name);
  const texts = [];
  const missing = wanted("benthos") ? await findMissingForBenthos() : [];
  if (missing.length > 0) process.stderr.write(`without Benthos: this machine lacks ${missing.join(" and ")}\n`);
  const names = allNames.filter((name) => wanted(name) && (name !== "benthos" || missing.length === 0));
  if (names.length > 0) texts.push(comparisonText(await compare(names, "steady")));
  if (wanted("ceiling")) texts.push(ceilingText(await repeat(rounds, measureCeiling)));
  if (wanted("stock")) {
    const text = comparisonText(await compare(onEmulator, "stock"));
    texts.push(`The same with Azurite as Microsoft ships it, and its data on disk:\n\n${text}`);
  }
  const about = `${machine("azurite")} Sender, sink, emulator and system share the machine.`;
  const text = `${[about, ...texts].join("\n\n")}\n`;
  if (only.length === 0) await writeSection("comparison", text);
  return text;
}

async function compare(names: readonly SystemName[], form: EmulatorForm): Promise<Comparison> {
  const measured: Partial<Record<SystemName, Measured[]>> = {};
  for (let round = 1; round <= rounds; round += 1) {
    for (const name of names) {
      process.stderr.write(`${form} emulator, round ${round} of ${rounds}: ${name}\n`);
      measured[name] = [...(measured[name] ?? []), await measure(name, amounts[form], form)];
    }
  }
  return { amounts: amounts[form], rounds: measured };
}
