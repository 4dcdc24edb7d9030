import { DefaultAzureCredential, ManagedIdentityCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A connection that no app setting describes: the host can't start any function then. */
export class MissingConnection extends Error {
  constructor(connection: string) {
    super(
      `Storage account connection string 'AzureWebJobs${connection}' does not exist. ` +
        `Make sure that it is a defined App Setting (${connection}, or ${connection}__queueServiceUri and so on).`,
    );
    this.name = "MissingConnection";
  }
}

/** The queue service behind a binding's `connection`, keyed or by managed identity (Microsoft Learn, "Identity-based connections"). */
export function queueService(connection: string, environment: Environment): QueueServiceClient {
  const { connectionString, url, setting } = read(connection, "queue", environment);
  if (connectionString !== undefined) return QueueServiceClient.fromConnectionString(connectionString);
  if (url === undefined) throw new MissingConnection(connection);
  return new QueueServiceClient(url, credential(setting));
}

/** The blob service of a connection; undefined if no setting describes one. */
export function blobService(connection: string, environment: Environment): BlobServiceClient | undefined {
  const { connectionString, url, setting } = read(connection, "blob", environment);
  if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
  return url === undefined ? undefined : new BlobServiceClient(url, credential(setting));
}

function read(connection: string, service: "queue" | "blob", environment: Environment) {
  const value = (name: string) => environment[`AzureWebJobs${name}`] || environment[name] || undefined;
  const setting = (name: string) => value(`${connection}__${name}`);
  const accountName = setting("accountName");
  const url =
    setting(`${service}ServiceUri`) ??
    setting("serviceUri") ??
    (accountName === undefined ? undefined : endpointOf(accountName, service, environment));
  return { connectionString: value(connection), url, setting };
}

/** What the public cloud's DNS makes of an account's name; the local cloud tells its own addresses in `LOCAL_STORAGE_ENDPOINTS`. */
function endpointOf(accountName: string, service: "queue" | "blob", environment: Environment): string {
  const local = JSON.parse(environment.LOCAL_STORAGE_ENDPOINTS ?? "{}") as Record<string, Record<string, string>>;
  return local[accountName]?.[service] ?? `https://${accountName}.${service}.core.windows.net`;
}

function credential(setting: (name: string) => string | undefined) {
  const clientId = setting("clientId");
  if (setting("credential")?.toLowerCase() !== "managedidentity") return new DefaultAzureCredential();
  return clientId === undefined ? new ManagedIdentityCredential() : new ManagedIdentityCredential({ clientId });
}
