import { z } from "zod";
import { type Estimate, estimate, type Lever, leversOf } from "../../relay/deploy/cost/estimate.ts";
import { evenLoad } from "../../relay/deploy/cost/usage.ts";
import { defineCommand } from "../command/definition.ts";
import { positiveNumber } from "../command/number-option.ts";
import { readPrices } from "./read-prices.ts";
import { relayShapeOf } from "./relay-shape.ts";

const meterJson = z.object({
  meter: z.string(),
  quantity: z.number().describe("units a month"),
  unit: z.string(),
  cost: z.number().optional().describe("US dollars a month; absent where no price is known"),
  price: z
    .object({
      amount: z.number(),
      per: z.number(),
      free: z.number(),
      region: z.string(),
      date: z.string(),
      source: z.string(),
    })
    .optional(),
});

export const costCommand = defineCommand({
  name: "cost",
  summary: "estimate what the relay's resources in Azure cost a month, by meter",
  description:
    "Uses the relay's settings after the last `npx pulumi up`, measurements of what an event uses, and public list prices, each with " +
    "its region, date and source. Put prices of your own region or contract into a JSON file (`--prices`) that has, for each meter, an object " +
    "with `amount`, `per`, `free`, `region`, `date` and `source`. A meter without a price is listed, but not in the total. This is an estimate, " +
    "not an offer: retries, dead letters, large events and diagnostic settings cost extra. Platform and Customer.io charge separately.",
  options: {
    "events-per-month": { value: "number", description: "events per month", schema: positiveNumber },
    "events-per-second": {
      value: "number",
      description: "how fast events arrive in a blast; without it, they arrive evenly all month, which costs the most",
      schema: positiveNumber.optional(),
    },
    prices: {
      value: "file",
      description: "prices that replace the known ones, or add to them",
      schema: z.string().optional(),
    },
  },
  examples: [
    { args: "cost --stack prod --events-per-month 3000000", shows: "every meter, the total, and what would lower it" },
    {
      args: "cost --events-per-month 3000000 --events-per-second 100",
      shows: "the same for blasts of 100 events a second",
    },
    { args: "cost --events-per-month 3000000 --prices ours.json --json", shows: "with your own prices, for a script" },
  ],
  needsSecrets: false,
  needsStorage: true,
  stopsInOrder: false,
  json: z.object({
    currency: z.literal("USD"),
    total: z.number().describe("a month, of the meters whose price is known"),
    meters: z.array(meterJson),
    levers: z.array(z.object({ change: z.string(), saves: z.number().describe("US dollars a month") })),
  }),
  async check({ prices }) {
    await readPrices(prices);
  },
  async run(source, values, { print }) {
    const even = evenLoad(values["events-per-month"]);
    const prices = await readPrices(values.prices);
    const shape = relayShapeOf(source);
    const load = { ...even, eventsPerSecond: values["events-per-second"] ?? even.eventsPerSecond };
    const found = estimate(shape, load, prices);
    const levers = leversOf(shape, load, prices);
    print(...costLines(found, levers));
    const meters = found.meters.map(({ cost, price, ...used }) => ({ ...used, ...(price && { cost, price }) }));
    return { ending: "well", json: { currency: "USD" as const, total: found.total, meters, levers } };
  },
});

const dollars = (amount: number) => `$${amount.toFixed(2)}`;
const count = (quantity: number) =>
  quantity >= 100 ? Math.round(quantity).toLocaleString("en-US") : quantity.toFixed(2);

/** What the command prints. */
export function costLines({ meters, total }: Estimate, levers: readonly Lever[]): string[] {
  const priced = meters.map(({ meter, quantity, unit, cost, price }) => {
    const what = `${meter.padEnd(30)} ${`${count(quantity)} ${unit}`.padStart(26)}`;
    return price && cost !== undefined
      ? `${what} ${dollars(cost).padStart(10)}  ${price.region}, ${price.date}: ${price.source}`
      : `${what} ${"?".padStart(10)}  no price is known: give one with --prices`;
  });
  const saving = levers.map(({ change, saves }) => `${dollars(saves).padStart(10)} less with ${change}`);
  return [
    ...priced,
    `${"total of a month".padEnd(57)} ${dollars(total).padStart(10)}`,
    ...(saving.length > 0 ? ["", ...saving] : []),
  ];
}
