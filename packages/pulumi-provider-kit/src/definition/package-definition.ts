import type { z } from "zod";
import type { ComponentDefinition } from "./component-definition.ts";
import type { FunctionDefinition, ResourceDefinition } from "./resource-definition.ts";

export interface PackageDefinition<Client, Config extends z.ZodObject> {
  /** The package's name, which is also the namespace of its settings: `aep`. */
  readonly name: string;
  readonly version: string;
  readonly displayName: string;
  readonly description: string;
  readonly config: Config;
  /** Whether programs may be projects of the same name, so that other settings come along, which are left out. */
  readonly sharesName?: boolean;
  readonly connect: (config: z.output<Config>) => Client;
  // biome-ignore lint/suspicious/noExplicitAny: a list of definitions of differing inputs and outputs
  readonly resources: readonly ResourceDefinition<Client, any, any>[];
  /** Components for programs in other languages; those in TypeScript use their classes. */
  readonly components?: readonly ComponentDefinition[];
  // biome-ignore lint/suspicious/noExplicitAny: a list of definitions of differing arguments and results
  readonly functions?: readonly FunctionDefinition<Client, any, any>[];
  /**
   * Looks at the place that a provider's changed settings leave, before its objects are replaced: throws if that must not be.
   *
   * @param former clients of that place: by how it is reached now, and by how it was reached then
   * @param urn of the provider
   */
  readonly permitMove?: (former: readonly Client[], urn: string, signal: AbortSignal) => Promise<void>;
}
