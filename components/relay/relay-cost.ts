import * as pulumi from "@pulumi/pulumi";
import { estimate } from "../../relay/deploy/cost/estimate.ts";
import { knownPrices } from "../../relay/deploy/cost/prices.ts";
import { evenLoad, type RelayShape } from "../../relay/deploy/cost/usage.ts";
import type { Settings } from "../settings/setting-types.ts";
import type { AzureProfile } from "./azure/azure-profile.ts";

/** What the relay's resources cost in Azure in a month, in US dollars, estimated at public list prices. */
export interface EstimatedCost {
  readonly currency: "USD";
  readonly eventsPerMonth: number;
  /** Only meters with a known price. */
  readonly total: number;
  readonly meters: readonly {
    readonly meter: string;
    /** Units a month. */
    readonly quantity: number;
    readonly unit: string;
    /** Absent if no price is known. */
    readonly cost?: number;
    /** When and where the price was seen. */
    readonly priceDate?: string;
    readonly priceRegion?: string;
  }[];
}

interface RelayCostArgs
  extends Pick<
    Settings,
    | "monthlyEvents"
    | "instanceMemory"
    | "alwaysReadyInstances"
    | "eventQueues"
    | "duplicateWindowDays"
    | "logDetail"
    | "logRetentionDays"
    | "azureExisting"
  > {
  profile: Pick<AzureProfile, "storageRedundancy" | "zoneRedundant" | "separateHostStorage">;
  network: { readonly privateEndpoints: number; readonly privateZones: number } | undefined;
}

/**
 * The same estimate as that of `customerio-aep cost`, for the relay as the program declares it, with events that arrive
 * evenly.
 */
export function estimateCost({ profile, network, ...settings }: RelayCostArgs): pulumi.Output<EstimatedCost> {
  return pulumi
    .all([
      ...([settings.monthlyEvents, settings.instanceMemory, settings.alwaysReadyInstances] as const),
      ...([settings.duplicateWindowDays, settings.logDetail, settings.logRetentionDays] as const),
      ...([profile.storageRedundancy, profile.zoneRedundant] as const),
    ])
    .apply(([eventsPerMonth, instanceMemory, alwaysReady, duplicateWindowDays, logDetail, retention, ...storage]) => {
      const [redundancy, zoneRedundant] = storage;
      const shape: RelayShape = {
        redundancy,
        zoneRedundant,
        instanceMemory,
        alwaysReady,
        eventQueues: settings.eventQueues,
        duplicateWindowDays,
        logDetail,
        hostStorage: profile.separateHostStorage,
        logRetentionDays: settings.azureExisting.workspaceId === undefined ? retention : undefined,
        ...network,
      };
      const { total, meters } = estimate(shape, evenLoad(eventsPerMonth), knownPrices);
      return {
        currency: "USD" as const,
        eventsPerMonth,
        total: inCents(total),
        meters: meters.map(({ meter, quantity, unit, cost, price }) => ({
          meter,
          quantity: inCents(quantity),
          unit,
          ...(price && cost !== undefined
            ? { cost: inCents(cost), priceDate: price.date, priceRegion: price.region }
            : {}),
        })),
      };
    });
}

/**
 * The estimate in one line for a stack's output, most expensive meter first: an output of many lines would push an
 * error of `pulumi up` off the screen.
 */
export function describeCost(cost: EstimatedCost | null): string | null {
  if (cost === null) return null;
  const { eventsPerMonth, total, meters } = cost;
  const priced = meters
    .flatMap(({ meter, cost: amount = 0 }) => (amount > 0 ? [{ meter, amount }] : []))
    .toSorted((one, other) => other.amount - one.amount);
  const dates = meters.flatMap(({ priceDate }) => priceDate ?? []).toSorted();
  const unknown = meters.filter(({ cost: amount }) => amount === undefined).map(({ meter }) => meter);
  return (
    `$${total.toFixed(2)} a month for ${eventsPerMonth.toLocaleString("en-US")} events: ` +
    `${priced.map(({ meter, amount }) => `${meter} ${amount.toFixed(2)}`).join("; ")}` +
    ` (list prices seen ${[...new Set([dates[0], dates.at(-1)])].join(" to ")}` +
    `${unknown.length > 0 ? `; no price is known for ${unknown.join(", ")}` : ""})`
  );
}

function inCents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
