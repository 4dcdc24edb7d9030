import type { AzureClient } from "../client/client.ts";
import { askHealth } from "../resources/relay-health.ts";

/** Whose code an app runs, by what its health check says. */
export type RunningCode =
  | { readonly is: "deployed" }
  /** Somebody else has deployed it. `build` is the digest that it gives, if any. */
  | { readonly is: "other"; readonly build: string | undefined }
  /** It could not be asked, or the deployed code is too old to say which it is. */
  | { readonly is: "unknown"; readonly reason: string };

/**
 * Azure gives neither deployed code back nor its digest, so the code itself is asked.
 *
 * @param build digest of the deployed code; undefined if the state does not know it
 */
export async function runningCode(
  client: AzureClient,
  { url, build }: { readonly url: string; readonly build: string | undefined },
  signal: AbortSignal,
): Promise<RunningCode> {
  if (build === undefined) return { is: "unknown", reason: "the deployed code does not say which build it is" };
  const health = await askHealth(client, url, signal);
  if ("failure" in health) {
    // A package without the relay's functions has no such address.
    return health.status === 404 ? { is: "other", build: undefined } : { is: "unknown", reason: health.detail };
  }
  return health.build === build ? { is: "deployed" } : { is: "other", build: health.build };
}
