import type { StackResource } from "../../cli/stack/state.ts";

/** A resource as the state of a stack has it, with only what a test cares about. */
export function stackResource(type: string, rest: Partial<StackResource> = {}): StackResource {
  return {
    type,
    id: "1",
    urn: `urn:pulumi:dev::shop::${type}::${type}`,
    name: type,
    parent: undefined,
    provider: undefined,
    dependencies: [],
    delete: false,
    modifiedAt: undefined,
    inputs: {},
    outputs: {},
    ...rest,
  };
}
