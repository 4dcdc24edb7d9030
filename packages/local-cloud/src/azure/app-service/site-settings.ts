import type { Resource, Subscription } from "../arm/subscription.ts";
import type { AzureSwitches } from "../switches.ts";
import { type KeyVaultReference, resolveKeyVaultReferences } from "./key-vault-references.ts";

interface SiteSettingsOptions {
  readonly subscription: Subscription;
  readonly switches: AzureSwitches;
  /** Undefined while the site is being created. */
  readonly site: () => Resource | undefined;
}

/**
 * The app settings of a site. Their vault references are resolved when settings change and on a refresh, and the results are kept,
 * including failures: starts and restarts resolve nothing (Microsoft Learn, "Use Key Vault references", on rotation).
 */
export class StandInSiteSettings {
  readonly #options: SiteSettingsOptions;
  #values: Readonly<Record<string, string>> = {};
  /** Results of the last resolution; undefined before the site exists. */
  #references: ReadonlyMap<string, KeyVaultReference> | undefined;

  constructor(options: SiteSettingsOptions) {
    this.#options = options;
  }

  get values(): Readonly<Record<string, string>> {
    return this.#values;
  }

  /** The state of the settings that refer to a vault, by name. */
  get references(): ReadonlyMap<string, KeyVaultReference> {
    this.#references ??= this.#lookUp();
    return this.#references ?? new Map();
  }

  /** Replaces the whole set. */
  change(values: Readonly<Record<string, string>>): void {
    this.#values = values;
    this.#references = this.#lookUp();
  }

  /** Resolves the references again; returns whether any value changed. */
  refresh(): boolean {
    const known = () => JSON.stringify([...this.references]);
    const before = known();
    this.#references = this.#lookUp();
    return known() !== before;
  }

  /** The settings for a host that starts now. An unresolved reference keeps its text. */
  environment(): Record<string, string> {
    const again = this.#options.switches.failedReferences === "kept" ? undefined : this.#lookUp();
    return Object.fromEntries(
      Object.entries(this.#values).map(([name, value]) => [
        name,
        this.references.get(name)?.value ?? again?.get(name)?.value ?? value,
      ]),
    );
  }

  #lookUp(): ReadonlyMap<string, KeyVaultReference> | undefined {
    const site = this.#options.site();
    return site && resolveKeyVaultReferences(this.#options.subscription, site, this.#values, this.#options.switches);
  }
}
