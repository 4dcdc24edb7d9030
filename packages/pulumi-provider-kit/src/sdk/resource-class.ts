import * as pulumi from "@pulumi/pulumi";
import type { z } from "zod";
import { propertiesWhere } from "../definition/metadata.ts";
import { endProgramWithEngine } from "../engine/end-with-engine.ts";
import type { Archive } from "../engine/values.ts";

// Called here because every program that uses this package imports this module, through a component or a provider's SDK.
endProgramWithEngine();

/** The part of a resource definition that a program's class needs; the operations stay in the provider's process. */
interface Describes<Inputs extends z.ZodObject, Outputs extends z.ZodObject, InputOnly extends string> {
  readonly type: string;
  readonly inputs: Inputs;
  readonly outputs: Outputs;
  readonly inputOnly?: readonly InputOnly[];
}

/** A value that may contain outputs of other resources at any depth. */
export type DeepInput<T> = pulumi.Input<
  T extends Archive
    ? pulumi.asset.Archive
    : T extends readonly (infer Item)[]
      ? readonly DeepInput<Item>[]
      : T extends object
        ? { [Key in keyof T]: DeepInput<T[Key]> }
        : T
>;

export type ResourceArgs<Inputs extends z.ZodObject> = {
  [Key in keyof z.input<Inputs>]: DeepInput<z.input<Inputs>[Key]>;
};

type ResourceProperties<Inputs extends z.ZodObject, Outputs extends z.ZodObject, InputOnly extends string> = {
  readonly [Key in keyof (z.output<Inputs> & z.output<Outputs>) as Exclude<Key, InputOnly>]: pulumi.Output<
    (z.output<Inputs> & z.output<Outputs>)[Key]
  >;
};

export interface ResourceClass<
  Inputs extends z.ZodObject,
  Outputs extends z.ZodObject,
  InputOnly extends string = never,
> {
  new (
    name: string,
    args: ResourceArgs<Inputs>,
    options?: pulumi.CustomResourceOptions,
  ): pulumi.CustomResource & ResourceProperties<Inputs, Outputs, InputOnly>;
}

/** Makes the class with which programs declare a resource of this definition, with its inputs and outputs as properties. */
export function resourceClass<Inputs extends z.ZodObject, Outputs extends z.ZodObject, InputOnly extends string>(
  definition: Describes<Inputs, Outputs, InputOnly>,
): ResourceClass<Inputs, Outputs, InputOnly> {
  // The SDK makes an output property for each key, even if its value is undefined.
  const { inputOnly = [] } = definition;
  const repeated = Object.keys(definition.inputs.shape).filter((name) => !inputOnly.some((other) => other === name));
  const properties = [...repeated, ...Object.keys(definition.outputs.shape)];
  const empty = Object.fromEntries(properties.map((name) => [name, undefined]));
  const secrets = propertiesWhere(definition.outputs, (meta) => meta.secret === true);
  const Class = class extends pulumi.CustomResource {
    constructor(name: string, args: ResourceArgs<Inputs>, options?: pulumi.CustomResourceOptions) {
      const secretOptions = { additionalSecretOutputs: secrets };
      super(definition.type, name, { ...empty, ...args }, pulumi.mergeOptions(secretOptions, options ?? {}));
    }
  };
  return Class as unknown as ResourceClass<Inputs, Outputs, InputOnly>;
}
