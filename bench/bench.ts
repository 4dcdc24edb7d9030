/** `npm run bench`: start-up and memory of the providers, speed of the relay, measured on this machine, as a table. */
import { availableParallelism } from "node:os";
import { hidingPersonalData } from "./personal-data.ts";
import { providerStart } from "./provider-start.ts";
import { relayBundle } from "./relay-bundle.ts";
import { relayIntake } from "./relay-intake.ts";
import { table } from "./statistics.ts";

console.log(`Node ${process.version}, ${availableParallelism()} cores; times are medians unless they say otherwise\n`);
const figures = [
  ...(await providerStart()),
  ...(await relayIntake()),
  ...hidingPersonalData(),
  ...(await relayBundle()),
];
console.log(table(figures));
