import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { Hono } from "hono";
import type { Certificate } from "../certificate.ts";
import { localCredentials } from "../credentials.ts";
import { listen } from "../listen.ts";
import { azureAdminRoutes } from "./admin-routes.ts";
import { FunctionApps } from "./app-service/function-apps.ts";
import { resourceManager } from "./arm/resource-manager.ts";
import { AzureNative } from "./arm/resource-provider.ts";
import { ResourceWrites } from "./arm/resource-writes.ts";
import { Subscription } from "./arm/subscription.ts";
import { startIdentityEndpoint } from "./identity/managed-identity.ts";
import { roleDefinitions } from "./identity/role-definitions.ts";
import type { AzureCensus, LocalAzure } from "./local-azure.ts";
import { StorageAccounts } from "./storage/storage-accounts.ts";
import { storageContents } from "./storage/storage-contents.ts";
import { type AzureSwitches, defaultAzureSwitches } from "./switches.ts";
import { vaultDataPlane, vaultsPath } from "./vault/vault-data-plane.ts";

export interface AzureOptions {
  /** Where data, packages and logs go; storage is deleted with its account, logs stay. */
  readonly folder: string;
  /** Certificate of every HTTPS address; this process must trust it too (`trustInThisProcess`). */
  readonly certificate: Certificate;
  readonly switches?: Partial<AzureSwitches>;
  /** Built-in role, by name, of the login that runs Pulumi, on the whole subscription; default: Owner. */
  readonly callerRole?: string;
  /**
   * Built-in roles, by name, that the caller also has on the whole subscription, since that role does not cover the
   * data in storage accounts. They represent role assignments by an administrator.
   */
  readonly callerRoles?: readonly string[];
}

/** Starts an empty subscription. */
export async function startAzure(options: AzureOptions): Promise<LocalAzure> {
  const { folder, certificate } = options;
  const switches = { ...defaultAzureSwitches, ...options.switches };
  const { subscriptionId, tenantId, objectId, clientId } = localCredentials.azure;
  const caller = { objectId, clientId };
  const tokenSecret = randomBytes(32).toString("base64");
  await mkdir(folder, { recursive: true });

  const subscription = new Subscription({ subscriptionId, tenantId });
  for (const name of [options.callerRole ?? "Owner", ...(options.callerRoles ?? [])]) {
    const role = roleDefinitions.find((definition) => definition.name === name);
    if (role === undefined) throw new Error(`The local cloud has no built-in role "${name}".`);
    const scope = `/subscriptions/${subscriptionId}`;
    subscription.grant(`caller ${name}`, { principalId: objectId, roleDefinitionId: role.id, scope, activeFrom: 0 });
  }
  const identities = await startIdentityEndpoint({ tokenSecret, tenantId });
  const storage = new StorageAccounts({
    subscription,
    folder: path.join(folder, "storage"),
    certificate,
    tokenSecret,
    switches,
  });
  const apps = new FunctionApps({
    subscription,
    storage,
    identities,
    certificate,
    tokenSecret,
    switches,
    folder: path.join(folder, "apps"),
  });
  const parts = { subscription, storage, apps, switches, tokenSecret, caller };
  const writes = new ResourceWrites(parts);

  const azure: Omit<LocalAzure, "armUrl"> = {
    provider: new AzureNative(parts, writes),
    identityEndpoint: identities.url,
    identityHeader: identities.register({ own: () => caller, userAssigned: () => [] }),
    effects: writes.effects,
    census: () => ({ resources: countByType(subscription), processes: processes(storage, apps) }),
    ...storageContents(parts),
    change: (changes) => {
      Object.assign(switches, changes);
      if (changes.roleAssignmentDelay !== undefined) subscription.shortenGrants(changes.roleAssignmentDelay);
      if (changes.operatorNetwork !== undefined || changes.roleAssignmentDelay !== undefined) {
        void storage.refreshAccess();
      }
      return switches;
    },
    killFunctionHosts: async () => {
      const running = apps.list().filter(({ hostPid }) => hostPid !== undefined);
      await Promise.all(running.map((app) => app.killHost()));
      return running.length;
    },
    functionLogs: () =>
      apps
        .list()
        .map(({ logFile }) => logFile)
        .filter(existsSync),
    close: async () => {
      await apps.close();
      await storage.close();
      await Promise.all([identities.close(), arm.close()]);
      await rm(path.join(folder, "storage"), { recursive: true, force: true });
    },
  };
  const routes = new Hono()
    .route("/__local", azureAdminRoutes(azure))
    .route("/", vaultDataPlane(parts))
    .route("/", resourceManager(parts, writes));
  const arm = await listen(routes.fetch);
  const armUrl = `http://127.0.0.1:${arm.port}`;
  subscription.vaultUri = (name) => `${armUrl}${vaultsPath}/${name.toLowerCase()}/`;
  return { ...azure, armUrl };
}

function countByType(subscription: Subscription): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { type } of subscription.list()) counts[type.token] = (counts[type.token] ?? 0) + 1;
  return counts;
}

function processes(storage: StorageAccounts, apps: FunctionApps): AzureCensus["processes"] {
  return [
    ...storage.processes().map((one) => ({ kind: "azurite" as const, ...one })),
    ...apps
      .list()
      .flatMap(({ name, hostPid, formerPids }) =>
        [hostPid ?? [], formerPids].flat().map((pid) => ({ kind: "function-host" as const, name, pid })),
      ),
  ];
}
