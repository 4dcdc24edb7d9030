import type { z } from "zod";
import type { AppSettingName } from "../relay/core/app-settings.ts";

/** An entry of the table of settings. */
interface Described {
  /** The schema of a value, without the default. */
  readonly schema: z.ZodType;
  /** What the setting does, for users: sentences in Markdown without links. */
  readonly description: string;
  /** The page of docs/ that says more, such as `mapping.md`. */
  readonly page?: string;
}

/** A setting of the program, which is an argument of the component too. */
export interface PlainSetting extends Described {
  readonly secret?: undefined;
  /** The default, as a user would write it. */
  readonly default: unknown;
  /** Example values, the most typical one first. Absent: the default. */
  readonly examples?: readonly [unknown, ...unknown[]];
  /**
   * A setting that decides which resources exist can't be an output: `true` is for the whole setting, a list for those
   * properties only. Absent: any part may be an output.
   */
  readonly decides?: true | readonly string[];
  /**
   * The relay's app setting that carries the value: as text, or, where several settings have the same one, as the JSON of an object with
   * each under its name.
   */
  readonly appSetting?: AppSettingName;
  /** The effect of a value other than the default with `delivery: direct`, and why. Absent: it works there too. */
  readonly direct?: { readonly refused: string } | { readonly ignored: string };
}

/** A setting that is kept as a secret: a text, which is known only while resources are made. It has no default. */
export interface SecretSetting extends Described {
  readonly secret: true;
  readonly schema: z.ZodString;
}

export type Setting = PlainSetting | SecretSetting;
