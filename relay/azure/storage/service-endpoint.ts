import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import type { StorageAccess } from "./storage-access.ts";

/** What an account key signs of a call: its headers include `x-ms-date`. */
interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** The address of one of an account's services, without a final slash, and how calls to it are authorized. */
export interface ServiceEndpoint {
  readonly address: string;
  /** The header `Authorization` of a call. */
  readonly authorize: (request: SignedRequest) => Promise<string> | string;
}

/** The services that the relay calls through their REST interface. */
const services = {
  queue: { uri: "queueServiceUri", title: "Queue", signedText: signedOfQueue },
  table: { uri: "tableServiceUri", title: "Table", signedText: signedOfTable },
} as const;

/** @throws an error that names the setting to fix */
export function endpointOf(access: StorageAccess, service: keyof typeof services): ServiceEndpoint {
  const { uri, title, signedText } = services[service];
  if (!("connectionString" in access)) {
    const { credential, [uri]: address } = access;
    if (address === undefined) throw new Error(`App settings: RELAY_STORAGE__${uri} is not set.`);
    const scope = "https://storage.azure.com/.default";
    return {
      address: removeFinalSlash(address),
      authorize: async () => `Bearer ${(await credential.getToken(scope))?.token}`,
    };
  }
  const parts = new Map(
    access.connectionString.split(";").map((part) => {
      const [name = "", ...value] = part.split("=");
      return [name.trim().toLowerCase(), value.join("=")] as const;
    }),
  );
  const [account, key] = [parts.get("accountname"), parts.get("accountkey")];
  const suffix = parts.get("endpointsuffix") ?? "core.windows.net";
  const address =
    parts.get(`${service}endpoint`) ??
    `${parts.get("defaultendpointsprotocol") ?? "https"}://${account}.${service}.${suffix}`;
  if (account === undefined || key === undefined) {
    throw new Error(`App settings: RELAY_STORAGE has no AccountName and AccountKey, which the ${title} service needs.`);
  }
  const secret = createSecretKey(key, "base64");
  return {
    address: removeFinalSlash(address),
    authorize: (request) => `SharedKeyLite ${account}:${signatureOf(signedText(request, account), secret)}`,
  };
}

/** "Authorize with Shared Key" in Microsoft Learn: Shared Key Lite for the Queue service. */
function signedOfQueue({ method, url, headers }: SignedRequest, account: string): string {
  const own = Object.entries(headers)
    .filter(([name]) => name.startsWith("x-ms-"))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}:${value}\n`);
  const part = url.searchParams.get("comp");
  const resource = `/${account}${url.pathname}${part === null ? "" : `?comp=${part}`}`;
  return `${method}\n\n${headers["content-type"] ?? ""}\n\n${own.join("")}${resource}`;
}

/** The same page: Shared Key Lite for the Table service. */
function signedOfTable({ url, headers }: SignedRequest, account: string): string {
  return `${headers["x-ms-date"]}\n/${account}${url.pathname}`;
}

function signatureOf(text: string, secret: KeyObject): string {
  return createHmac("sha256", secret).update(text).digest("base64");
}

function removeFinalSlash(address: string): string {
  return address.replace(/\/$/, "");
}
