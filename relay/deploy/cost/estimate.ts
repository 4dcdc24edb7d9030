import type { Price } from "./prices.ts";
import { type Load, type Quantity, type RelayShape, usageOf } from "./usage.ts";

interface PricedMeter extends Quantity {
  /** Undefined without a known price. */
  readonly price: Price | undefined;
  /** US dollars a month; undefined without a known price. */
  readonly cost: number | undefined;
}

export interface Estimate {
  readonly meters: readonly PricedMeter[];
  /** US dollars a month, for the meters with a known price. */
  readonly total: number;
}

/** A change of the settings, and how much it saves per month. */
export interface Lever {
  readonly change: string;
  readonly saves: number;
}

type Prices = Readonly<Record<string, Price>>;

export function estimate(shape: RelayShape, load: Load, prices: Prices): Estimate {
  const meters = usageOf(shape, load).map((used): PricedMeter => {
    const price = prices[used.meter];
    const cost = price && (Math.max(0, used.quantity - price.free) / price.per) * price.amount;
    return { ...used, price, cost };
  });
  return { meters, total: meters.reduce((sum, { cost }) => sum + (cost ?? 0), 0) };
}

const levers: readonly { readonly change: string; readonly to: Partial<RelayShape> }[] = [
  { change: "logDetail summary", to: { logDetail: "summary" } },
  { change: "instanceMemory 512", to: { instanceMemory: 512 } },
  { change: "alwaysReadyInstances 0 (calls then wait for a cold start)", to: { alwaysReady: 0 } },
  { change: "duplicateWindowDays 0 (events may reach Platform twice)", to: { duplicateWindowDays: 0 } },
  { change: "azure.zoneRedundant false (a lost zone stops the relay for a while)", to: { zoneRedundant: false } },
  { change: "azure.storageRedundancy LRS (a lost datacenter loses what waits)", to: { redundancy: "LRS" } },
  { change: "logRetentionDays 90", to: { logRetentionDays: 90 } },
];

/** Possible changes, the largest saving first; savings of less than a cent are left out. */
export function leversOf(shape: RelayShape, load: Load, prices: Prices): Lever[] {
  const { total } = estimate(shape, load, prices);
  return levers
    .map(({ change, to }) => ({ change, saves: total - estimate({ ...shape, ...to }, load, prices).total }))
    .filter(({ saves }) => saves >= 0.01)
    .sort((one, other) => other.saves - one.saves);
}
