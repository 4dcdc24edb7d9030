import { jsonOf } from "../../relay/core/event/json.ts";
import { isSecretSetting, plainSettings } from "../../settings/schema.ts";
import { textsIn } from "./scrub.ts";

/** In settings of any program: `aep:clientSecret`, `customerio:appApiKey`, `northSigningKeys`, `northAlertWebhooks`. */
const secretWords =
  /secret|password|passphrase|token|api_?key|access_?key|private_?key|signing_?key|credential|alert_?webhook|webhook_?url/i;

/**
 * The texts of a setting that are secrets by their names, even if Pulumi keeps them in plain text: the whole value, or parts of a
 * structured one, which Pulumi has as JSON. If there are any, the setting is hidden.
 *
 * @param key with its namespace: for the program's own settings, that is the name of its project
 */
export function secretTextsIn(key: string, value: string): string[] {
  return isSecretName(key.slice(key.lastIndexOf(":") + 1)) ? textsIn(value) : secretParts(jsonOf(value));
}

function secretParts(value: unknown): string[] {
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, part]) => (isSecretName(name) ? textsIn(part) : secretParts(part)));
}

function isSecretName(name: string): boolean {
  if (isSecretSetting(name)) return true;
  return !Object.hasOwn(plainSettings, name) && secretWords.test(name);
}
