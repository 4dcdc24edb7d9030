import * as pulumi from "@pulumi/pulumi";
import { type SettingWords, stackWords } from "../../settings/setting-words.ts";
import type { Settings } from "./setting-types.ts";
import { readStackSettings } from "./settings.ts";

/** The origin of a source's settings, and how messages name them. */
export interface SettingsSource {
  readonly words: SettingWords;
  /** @throws pulumi.RunError naming every mistake at once */
  read(): Settings;
}

/**
 * The stack's configuration as the settings of a source, as Pulumi.yaml of this package declares them.
 *
 * @example
 * new CustomerIoSource("events", new StackSettings());
 */
export class StackSettings implements SettingsSource {
  readonly words: SettingWords;
  readonly #config: pulumi.Config;

  /** @param config default: the configuration of the program's own project */
  constructor(config = new pulumi.Config()) {
    this.#config = config;
    this.words = stackWords(config.name);
  }

  read(): Settings {
    return readStackSettings(this.#config);
  }
}
