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
  /** Of the meters whose price is known. */
  readonly total: number;
  readonly meters: readonly {
    readonly meter: string;
    /** Units a month. */
    readonly quantity: number;
    readonly unit: string;
    /** Absent where no price is known. */
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
    | "duplicateWindowDays"
    | "logDetail"
    | "logRetentionDays"
    | "azureExisting"
  > {
  profile: Pick<AzureProfile, "storageRedundancy" | "zoneRedundant" | "separateHostStorage">;
  network: { readonly privateEndpoints: number; readonly privateZones: number } | undefined;
}

/** The same estimate as that of `customerio-aep cost`, of the relay as the program declares it, for events that come evenly. */
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
        ...{ redundancy, zoneRedundant, instanceMemory, alwaysReady, duplicateWindowDays, logDetail },
        hostStorage: profile.separateHostStorage,
        logRetentionDays: settings.azureExisting.workspaceId === undefined ? retention : undefined,
        ...network,
      };
      const { total, meters } = estimate(shape, evenLoad(eventsPerMonth), knownPrices);
      return {
        ...{ currency: "USD" as const, eventsPerMonth, total: inCents(total) },
        meters: meters.map(({ meter, quantity, unit, cost, price }) => ({
          ...{ meter, quantity: inCents(quantity), unit },
          ...(price && cost !== undefined
            ? { cost: inCents(cost), priceDate: price.date, priceRegion: price.region }
            : {}),
        })),
      };
    });
}

function inCents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
