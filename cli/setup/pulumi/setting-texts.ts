import { configuration } from "../../stack/show-stack.ts";
import type { SettingTexts } from "../answers.ts";

/** The settings of a stack. */
export interface SettingsRead {
  readonly texts: SettingTexts;
  /** Keys of the secrets that can't be decrypted. */
  readonly hidden: readonly string[];
}

/**
 * Settings by their keys, from what `pulumi config --json` prints; those of the project without its name, and parts of structured ones
 * by their paths.
 */
export function settingTexts(json: string, project: string): SettingsRead {
  const prefix = `${project}:`;
  const texts: [string, string][] = [];
  const hidden: string[] = [];
  for (const [key, { value, secret }] of Object.entries(configuration.parse(JSON.parse(json)))) {
    // A project may have the name of a provider, whose settings then have the same prefix.
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
    if (value === undefined && secret) hidden.push(name);
    else texts.push([key, value ?? ""], [name, value ?? ""], ...partsOf(name, value ?? ""));
  }
  return { texts: Object.fromEntries(texts), hidden };
}

/** Texts in a structured setting, by the paths that `pulumi config set --path` takes. */
function partsOf(name: string, value: string): [string, string][] {
  if (!/^[[{]/.test(value)) return [];
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return [];
  }
  const path = (key: string) => (Array.isArray(parsed) ? `${name}[${key}]` : `${name}.${key}`);
  return Object.entries(parsed as object).flatMap(([key, part]) =>
    typeof part === "string" ? [[path(key), part] as [string, string]] : [],
  );
}
