/**
 * `npm run bench`: start-up and memory of the providers, speed of the relay, measured on this machine, as a table.
 *
 *   npm run bench                              all but the delivery, which takes 20 minutes
 *   npm run bench -- delivery [scenario …]     the relay's delivery under load: failing, outage, gentle, permanent, refused, backlog3, backlog10, backlog30, records
 */
import { availableParallelism } from "node:os";
import { delivery } from "./delivery.ts";
import { hidingPersonalData } from "./personal-data.ts";
import { providerStart } from "./provider-start.ts";
import { relayBundle } from "./relay-bundle.ts";
import { relayIntake } from "./relay-intake.ts";
import { table } from "./statistics.ts";

const [part, ...scenarios] = process.argv.slice(2);
if (part !== undefined && part !== "delivery") throw new Error(`There is no part "${part}", only "delivery".`);
console.log(`Node ${process.version}, ${availableParallelism()} cores; times are medians unless they say otherwise\n`);
const figures =
  part === "delivery"
    ? await delivery(scenarios)
    : [...(await providerStart()), ...(await relayIntake()), ...hidingPersonalData(), ...(await relayBundle())];
console.log(table(figures));
