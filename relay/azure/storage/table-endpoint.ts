import { createHmac, createSecretKey } from "node:crypto";
import type { StorageAccess } from "./storage-access.ts";

/** The address of an account's Table service, and how calls to it are authorized. */
export interface TableEndpoint {
  readonly address: string;
  /** The header `Authorization` of a call; the URL must not have its query yet, which is not signed. */
  readonly authorize: (url: URL, date: string, signal: AbortSignal) => Promise<string> | string;
}

/** @throws an error that names the setting to fix */
export function endpointOf(access: StorageAccess): TableEndpoint {
  if (!("connectionString" in access)) {
    if (access.tableServiceUri === undefined)
      throw new Error("App settings: RELAY_STORAGE__tableServiceUri is not set.");
    const { credential } = access;
    return {
      address: access.tableServiceUri,
      authorize: async (_url, _date, abortSignal) =>
        `Bearer ${(await credential.getToken("https://storage.azure.com/.default", { abortSignal }))?.token}`,
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
    parts.get("tableendpoint") ?? `${parts.get("defaultendpointsprotocol") ?? "https"}://${account}.table.${suffix}`;
  if (account === undefined || key === undefined) {
    throw new Error("App settings: RELAY_STORAGE has no AccountName and AccountKey, which the Table service needs.");
  }
  const secret = createSecretKey(key, "base64");
  return {
    address,
    // "Authorize with Shared Key" in Microsoft Learn: SharedKeyLite for the Table service.
    authorize: ({ pathname }, date) => {
      const signature = createHmac("sha256", secret).update(`${date}\n/${account}${pathname}`);
      return `SharedKeyLite ${account}:${signature.digest("base64")}`;
    },
  };
}
