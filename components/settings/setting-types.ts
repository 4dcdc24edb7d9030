import type * as pulumi from "@pulumi/pulumi";
import type { DeepInput } from "pulumi-provider-kit/sdk";
import type { z } from "zod";
import type { SecretName, SettingName, SettingValues, settingsSchema } from "../../settings/schema.ts";
import type { settingsTable } from "../../settings/table.ts";

type Table = typeof settingsTable;
type Given = Required<z.input<typeof settingsSchema>>;

/** The part of a setting that decides which resources exist: `true`, a list of its properties, or `never`. */
type Deciding<Name extends SettingName> = Table[Name] extends { readonly decides: infer Part } ? Part : never;

/** A setting as an argument of components: the parts that do not decide which resources exist may be outputs. */
type ComponentSetting<Name extends SettingName> = [Deciding<Name>] extends [never]
  ? pulumi.Input<SettingValues[Name]>
  : Deciding<Name> extends readonly (infer Plain)[]
    ? {
        readonly [Property in keyof SettingValues[Name]]: Property extends Plain
          ? SettingValues[Name][Property]
          :
              | pulumi.Input<NonNullable<SettingValues[Name][Property]>>
              | Extract<SettingValues[Name][Property], undefined>;
      }
    : SettingValues[Name];

/** Settings as arguments of components. Secrets are undefined until the user has set them. */
export type Settings = { readonly [Name in SettingName]: ComponentSetting<Name> } & {
  readonly [Name in SecretName]: pulumi.Input<string> | undefined;
};

/** A setting as an argument of a user's program: without its defaults, and with outputs wherever they are allowed. */
export type SettingArgument<Name extends SettingName | SecretName> = Name extends SettingName
  ? [Deciding<Name>] extends [never]
    ? DeepInput<Given[Name]>
    : Deciding<Name> extends readonly (infer Plain)[]
      ? {
          [Property in keyof Given[Name]]: Property extends Plain
            ? Given[Name][Property]
            : DeepInput<Given[Name][Property]>;
        }
      : Given[Name]
  : pulumi.Input<string> | undefined;
