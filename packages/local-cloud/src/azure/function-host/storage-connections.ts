import type { TokenCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";

export type HostEnvironment = Readonly<Record<string, string | undefined>>;

/** No app setting describes the connection, so the host can't start any function. */
class MissingConnection extends Error {
  constructor(connection: string) {
    super(
      `Storage account connection string 'AzureWebJobs${connection}' does not exist. ` +
        `Make sure that it is a defined App Setting (${connection}, or ${connection}__queueServiceUri and so on).`,
    );
    this.name = "MissingConnection";
  }
}

/**
 * The storage services behind the `connection` of bindings, by key or by identity (Microsoft Learn, "Identity-based
 * connections"). Each service has one client, which caches its token.
 */
export class StorageConnections {
  readonly #environment: HostEnvironment;
  readonly #queues = new Map<string, QueueServiceClient>();

  constructor(environment: HostEnvironment) {
    this.#environment = environment;
  }

  /** Throws `MissingConnection` if no app setting describes it. */
  queues(connection: string): QueueServiceClient {
    const known = this.#queues.get(connection);
    if (known) return known;
    const { connectionString, url } = this.#read(connection, "queue");
    if (connectionString === undefined && url === undefined) throw new MissingConnection(connection);
    const client =
      connectionString === undefined
        ? new QueueServiceClient(url ?? "", this.#credential(connection))
        : QueueServiceClient.fromConnectionString(connectionString);
    this.#queues.set(connection, client);
    return client;
  }

  /** Undefined if no app setting describes the connection. */
  blobs(connection: string): BlobServiceClient | undefined {
    const { connectionString, url } = this.#read(connection, "blob");
    if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
    return url === undefined ? undefined : new BlobServiceClient(url, this.#credential(connection));
  }

  #read(connection: string, service: "queue" | "blob"): { connectionString?: string; url?: string } {
    const connectionString = this.#setting(connection);
    if (connectionString !== undefined) return { connectionString };
    const accountName = this.#setting(`${connection}__accountName`);
    const url =
      this.#setting(`${connection}__${service}ServiceUri`) ??
      this.#setting(`${connection}__serviceUri`) ??
      (accountName === undefined ? undefined : this.#endpointOf(accountName, service));
    return url === undefined ? {} : { url };
  }

  /** WebJobs looks for a name with its own prefix first. */
  #setting(name: string): string | undefined {
    return this.#environment[`AzureWebJobs${name}`] || this.#environment[name] || undefined;
  }

  /** Resolves an account's name, like the public cloud's DNS. The local cloud passes its addresses in `LOCAL_STORAGE_ENDPOINTS`. */
  #endpointOf(accountName: string, service: "queue" | "blob"): string {
    const local = JSON.parse(this.#environment.LOCAL_STORAGE_ENDPOINTS ?? "{}") as Record<
      string,
      Record<string, string>
    >;
    return local[accountName]?.[service] ?? `https://${accountName}.${service}.core.windows.net`;
  }

  #credential(connection: string): TokenCredential {
    const clientId = this.#setting(`${connection}__clientId`);
    const isManaged = this.#setting(`${connection}__credential`)?.toLowerCase() === "managedidentity";
    let opened: Promise<TokenCredential> | undefined;
    return {
      async getToken(scopes, options) {
        opened ??= openCredential(isManaged, clientId);
        return (await opened).getToken(scopes, options);
      },
    };
  }
}

async function openCredential(isManaged: boolean, clientId: string | undefined): Promise<TokenCredential> {
  // A quarter of a host's start, which one with account keys does not need.
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import("@azure/identity");
  if (!isManaged) return new DefaultAzureCredential();
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
