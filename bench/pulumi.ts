import { ensureEngine } from "../packages/local-cloud/src/engine/engine.ts";
import { writeSection } from "./page.ts";
import { measureGrowth } from "./pulumi/growth.ts";
import { type Life, measureLife } from "./pulumi/life.ts";
import { growthText, lifeText } from "./pulumi/report.ts";

const rounds = 3;

/**
 * The time of Pulumi's commands on the local stack by phase, the size of the state, and how a preview grows with the number of sources.
 *
 * A run of everything writes its results to `docs/performance.md`; a run of some parts only returns them.
 *
 * @param only `life`, `growth`; an empty list means both
 */
export async function measurePulumi(only: readonly string[] = []): Promise<string> {
  const unknown = only.find((name) => name !== "life" && name !== "growth");
  if (unknown !== undefined) throw new Error(`There is no part ${unknown}; there are life, growth.`);
  const wanted = (name: string) => only.length === 0 || only.includes(name);
  await ensureEngine((line) => process.stderr.write(`${line}\n`));
  const lives: Life[] = [];
  for (let round = 1; wanted("life") && round <= rounds; round += 1) {
    process.stderr.write(`round ${round} of ${rounds}\n`);
    lives.push(await measureLife());
  }
  const texts = [
    ...(wanted("life") ? [lifeText(lives)] : []),
    ...(wanted("growth") ? [growthText(await measureGrowth())] : []),
  ];
  const text = texts.join("\n");
  if (only.length === 0) await writeSection("pulumi", text);
  return text;
}
