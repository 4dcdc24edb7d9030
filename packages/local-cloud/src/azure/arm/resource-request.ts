import type { PropertyMap } from "pulumi-provider-kit";
import type { ResourceType } from "./resource-types.ts";
import type { Resource } from "./subscription.ts";

/** A resource as it is asked for: what a refusal is judged by. */
export interface ResourceRequest {
  readonly id: string;
  readonly name: string;
  readonly type: ResourceType;
  readonly inputs: PropertyMap;
  /** What exists already; undefined on create. */
  readonly existing: Resource | undefined;
}
