import type { Operation } from "pulumi-provider-kit";
import { pulumiCommand } from "../../core/operator-command.ts";
import type { AzureClient } from "../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../client/patience.ts";
import type { SecretReference } from "../client/site-settings.ts";
import { stackNameOf } from "./refusal.ts";

/** A role on a vault takes seconds to minutes to propagate; a reference that failed meanwhile stays failed until it is refreshed. */
const pace: CheckPace = { pauses: [2_000, 5_000, 10_000], limit: 10 * 60_000 };

type SecretOperation = Pick<Operation<AzureClient>, "client" | "signal" | "progress" | "urn">;

/**
 * Waits until Azure has resolved every Key Vault reference in an app's settings, and makes Azure retry meanwhile: otherwise the app could
 * lack a secret for a day.
 *
 * @throws if a reference is not resolved after ten minutes. The error names the setting, Azure's status and the remedy
 */
export async function resolveReferences(operation: SecretOperation, siteId: string): Promise<void> {
  let open: readonly SecretReference[] = [];
  const resolved = await checkPatiently(operation, pace, async () => {
    open = await listUnresolved(operation, siteId);
    if (open.length === 0) return { done: true } satisfies Check<true>;
    await operation.client.siteSettings(siteId).refreshReferences(operation.signal);
    return { notYet: `waiting for Azure to pass the app its secrets: ${open.map(inWords).join(", ")}` };
  });
  if ("done" in resolved) return;
  const settings = open.map(({ setting }) => setting).join(", ");
  const remedies = [...new Set(open.map((reference) => remedyOf(reference, stackNameOf(operation))))];
  throw new Error(
    `The relay has no value for ${settings}: Azure could not resolve the Key Vault reference ${resolved.gaveUp}. ${remedies.join(" ")}`,
  );
}

/** References that Azure has not resolved yet. */
async function listUnresolved({ client, signal }: SecretOperation, siteId: string): Promise<SecretReference[]> {
  const references = await client.siteSettings(siteId).listReferences(signal);
  return references.filter(({ status }) => status !== "Resolved");
}

function inWords({ setting, status, details }: SecretReference): string {
  return `${setting} (${status}${details === undefined ? "" : `: ${details.replace(/\.$/, "")}`})`;
}

/** Remedies by Azure's status (`ResolveStatus` in its REST reference). */
function remedyOf({ status, vaultName, secretName }: SecretReference, stack: string): string {
  const vault = vaultName === undefined ? "its key vault" : `the key vault ${vaultName}`;
  const up = pulumiCommand("up", { stack });
  const refresh = pulumiCommand("up --refresh", { stack });
  switch (status) {
    case "AccessToKeyVaultDenied":
    case "UnauthorizedClient":
    case "MSINotEnabled":
      return (
        `The app's identity needs the role Key Vault Secrets User on ${vault}, and the vault's firewall must let the app in. ` +
        `If the role was deleted: ${refresh}. If it exists, it is still propagating: ${up}`
      );
    case "SecretNotFound":
    case "SecretVersionNotFound":
      return `The secret ${secretName ?? ""} of ${vault} was deleted or disabled. To write it again: ${refresh}`;
    case "VaultNotFound":
      return `Azure does not find ${vault}. If it was deleted: ${refresh}`;
    default:
      return `To try again: ${up}`;
  }
}
