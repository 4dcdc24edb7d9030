import type { AccessToken, DefaultAzureCredential } from "@azure/identity";

/** Yields a bearer token for Azure Resource Manager; `renew` asks for another one than was refused. */
export type Login = (renew: boolean, signal: AbortSignal) => Promise<string>;

// Azure Resource Manager and a function app's deployment site both take tokens of this audience, whatever proxy is between.
const scope = "https://management.azure.com/.default";
/** Milliseconds before its end at which a token is no longer used. */
const margin = 5 * 60_000;

/**
 * The caller's own Azure login, found the way Azure's tools find it (`DefaultAzureCredential`: environment variables,
 * workload identity, managed identity, `az login`, …). The library is loaded at the first call only, since it costs as
 * much as the rest of the provider's start.
 */
export function callersLogin(): Login {
  let credential: DefaultAzureCredential | undefined;
  // Azure CLI's credential starts a process for each token, so the token is kept here.
  let token: Promise<AccessToken> | undefined;

  async function fetched(signal: AbortSignal): Promise<AccessToken> {
    try {
      if (!credential) {
        const { DefaultAzureCredential } = await import("@azure/identity");
        credential = new DefaultAzureCredential();
      }
      return await credential.getToken(scope, { abortSignal: signal });
    } catch (error) {
      token = undefined;
      throw signal.aborted ? error : notLoggedIn(error);
    }
  }

  return async (renew, signal) => {
    token = renew || !token ? fetched(signal) : token;
    if ((await token).expiresOnTimestamp - margin < Date.now()) token = fetched(signal);
    return (await token).token;
  };
}

function notLoggedIn(error: unknown): Error {
  return new Error(
    `Could not get an access token for Azure: ${cause(error)} ` +
      "Log in with `az login` (`az account show` tells who you are); in CI set AZURE_TENANT_ID, AZURE_CLIENT_ID and " +
      "AZURE_CLIENT_SECRET of a service principal. Then run the command again.",
  );
}

/** One line for people: what Azure CLI said where no way of logging in worked, else what the failing way said. */
function cause(error: unknown): string {
  const attempts = error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [];
  const telling =
    attempts.find((attempt) => attempt instanceof Error && attempt.message.includes("Azure CLI")) ?? error;
  const [line = ""] = (telling instanceof Error ? telling.message : String(telling)).split("\n");
  return line.trim().replace(/([^.])$/, "$1.");
}
