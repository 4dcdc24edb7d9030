import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { buildRelay } from "../../relay/build.ts";
import type { Counts } from "../../relay/core/counts/counts.ts";
import { malformedAmong } from "./events.ts";
import { type Balance, balanceOf, tableOf } from "./ledger.ts";
import type { Load, Scenario } from "./scenario.ts";
import { scenarios } from "./scenarios.ts";
import { SharedClock } from "./shared-clock.ts";
import { Storage } from "./storage.ts";
import { World } from "./world.ts";

// Parameters of a run: a seed to repeat, and more events over a longer time, as in `npm run conservation`.
/** Whether this is `npm run conservation`, not `npm test`: npm passes the script's name. */
const isLong = process.env.npm_lifecycle_event === "conservation";
const seed = Number(process.env.CONSERVATION_SEED ?? Math.floor(Math.random() * 2 ** 31));
const load: Load = {
  // Scenarios send them in up to four equal parts.
  count: Math.ceil(Number(process.env.CONSERVATION_EVENTS ?? (isLong ? 100 : 24)) / 4) * 4,
  duration: Number(process.env.CONSERVATION_SECONDS ?? (isLong ? 1.5 : 0.3)) * 1000,
};
const rows: { scenario: string; balance: Balance; seconds: number }[] = [];

let folder: string;
let bundle: string;
let clock: SharedClock;
let storage: Storage;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-conservation-"));
  bundle = (await buildRelay()).folder;
  clock = new SharedClock(folder);
  storage = await Storage.start(path.join(folder, "storage"), clock);
}, 60_000);

afterAll(async () => {
  await storage.stop();
  process.stdout.write(`\nConservation of events, seed ${seed}\n${tableOf(rows)}\n`);
  await rm(folder, { recursive: true, force: true });
});

test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
  "%s",
  async (name, scenario) => {
    const started = Date.now();
    const place = path.join(folder, name.replaceAll(/\W+/g, "-"));
    const world = await World.start({
      seed,
      storage,
      clock,
      bundle,
      folder: place,
      ...(scenario.instances && { instances: scenario.instances }),
      ...(scenario.source && { source: scenario.source }),
      ...(scenario.settings && { settings: scenario.settings }),
    });
    try {
      await scenario.act(world, load);
      await world.settle();
      const logs = await world.logs();
      const balance = balanceOf(logs);
      rows.push({ scenario: name, balance, seconds: (Date.now() - started) / 1000 });
      const counts = await world.counts();
      const wrong = mistakes(scenario, { balance, outcomes: world.outcomes(), counts });
      if (wrong.length === 0) return;
      throw new Error(`${wrong.join("\n")}\n${await reproduction(name, { logs, hosts: world.log() })}`);
    } finally {
      await world.close();
      await rm(place, { recursive: true, force: true });
    }
  },
  300_000,
);

/** What must not happen: events lost, invented, left over or refused, or repeated without a fault. */
function mistakes(
  { mayRepeat = true, mayExpire = false, hasForgeries = false }: Scenario,
  { balance, outcomes, counts }: { balance: Balance; outcomes: readonly Record<string, unknown>[]; counts: Counts },
): string[] {
  const countOutcome = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const refused = countOutcome("refused");
  // A busy machine may keep a table from answering in time, or Customer.io from its answer; the relay then says so.
  const isCalm = countOutcome("duplicatesUnknown") + countOutcome("unavailable") === 0;
  const { sent, accepted, dead, pending, duplicates, lost, unexpected } = balance;
  const { setAside, delivered, duplicate, gone } = counts;
  const missing = counts.accepted + setAside - delivered - duplicate - gone - dead - pending;
  const tell = (wrong: boolean, words: string) => (wrong ? [words] : []);
  return [
    ...tell(lost.length > 0, `lost: ${lost.join(", ")}`),
    ...tell(unexpected.length > 0, `unexpected: ${unexpected.join(", ")}`),
    ...tell(accepted !== sent, `${sent - accepted} of ${sent} never accepted`),
    ...tell(pending > 0, `${pending} still pending`),
    ...tell(
      !mayExpire && dead !== malformedAmong(load.count),
      `${dead} dead letters, not ${malformedAmong(load.count)}`,
    ),
    ...tell(!mayRepeat && isCalm && duplicates > 0, `${duplicates} delivered twice`),
    ...tell(
      !mayRepeat && isCalm && missing !== 0,
      `the relay's own counts are off by ${missing}: ${JSON.stringify(counts)}`,
    ),
    ...tell(refused > 0 && !hasForgeries, `${refused} calls refused`),
  ];
}

/** Keeps the logs, and prints how to repeat the run. */
async function reproduction(name: string, found: object): Promise<string> {
  const file = path.join(tmpdir(), `conservation-${seed}-${name.replaceAll(/\W+/g, "-")}.json`);
  await writeFile(file, JSON.stringify(found, null, 1));
  const again = `CONSERVATION_SEED=${seed} CONSERVATION_EVENTS=${load.count} CONSERVATION_SECONDS=${load.duration / 1000}`;
  return `The logs of all three: ${file}\nThe same again: ${again} npx jest test/conservation -t '${name}'`;
}
