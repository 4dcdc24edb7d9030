import * as pulumi from "@pulumi/pulumi";
import type { SettingWords } from "../../settings/setting-words.ts";
import type { Settings } from "../settings/setting-types.ts";
import { type PlatformCredential, readPlatformCredential } from "./platform-credential.ts";

/** Checks that client id and secret are both set. Returns the remedy if one is missing. */
export function halfCredentials(given: {
  readonly clientId: string | undefined;
  readonly hasSecret: boolean;
  readonly words: SettingWords;
}): string[] {
  const { clientId, hasSecret, words } = given;
  if ((clientId !== undefined) === hasSecret) return [];
  const [has, lacks] = ["relayCredential.clientId", "relayClientSecret"].map(words.name);
  return hasSecret
    ? [`${lacks} is set without ${has}. ${words.set("relayCredential.clientId", "<client id>")}`]
    : [`${has} is set without ${lacks}. ${words.setSecret("relayClientSecret")}`];
}

/**
 * The credential with which the relay gets access tokens for an endpoint that requires them: its own if it is set,
 * otherwise, with a warning, the one that provisions everything. A leak of that one would give write access to the
 * whole sandbox.
 *
 * @throws pulumi.RunError naming what the stack's settings `aep:*` lack
 */
export function relayCredential(
  { relayCredential: own, relayClientSecret }: Pick<Settings, "relayCredential" | "relayClientSecret">,
  words: SettingWords,
  resource: pulumi.Resource,
): PlatformCredential {
  const provisioning = readPlatformCredential();
  const { clientId, scopes } = own;
  if (clientId !== undefined && relayClientSecret !== undefined) {
    return {
      ...provisioning,
      clientId,
      ...(scopes !== undefined && { scopes }),
      clientSecret: pulumi.secret(relayClientSecret),
    };
  }
  void pulumi.log.warn(
    "With source: http, the relay uses the credential of aep:clientId, which may change and delete what the stack has in Platform. " +
      "Give the relay its own credential, without permissions in Platform: " +
      `${words.set("relayCredential.clientId", "<client id>")}, then ${words.setSecret("relayClientSecret")}`,
    resource,
  );
  return provisioning;
}
