import type { PropertyMap } from "pulumi-provider-kit";
import type { ResourceType } from "./resource-types.ts";
import type { Resource } from "./subscription.ts";

/** A requested resource, from which refusals are decided. */
export interface ResourceRequest {
  readonly id: string;
  readonly name: string;
  readonly type: ResourceType;
  readonly inputs: PropertyMap;
  /** The existing resource; undefined on create. */
  readonly existing: Resource | undefined;
}
