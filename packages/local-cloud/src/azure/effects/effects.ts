import type { PropertyMap } from "pulumi-provider-kit";
import type { FunctionApps } from "../app-service/function-apps.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import type { Resource, Subscription } from "../arm/subscription.ts";
import type { StorageAccounts } from "../storage/storage-accounts.ts";
import type { AzureSwitches } from "../switches.ts";

/** The parts that resource effects act on. */
export interface AzureParts {
  readonly subscription: Subscription;
  readonly storage: StorageAccounts;
  readonly apps: FunctionApps;
  readonly switches: AzureSwitches;
}

/** What happens when a resource is created, changed or deleted. Each returns the outputs that only Azure knows. */
export interface Effects {
  readonly create?: (request: ResourceRequest, parts: AzureParts) => PropertyMap | Promise<PropertyMap>;
  readonly update?: (
    request: ResourceRequest & { existing: Resource },
    parts: AzureParts,
  ) => PropertyMap | Promise<PropertyMap>;
  /** What a PATCH changes, for types that have one. */
  readonly patch?: (resource: Resource, properties: PropertyMap, parts: AzureParts) => void | Promise<void>;
  /** Throws an `ArmError` where Azure refuses. */
  readonly refuseDelete?: (resource: Resource, parts: AzureParts) => void;
  readonly delete?: (resource: Resource, parts: AzureParts) => void | Promise<void>;
  /** Outputs that change by themselves. */
  readonly read?: (resource: Resource, parts: AzureParts) => Promise<PropertyMap>;
}
