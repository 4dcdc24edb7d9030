/**
 * `npm run bench`: start-up and memory of the providers, speed of the relay, measured on this machine, as a table.
 *
 *   npm run bench                              all but the following, which take minutes
 *   npm run bench -- comparison [part …]       the relay compared with common alternatives: relay, common, plain, benthos, ceiling, stock; without
 *                                              parts it writes docs/performance.md, in about 15 minutes
 *   npm run bench -- pulumi [part …]           up, preview and destroy by phase, and many sources in one program: life, growth; without parts
 *                                              it writes docs/performance.md, in about 5 minutes
 *   npm run bench -- worker                    the deployed bundle's own processor time and memory, without a host, and where the time goes
 *   npm run bench -- memory                    100 bodies of 1 MB at a time, and the memory of an instance meanwhile
 *   npm run bench -- delivery [scenario …]     the relay's delivery under load, 20 minutes: throttled, failing, outage, gentle, permanent, refused, backlog3, backlog10, backlog30, records
 *   npm run bench -- audit                     an audit of a million deliveries, 6 minutes
 */
import { availableParallelism } from "node:os";
import { measureAudit } from "./audit.ts";
import { measureComparison } from "./comparison.ts";
import { measureDelivery } from "./delivery.ts";
import { measureLargeBodies } from "./large-bodies.ts";
import { measurePersonalData } from "./personal-data.ts";
import { measureProviderStart } from "./provider-start.ts";
import { measurePulumi } from "./pulumi.ts";
import { measureRelayBundle } from "./relay-bundle.ts";
import { measureRelayIntake } from "./relay-intake.ts";
import { table } from "./statistics.ts";
import { measureWorker } from "./worker.ts";

const parts: Readonly<Record<string, (names: readonly string[]) => Promise<string>>> = {
  comparison: measureComparison,
  pulumi: measurePulumi,
  worker: async () => table(await measureWorker()),
  audit: async () => table(await measureAudit()),
  memory: async () => table(await measureLargeBodies()),
  delivery: async (scenarios) => table(await measureDelivery(scenarios)),
};

const [part, ...names] = process.argv.slice(2);
const run = part === undefined ? everything : parts[part];
if (run === undefined) throw new Error(`There is no part "${part}"; there are ${Object.keys(parts).join(", ")}.`);
console.log(`Node ${process.version}, ${availableParallelism()} cores; times are medians unless they say otherwise\n`);
console.log(await run(names));

async function everything(): Promise<string> {
  return table([
    ...(await measureProviderStart()),
    ...(await measureRelayIntake()),
    ...measurePersonalData(),
    ...(await measureRelayBundle()),
  ]);
}
