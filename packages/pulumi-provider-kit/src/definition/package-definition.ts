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
  /** Whether programs may be projects with the package's name. Their own settings then arrive too and are left out. */
  readonly sharesName?: boolean;
  readonly connect: (config: z.output<Config>) => Client;
  // biome-ignore lint/suspicious/noExplicitAny: a list of definitions of differing inputs and outputs
  readonly resources: readonly ResourceDefinition<Client, any, any>[];
  /** Loads the components for programs in other languages; those in TypeScript use their classes. Hardly any start needs them. */
  readonly components?: () => Promise<readonly ComponentDefinition[]>;
  // biome-ignore lint/suspicious/noExplicitAny: a list of definitions of differing arguments and results
  readonly functions?: readonly FunctionDefinition<Client, any, any>[];
  /**
   * Checks the place that a provider's changed settings leave, before its objects are replaced: throws if they must not be.
   *
   * @param former clients of that place: with the current credentials, and with the former ones
   * @param urn of the provider
   */
  readonly permitMove?: (former: readonly Client[], urn: string, signal: AbortSignal) => Promise<void>;
}
