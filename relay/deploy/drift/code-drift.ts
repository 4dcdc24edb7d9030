import type { AzureClient } from "../client/client.ts";
import { askHealth } from "../resources/relay-health.ts";

/** Whose code an app runs, according to its health check. */
export type RunningCode =
  | { readonly is: "deployed" }
  /** Somebody else deployed the code. `build` is the digest that the app reports, if any. */
  | { readonly is: "other"; readonly build: string | undefined }
  /** The app did not answer, or its code is too old to report a digest. */
  | { readonly is: "unknown"; readonly reason: string };

/**
 * Azure returns neither the deployed code nor its digest, so this asks the running code.
 *
 * @param build digest of the deployed code; undefined if the state lacks it
 */
export async function identifyRunningCode(
  client: AzureClient,
  { url, build }: { readonly url: string; readonly build: string | undefined },
  signal: AbortSignal,
): Promise<RunningCode> {
  if (build === undefined) return { is: "unknown", reason: "the deployed code does not say which build it is" };
  const health = await askHealth(client, url, signal);
  if ("failure" in health) {
    // A package without the relay's functions lacks this address.
    return health.status === 404 ? { is: "other", build: undefined } : { is: "unknown", reason: health.detail };
  }
  return health.build === build ? { is: "deployed" } : { is: "other", build: health.build };
}
