import * as pulumi from "@pulumi/pulumi";
import { type SigningKeyProblems, signingKeyProblems } from "../../settings/checks/signing-keys.ts";
import { refuseArguments } from "./setting-mistakes.ts";

/**
 * The mistakes in a text with signing keys, which is also compared with the stack's other credentials.
 *
 * @param namespace of the program's settings
 */
export function findKeyProblems(text: string, namespace: string): SigningKeyProblems {
  const settings = ["customerio:appApiKey", "aep:clientSecret", "aep:clientId", `${namespace}:relayClientSecret`];
  const all = pulumi.runtime.allConfig();
  return signingKeyProblems(
    text,
    settings.map((setting) => ({ setting, value: all[setting] ?? "" })),
  );
}

/** @param setting what the program calls the keys */
export function warnOfKeys(setting: string, warnings: readonly string[]): void {
  for (const reason of warnings) {
    void pulumi.log.warn(
      `${setting} ${reason}, which is unusual for a signing key. Press "Send test" in Customer.io after the ` +
        "update: if the relay refuses the call, the key is wrong.",
    );
  }
}

/**
 * The text, if it holds signing keys. Warns of those that are unusual.
 *
 * @throws pulumi.RunError that lists lines that can't be a key
 */
export function checkSigningKeys(text: string): string {
  const { refusals, warnings } = findKeyProblems(text, pulumi.getProject());
  refuseArguments(refusals.map((reason) => `signingKeys ${reason}.`));
  warnOfKeys("signingKeys", warnings);
  return text;
}
