import { StandInSiteSettings } from "../../src/azure/app-service/site-settings.ts";
import { armResourceTypes } from "../../src/azure/arm/resource-types.ts";
import { Subscription } from "../../src/azure/arm/subscription.ts";
import { type AzureSwitches, defaultAzureSwitches } from "../../src/azure/switches.ts";
import { roles } from "./support.ts";

const group = "/subscriptions/s/resourceGroups/g/providers";
const vaultId = `${group}/Microsoft.KeyVault/vaults/v`;
const uri = "https://v.vault.azure.net/secrets/key";

let subscription: Subscription;
let settings: StandInSiteSettings;

function start(switches: Partial<AzureSwitches> = {}, identity = "app"): void {
  subscription = new Subscription({ subscriptionId: "s", tenantId: "t" });
  const site = resource(
    `${group}/Microsoft.Web/sites/a`,
    "web:WebApp",
    identity === "" ? {} : { identity: { principalId: identity } },
  );
  settings = new StandInSiteSettings({
    subscription,
    switches: { ...defaultAzureSwitches, ...switches },
    site: () => site,
  });
  subscription.put(resource(vaultId, "keyvault:Vault"));
  write("1", "one");
}

function resource(id: string, type: string, outputs: object = {}) {
  const [found, name] = [armResourceTypes.get(`azure-native:${type}`), id.split("/").at(-1) ?? ""];
  if (found === undefined) throw new Error(type);
  return { id, type: found, name, inputs: {}, outputs: { ...outputs } };
}

function write(version: string, value: string, attributes: { isEnabled?: boolean; expires?: number } = {}): void {
  const id = `${vaultId}/secrets/key`;
  subscription.put(resource(id, "keyvault:Secret", { properties: { secretUriWithVersion: `${uri}/${version}` } }));
  subscription.secretVersions.set(`${id}/${version}`.toLowerCase(), {
    value,
    isEnabled: true,
    createdAt: 0,
    ...attributes,
  });
}

function allowReading(): void {
  const roleDefinitionId = `/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/${roles.secretsUser}`;
  subscription.grant("r", { principalId: "app", roleDefinitionId, scope: "/subscriptions/s", activeFrom: 0 });
}

const statuses = () => Object.fromEntries([...settings.references].map(([name, { status }]) => [name, status]));

beforeEach(() => start());

test("a role assigned after the settings has no effect until a refresh", () => {
  settings.change({ PLAIN: "1", KEY: `@Microsoft.KeyVault(SecretUri=${uri}/1)` });
  allowReading();
  expect(statuses()).toEqual({ KEY: "AccessToKeyVaultDenied" });
  expect(settings.environment()).toEqual({ PLAIN: "1", KEY: `@Microsoft.KeyVault(SecretUri=${uri}/1)` });
  expect(settings.refresh()).toBe(true);
  expect(statuses()).toEqual({ KEY: "Resolved" });
  expect(settings.environment()).toEqual({ PLAIN: "1", KEY: "one" });
  expect(settings.refresh()).toBe(false);
});

test("a new version is read after a change of settings or a refresh, and a former one stays readable", () => {
  allowReading();
  const given = { A: `@Microsoft.KeyVault(SecretUri=${uri}/1)`, B: `@Microsoft.KeyVault(SecretUri=${uri})` };
  settings.change(given);
  write("2", "two");
  expect(settings.environment()).toEqual({ A: "one", B: "one" });
  settings.refresh();
  expect(settings.environment()).toEqual({ A: "one", B: "two" });
  write("3", "three");
  settings.change(given);
  expect(settings.environment()).toEqual({ A: "one", B: "three" });
  const named = "VaultName=v;SecretName=key";
  settings.change({ A: `@Microsoft.KeyVault(${named};SecretVersion=1)`, B: `@Microsoft.KeyVault(${named})` });
  expect(settings.environment()).toEqual({ A: "one", B: "three" });
});

test("each failure has Azure's own status", () => {
  allowReading();
  settings.change({
    LATEST: `@Microsoft.KeyVault(SecretUri=${uri}/)`,
    BY_NAME: "@Microsoft.KeyVault(VaultName=v;SecretName=key)",
    NO_VERSION: `@Microsoft.KeyVault(SecretUri=${uri}/9)`,
    NO_SECRET: `@Microsoft.KeyVault(SecretUri=${uri}-unknown)`,
    NO_VAULT: "@Microsoft.KeyVault(SecretUri=https://nowhere.vault.azure.net/secrets/key)",
    NO_SYNTAX: "@Microsoft.KeyVault(key)",
  });
  expect(statuses()).toEqual({
    LATEST: "Resolved",
    BY_NAME: "Resolved",
    NO_VERSION: "SecretVersionNotFound",
    NO_SECRET: "SecretNotFound",
    NO_VAULT: "VaultNotFound",
    NO_SYNTAX: "InvalidSyntax",
  });
  start({}, "");
  settings.change({ KEY: `@Microsoft.KeyVault(SecretUri=${uri})` });
  expect(statuses()).toEqual({ KEY: "MSINotEnabled" });
});

test("a disabled version is refused, and an expired one is readable only with its switch", () => {
  const given = { KEY: `@Microsoft.KeyVault(SecretUri=${uri}/1)` };
  const outcomeOf = (attributes: { isEnabled?: boolean; expires?: number }) => {
    allowReading();
    write("1", "one", attributes);
    settings.change(given);
    return settings.references.get("KEY");
  };
  const now = Math.floor(Date.now() / 1000);
  expect(outcomeOf({ expires: now + 60 })).toMatchObject({ status: "Resolved", value: "one" });
  for (const refused of [{ isEnabled: false }, { expires: now - 60 }]) {
    expect(outcomeOf(refused)?.status).toBe("OtherReasons");
    expect(settings.environment()).toEqual(given);
  }
  start({ expiredSecrets: "given" });
  expect(outcomeOf({ expires: now - 60 })?.status).toBe("Resolved");
  expect(outcomeOf({ isEnabled: false })?.status).toBe("OtherReasons");
});

test("with its switch, a host that starts later retries failed references", () => {
  start({ failedReferences: "tried-at-start" });
  settings.change({ KEY: `@Microsoft.KeyVault(SecretUri=${uri})` });
  allowReading();
  expect(settings.environment()).toEqual({ KEY: "one" });
});
