import type { Resource, Subscription } from "../arm/subscription.ts";
import type { AzureSwitches } from "../switches.ts";
import { type KeyVaultReference, resolveKeyVaultReferences } from "./key-vault-references.ts";

interface SiteSettingsOptions {
  readonly subscription: Subscription;
  readonly switches: AzureSwitches;
  /** Undefined while the site is being made. */
  readonly site: () => Resource | undefined;
}

/**
 * The app settings of a site. What they refer to in a vault is looked up when they change and when somebody asks for a refresh, and kept
 * in between, failures included: starts and restarts look nothing up (Microsoft Learn, "Use Key Vault references", on rotation).
 */
export class StandInSiteSettings {
  readonly #options: SiteSettingsOptions;
  #values: Readonly<Record<string, string>> = {};
  /** As they were looked up last; undefined before the site exists. */
  #references: ReadonlyMap<string, KeyVaultReference> | undefined;

  constructor(options: SiteSettingsOptions) {
    this.#options = options;
  }

  get values(): Readonly<Record<string, string>> {
    return this.#values;
  }

  /** What became of the settings that refer to a vault, by their names. */
  get references(): ReadonlyMap<string, KeyVaultReference> {
    this.#references ??= this.#lookUp();
    return this.#references ?? new Map();
  }

  /** Replaces the whole set. */
  change(values: Readonly<Record<string, string>>): void {
    this.#values = values;
    this.#references = this.#lookUp();
  }

  /** Looks up again what the settings refer to; answers whether that brought anything else. */
  refresh(): boolean {
    const known = () => JSON.stringify([...this.references]);
    const before = known();
    this.#references = this.#lookUp();
    return known() !== before;
  }

  /** The settings as a host that starts now gets them: of a reference that is not resolved, the text itself. */
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
