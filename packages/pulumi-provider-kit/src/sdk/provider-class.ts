import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { propertiesWhere } from "../definition/metadata.ts";

/** A package's settings as arguments of an explicit provider. */
export type ProviderArgs<Config extends z.ZodObject> = {
  [Key in keyof z.input<Config>]: pulumi.Input<z.input<Config>[Key]>;
};

export interface ProviderClass<Config extends z.ZodObject> {
  new (name: string, args: ProviderArgs<Config>, options?: pulumi.ResourceOptions): pulumi.ProviderResource;
}

/**
 * Makes the class with which a program declares an explicit provider, for example for a second sandbox or workspace.
 * Missing arguments come from the environment variables that the settings name, never from the stack's settings.
 */
export function providerClass<Config extends z.ZodObject>(packageName: string, config: Config): ProviderClass<Config> {
  const secrets = new Set(propertiesWhere(config, (meta) => meta.secret === true));
  const Class = class extends pulumi.ProviderResource {
    constructor(name: string, args: ProviderArgs<Config>, options?: pulumi.ResourceOptions) {
      const settings = Object.entries(args).map(([key, value]) => [
        key,
        secrets.has(key) ? pulumi.secret(value) : value,
      ]);
      super(packageName, name, Object.fromEntries(settings), options);
    }
  };
  return Class as unknown as ProviderClass<Config>;
}
