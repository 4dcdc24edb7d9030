import { signingKeyProblems } from "../../settings/checks/signing-keys.ts";
import { refuseArguments } from "./setting-mistakes.ts";

/**
 * The text, if it holds signing keys.
 *
 * @throws pulumi.RunError that lists lines that can't be a key
 */
export function checkSigningKeys(text: string): string {
  refuseArguments(signingKeyProblems(text).refusals.map((reason) => `signingKeys ${reason}.`));
  return text;
}
