import { HttpClient, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { explainAzureError } from "./arm-complaint.ts";
import type { AzureCalls } from "./azure-calls.ts";

/** Version of Azure Key Vault's own API, which differs from Azure Resource Manager's. */
const apiVersion = "7.4";
/** Maximum pages of versions, in case a list never ends; Azure returns 25 versions per page. */
const mostPages = 100;

const versionList = z.object({
  value: z.array(z.object({ id: z.string(), attributes: z.object({ enabled: z.boolean().nullish() }).nullish() })),
  nextLink: z.string().nullish(),
});

/** One version of a secret, without its value. */
export interface ListedVersion {
  /** The last part of its address. */
  readonly version: string;
  readonly isEnabled: boolean;
}

/**
 * A key vault's own API. Azure Resource Manager knows only a secret's present version, so this API handles former ones. It requires the
 * role Key Vault Secrets Officer: an Owner alone has no access.
 */
export class Vault {
  readonly #http: HttpClient;
  readonly #name: string;

  /** @param uri `properties.vaultUri` of the vault */
  constructor(name: string, uri: string, calls: AzureCalls) {
    this.#name = name;
    this.#http = new HttpClient({
      vendor: "Azure Key Vault",
      baseUrl: uri.replace(/\/$/, ""),
      baseUrlSetting: "the vault's properties.vaultUri",
      ...calls,
      complaint: (response) => ({ ...explainAzureError(response), remedy: undefined }),
    });
  }

  /** All versions of a secret; empty if the secret does not exist. */
  async listVersions(secretName: string, signal: AbortSignal): Promise<ListedVersion[]> {
    const found: ListedVersion[] = [];
    let params: Record<string, string> | undefined = {};
    for (let page = 0; params !== undefined && page < mostPages; page++) {
      const answer = await this.#list(secretName, params, signal);
      if (answer === undefined) return found;
      for (const { id, attributes } of answer.value) {
        found.push({ version: id.split("/").at(-1) ?? "", isEnabled: attributes?.enabled !== false });
      }
      params = answer.nextLink ? Object.fromEntries(new URL(answer.nextLink).searchParams) : undefined;
    }
    return found;
  }

  /** Disables a version, so that nobody can read it until it is enabled again. */
  async disable(secretName: string, version: string, signal: AbortSignal): Promise<void> {
    await this.#http.call({
      method: "PATCH",
      path: `/secrets/${secretName}/${version}`,
      params: { "api-version": apiVersion },
      signal,
      body: { attributes: { enabled: false } },
      repeatable: true,
      purpose: `disable the version ${version} of the secret "${secretName}" in the vault "${this.#name}"`,
    });
  }

  async #list(secretName: string, params: Record<string, string>, signal: AbortSignal) {
    const purpose = `list the versions of the secret "${secretName}" in the vault "${this.#name}"`;
    try {
      const path = `/secrets/${secretName}/versions`;
      const { data } = await this.#http.call({
        method: "GET",
        path,
        params: { ...params, "api-version": apiVersion },
        signal,
        purpose,
      });
      return versionList.parse(data);
    } catch (error) {
      if (error instanceof VendorError && error.status === 404 && error.code === "SecretNotFound") return undefined;
      throw error;
    }
  }
}
