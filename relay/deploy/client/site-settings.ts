import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { webApiVersion } from "../api-versions.ts";
import { saysGone } from "./arm-complaint.ts";
import type { ArmHttp } from "./arm-http.ts";

/** The status of an app setting that refers to a key vault. */
export interface SecretReference {
  /** The app setting's name. */
  readonly setting: string;
  /** Azure's status; `Resolved` means success. */
  readonly status: string;
  /** Azure's explanation, if any. */
  readonly details: string | undefined;
  readonly vaultName: string | undefined;
  readonly secretName: string | undefined;
}

const text = z
  .string()
  .nullish()
  .transform((given) => given ?? undefined);
// Azure's REST reference: Web Apps, *Get App Settings Key Vault References*.
const references = z.object({
  value: z.array(
    z.object({
      name: z.string(),
      properties: z.object({ status: z.string(), details: text, vaultName: text, secretName: text }),
    }),
  ),
});

const settings = z.object({ properties: z.record(z.string(), z.string()) });

/** Makes the error for an answer that differs from Azure's documentation. */
export type NotUnderstood = (purpose: string, issue: string) => Error;

/** The app settings of a function app in Azure Resource Manager. */
export class SiteSettings {
  readonly #arm: ArmHttp;
  readonly #siteId: string;
  readonly #notUnderstood: NotUnderstood;

  constructor(arm: ArmHttp, siteId: string, notUnderstood: NotUnderstood) {
    this.#arm = arm;
    this.#siteId = siteId;
    this.#notUnderstood = notUnderstood;
  }

  /** The settings, with unresolved references; undefined if the app does not exist. */
  async list(signal: AbortSignal): Promise<Record<string, string> | undefined> {
    const purpose = this.#purpose("read the app settings");
    let data: unknown;
    try {
      data = await this.#call("POST", "config/appsettings/list", purpose, { signal });
    } catch (error) {
      if (error instanceof VendorError && saysGone(error)) return undefined;
      throw error;
    }
    const parsed = settings.safeParse(data);
    if (!parsed.success) throw this.#notUnderstood(purpose, "no list of settings");
    return parsed.data.properties;
  }

  /** Replaces all settings. Azure then restarts the instances. */
  async write(properties: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const purpose = this.#purpose("write the app settings");
    await this.#call("PUT", "config/appsettings", purpose, { signal, body: { properties } });
  }

  /** The status of each setting that refers to a key vault. */
  async listReferences(signal: AbortSignal): Promise<SecretReference[]> {
    const purpose = this.#purpose("read the status of the Key Vault references");
    const data = await this.#call("GET", "config/configreferences/appsettings", purpose, { signal });
    const parsed = references.safeParse(data);
    if (!parsed.success) throw this.#notUnderstood(purpose, "no list of references");
    return parsed.data.value.map(({ name, properties }) => ({
      setting: name.split("/").at(-1) ?? name,
      ...properties,
    }));
  }

  /** Makes Azure resolve all references now, not just once a day (Microsoft, "Use Key Vault references as app settings"). */
  async refreshReferences(signal: AbortSignal): Promise<void> {
    const purpose = this.#purpose("refresh the Key Vault references");
    await this.#call("POST", "config/configreferences/appsettings/refresh", purpose, { signal });
  }

  /** Restarts the app's instances with the present settings. */
  async restart(signal: AbortSignal): Promise<void> {
    await this.#call("POST", "restart", this.#purpose("restart the instances"), { signal });
  }

  #purpose(what: string): string {
    return `${what} of the function app "${this.#siteId.split("/").at(-1)}"`;
  }

  /** Makes a call that is safe to repeat. */
  async #call(
    method: "GET" | "POST" | "PUT",
    path: string,
    purpose: string,
    { signal, body }: { signal: AbortSignal; body?: object },
  ): Promise<unknown> {
    const call = {
      method,
      path: `${this.#siteId}/${path}`,
      params: { "api-version": webApiVersion },
      signal,
      purpose,
      repeatable: true,
      ...(body && { body }),
    };
    const data = method === "GET" ? await this.#arm.read(call) : (await this.#arm.call(call)).data;
    // Azure's answer is empty or JSON; a proxy's page means that nothing was done.
    if (typeof data === "string" && data.trim() !== "") throw this.#notUnderstood(purpose, "no JSON");
    return data;
  }
}
