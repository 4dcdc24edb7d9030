import { readFile } from "node:fs/promises";
import type { TokenCredential } from "@azure/identity";

type Environment = Readonly<Record<string, string | undefined>>;

/** How the caller logs in to Azure. */
export interface AzureCredential {
  /** Returns tokens, or throws an error with the login method and the remedy. */
  readonly credential: TokenCredential;
  /** For messages: the login method, and the variable that chose it. */
  readonly way: string;
}

export interface CredentialOptions {
  /** The subscription that the tokens are for. Azure CLI gives tokens for its tenant; default: `ARM_SUBSCRIPTION_ID`, or Azure CLI's own. */
  readonly subscriptionId?: string | undefined;
  /** Default: that of the process. */
  readonly environment?: Environment;
}

/** A login method, and the remedy if it gives no token. */
interface Way extends AzureCredential {
  readonly remedy: string;
}

/**
 * The caller's Azure login, chosen by the same variables and in the same order as the provider azure-native chooses it
 * (pulumi-azure-native, `newSingleMethodAuthCredential`), so that one identity deploys the whole stack. As there, if the chosen method
 * fails, no other is tried.
 *
 * By default, it is Azure CLI's login, or without Azure CLI whatever `DefaultAzureCredential` finds.
 *
 * @throws if the chosen method lacks a variable
 */
export async function azureCredential({
  subscriptionId,
  environment = process.env,
}: CredentialOptions = {}): Promise<AzureCredential> {
  const way = await chosenWay(environment, subscriptionId || environment.ARM_SUBSCRIPTION_ID);
  return { credential: explaining(way), way: way.way };
}

function explaining({ credential, way, remedy }: Way): TokenCredential {
  return {
    async getToken(scopes, options) {
      try {
        return await credential.getToken(scopes, options);
      } catch (error) {
        if (options?.abortSignal?.aborted) throw error;
        throw new Error(
          `Could not get an access token for Azure with ${way}: ${cause(error)} ${remedy} Then run the command again.`,
        );
      }
    },
  };
}

/** One line for messages: Azure CLI's error if no login worked, otherwise the failing login's error. */
function cause(error: unknown): string {
  const attempts = error instanceof Error && "errors" in error && Array.isArray(error.errors) ? error.errors : [];
  const telling =
    attempts.find((attempt) => attempt instanceof Error && attempt.message.includes("Azure CLI")) ?? error;
  const [line = ""] = (telling instanceof Error ? telling.message : String(telling)).split("\n");
  return line.trim().replace(/([^.])$/, "$1.");
}

async function chosenWay(environment: Environment, subscription: string | undefined): Promise<Way> {
  // Loaded here, since it costs as much as the rest of the provider's start.
  const identity = await import("@azure/identity");
  const isTrue = (name: string) => environment[name] === "true";
  const options = { disableInstanceDiscovery: isTrue("ARM_DISABLE_INSTANCE_DISCOVERY") };

  if (isTrue("ARM_USE_DEFAULT_AZURE_CREDENTIAL")) {
    return {
      credential: new identity.DefaultAzureCredential(),
      way: "DefaultAzureCredential (ARM_USE_DEFAULT_AZURE_CREDENTIAL)",
      remedy: "Set the AZURE_* variables of a service principal, or unset ARM_USE_DEFAULT_AZURE_CREDENTIAL.",
    };
  }
  if (environment.ARM_CLIENT_CERTIFICATE_PATH) {
    const { tenantId, clientId } = servicePrincipal(environment, "ARM_CLIENT_CERTIFICATE_PATH");
    const certificate = {
      certificatePath: environment.ARM_CLIENT_CERTIFICATE_PATH,
      ...(environment.ARM_CLIENT_CERTIFICATE_PASSWORD && {
        certificatePassword: environment.ARM_CLIENT_CERTIFICATE_PASSWORD,
      }),
    };
    return {
      credential: new identity.ClientCertificateCredential(tenantId, clientId, certificate, options),
      way: "the client certificate in ARM_CLIENT_CERTIFICATE_PATH",
      remedy: `${checkPrincipal} and that the file is a certificate of it with its key, as PEM.`,
    };
  }
  if (environment.ARM_CLIENT_SECRET) {
    const { tenantId, clientId } = servicePrincipal(environment, "ARM_CLIENT_SECRET");
    return {
      credential: new identity.ClientSecretCredential(tenantId, clientId, environment.ARM_CLIENT_SECRET, options),
      way: "the client secret in ARM_CLIENT_SECRET",
      remedy: `${checkPrincipal} and that the secret is its own and has not expired.`,
    };
  }
  if (isTrue("ARM_USE_OIDC")) {
    const { tenantId, clientId } = servicePrincipal(environment, "ARM_USE_OIDC");
    const { assertion, source } = oidcToken(environment);
    return {
      credential: new identity.ClientAssertionCredential(tenantId, clientId, assertion, options),
      way: `OIDC (ARM_USE_OIDC) with ${source}`,
      remedy: `${checkPrincipal} and that it has a federated credential for this workflow. A token is valid only for minutes: get a new one.`,
    };
  }
  if (isTrue("ARM_USE_MSI")) {
    const clientId = environment.ARM_CLIENT_ID;
    return {
      credential: clientId
        ? new identity.ManagedIdentityCredential({ clientId })
        : new identity.ManagedIdentityCredential(),
      way: `the managed identity of this machine (ARM_USE_MSI${clientId ? ", ARM_CLIENT_ID" : ""})`,
      remedy: "Give the machine an identity, or unset ARM_USE_MSI to log in another way.",
    };
  }
  return {
    credential: new identity.ChainedTokenCredential(
      new identity.AzureCliCredential(subscription ? { subscription } : {}),
      new identity.DefaultAzureCredential(),
    ),
    way: "Azure CLI, since none of the variables ARM_* chooses another way",
    remedy:
      "Log in with `az login` (`az account show` shows who you are); in CI set ARM_TENANT_ID, ARM_CLIENT_ID and either " +
      "ARM_CLIENT_SECRET or ARM_USE_OIDC=true.",
  };
}

const checkPrincipal = "Check that ARM_TENANT_ID and ARM_CLIENT_ID name the service principal,";

function servicePrincipal(environment: Environment, chosenBy: string): { tenantId: string; clientId: string } {
  const { ARM_TENANT_ID: tenantId, ARM_CLIENT_ID: clientId } = environment;
  if (tenantId && clientId) return { tenantId, clientId };
  const missing = [tenantId ? [] : ["ARM_TENANT_ID"], clientId ? [] : ["ARM_CLIENT_ID"]].flat().join(" and ");
  throw new Error(
    `Could not log in to Azure: ${chosenBy} is set, but not ${missing}. Set the directory (tenant) id in ARM_TENANT_ID and the ` +
      `application (client) id in ARM_CLIENT_ID, or unset ${chosenBy} to log in another way.`,
  );
}

/** The source of the OIDC token that Microsoft Entra ID accepts instead of a secret. */
function oidcToken(environment: Environment): { assertion: () => Promise<string>; source: string } {
  const {
    ARM_OIDC_TOKEN: token,
    ARM_OIDC_TOKEN_FILE_PATH: file,
    ACTIONS_ID_TOKEN_REQUEST_URL: url,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
  } = environment;
  if (token) return { assertion: async () => token, source: "the token in ARM_OIDC_TOKEN" };
  // Read each time, since the file is renewed.
  if (file) {
    return {
      assertion: async () => (await readFile(file, "utf8")).trim(),
      source: "the token in ARM_OIDC_TOKEN_FILE_PATH",
    };
  }
  if (url && requestToken) {
    const audience = environment.ARM_OIDC_AUDIENCE || "api://AzureADTokenExchange";
    return {
      assertion: () => githubToken(url, requestToken, audience),
      source: "a token of GitHub Actions (ACTIONS_ID_TOKEN_REQUEST_URL)",
    };
  }
  throw new Error(
    "Could not log in to Azure: ARM_USE_OIDC is set, but there is no OIDC token. Set ARM_OIDC_TOKEN or ARM_OIDC_TOKEN_FILE_PATH; in " +
      "GitHub Actions give the job the permission `id-token: write`, which sets ACTIONS_ID_TOKEN_REQUEST_URL and " +
      "ACTIONS_ID_TOKEN_REQUEST_TOKEN. Or unset ARM_USE_OIDC to log in another way.",
  );
}

/** Milliseconds. */
const githubTimeout = 30_000;

/** GitHub's documentation, "OpenID Connect reference": a job gets its token from the address in the variable. */
async function githubToken(requestUrl: string, requestToken: string, audience: string): Promise<string> {
  const url = new URL(requestUrl);
  url.searchParams.set("audience", audience);
  // Not Node's fetch, which ignores the proxy of the environment.
  const { default: axios } = await import("axios");
  const { status, data } = await axios.get<{ value?: unknown } | undefined>(url.href, {
    headers: { Accept: "application/json", Authorization: `Bearer ${requestToken}` },
    timeout: githubTimeout,
    validateStatus: () => true,
  });
  if (status === 200 && typeof data?.value === "string") return data.value;
  throw new Error(`GitHub gave no OIDC token: ${url.host} answered ${status}.`);
}
