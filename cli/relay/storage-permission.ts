import type { TokenCredential } from "@azure/identity";
import { z } from "zod";
import { pulumiCommand } from "../../relay/core/operator-command.ts";
import { azureCredential } from "../../relay/deploy/client/azure-credential.ts";
import { azureSubscriptionOf, objectIdIn } from "../../relay/deploy/client/login.ts";
import type { StackSource } from "../stack/source.ts";
import type { StackResource } from "../stack/state.ts";

const scope = "https://storage.azure.com/.default";
/**
 * The roles that commands need on the account, by the names that Azure gives them. A reader may list and read blobs, and list, count and
 * peek into queues (Microsoft, "Azure built-in roles for Storage").
 */
export const dataRoles = {
  blobReader: "Storage Blob Data Reader",
  blobContributor: "Storage Blob Data Contributor",
  queueReader: "Storage Queue Data Reader",
  queueContributor: "Storage Queue Data Contributor",
  tableReader: "Storage Table Data Reader",
  tableContributor: "Storage Table Data Contributor",
} as const;

type DataRole = (typeof dataRoles)[keyof typeof dataRoles];

const resource = z.object({
  id: z.string(),
  outputs: z.object({
    name: z.string(),
    primaryEndpoints: z.object({ blob: z.string(), queue: z.string(), table: z.string() }),
  }),
});

/** Access to the storage account of a stack's relay: its addresses and the caller's own Azure login, since it allows no keys. */
export class StoragePermission {
  readonly endpoints: { readonly blob: string; readonly queue: string; readonly table: string };
  readonly credential: TokenCredential;
  readonly #id: string;
  /** Name of the account. */
  readonly name: string;
  /** Creates again what was deleted, or gives it up with the account of a replaced relay, which `up` only deletes. */
  readonly #repair: string;

  private constructor({ id, outputs }: z.output<typeof resource>, credential: TokenCredential, repair: string) {
    this.#id = id;
    this.name = outputs.name;
    this.endpoints = outputs.primaryEndpoints;
    this.credential = credential;
    this.#repair = repair;
  }

  static async of(source: StackSource): Promise<StoragePermission> {
    return StoragePermission.#of(source.storageAccount, pulumiCommand("up --refresh", source.target));
  }

  /** The accounts of replaced relays that still exist. */
  static async ofReplaced(source: StackSource): Promise<StoragePermission[]> {
    const finish = `RELAY_ABANDON_DEAD_LETTERS=true ${pulumiCommand("up", source.target)}`;
    return Promise.all(source.replacedStorageAccounts.map((account) => StoragePermission.#of(account, finish)));
  }

  static async #of(account: StackResource, repair: string): Promise<StoragePermission> {
    const parsed = resource.parse(account);
    const { credential } = await azureCredential({ subscriptionId: azureSubscriptionOf(parsed.id) });
    return new StoragePermission(parsed, credential, repair);
  }

  /** Owners and Contributors have no access to an account's data, so the first error is usually a missing role. */
  async explain<T>(role: DataRole, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const { code, message } = error as { code?: string; message?: string };
      const said = message?.split("\n", 1)[0] ?? String(error);
      const cause = { cause: error };
      if (code === "ContainerNotFound") {
        throw new Error(
          `A container of the storage account ${this.name} was deleted, with its content. If azure.softDeleteDays is set, restore it ` +
            `in the Azure portal, under Containers > Show deleted containers, before anything creates it again. Otherwise: ${this.#repair}`,
          cause,
        );
      }
      if (code === "QueueNotFound") {
        throw new Error(
          `A queue of the storage account ${this.name} was deleted, with the messages in it. To recreate it: ${this.#repair}`,
          cause,
        );
      }
      if (statusOf(error) !== 403) throw new Error(`Could not use the storage account ${this.name}: ${said}`, cause);
      if (code === "AuthorizationFailure") {
        throw new Error(
          `The storage account ${this.name} refuses this network (${code}). With privateNetwork, run the command from inside the virtual network, or ` +
            "from a peered network that can resolve its private DNS zones (docs/networking.md). Otherwise run it from a network that the account allows.",
          cause,
        );
      }
      throw new Error(
        `Your Azure login lacks the role ${role} on the storage account ${this.name} (${code}). Assign it, and wait a ` +
          `minute or two: az role assignment create --assignee-object-id ${await this.#callersObjectId()} ` +
          `--role "${role}" --scope ${this.#id}`,
        cause,
      );
    }
  }

  /** The caller's object id for role assignments: the claim `oid` of the access token. */
  async #callersObjectId(): Promise<string> {
    const token = await this.credential.getToken(scope);
    return objectIdIn(token?.token ?? "") ?? "<your object id>";
  }
}

/** Azure's libraries say `statusCode`, the relay's own client for tables `status`. */
export function statusOf(error: unknown): number | undefined {
  const { statusCode, status } = error as { statusCode?: number; status?: number };
  return statusCode ?? status;
}
