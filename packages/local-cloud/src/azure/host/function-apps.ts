import path from "node:path";
import type { Certificate } from "../../certificate.ts";
import { ArmError } from "../arm/arm-error.ts";
import type { Subscription } from "../arm/subscription.ts";
import type { IdentityEndpoint } from "../identity/managed-identity.ts";
import type { StorageAccounts } from "../storage/storage-accounts.ts";
import type { AzureSwitches } from "../switches.ts";
import { FunctionApp } from "./function-app.ts";

export interface FunctionAppsOptions {
  readonly folder: string;
  readonly certificate: Certificate;
  readonly tokenSecret: string;
  readonly subscription: Subscription;
  readonly storage: StorageAccounts;
  readonly identities: IdentityEndpoint;
  readonly switches: AzureSwitches;
}

/** The function apps that exist, by resource id. */
export class FunctionApps {
  readonly #options: FunctionAppsOptions;
  readonly #apps = new Map<string, FunctionApp>();

  constructor(options: FunctionAppsOptions) {
    this.#options = options;
  }

  async create(id: string, name: string): Promise<FunctionApp> {
    const app = await FunctionApp.create({
      ...this.#options,
      id,
      name,
      folder: path.join(this.#options.folder, name),
    });
    this.#apps.set(id.toLowerCase(), app);
    return app;
  }

  get(id: string): FunctionApp {
    const app = this.#apps.get(id.toLowerCase());
    if (app) return app;
    const name = id.split("/").at(-1);
    throw new ArmError(404, "ResourceNotFound", `The Resource 'Microsoft.Web/sites/${name}' was not found.`);
  }

  list(): FunctionApp[] {
    return [...this.#apps.values()];
  }

  async delete(id: string): Promise<void> {
    const app = this.#apps.get(id.toLowerCase());
    this.#apps.delete(id.toLowerCase());
    await app?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#apps.keys()].map((id) => this.delete(id)));
  }
}
