import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import type { AzureOptions } from "../../src/azure/azure.ts";
import { until } from "../until.ts";
import { callerToken, inGroup, make, startAzureWithGroup } from "./support.ts";

export type Made = Awaited<ReturnType<typeof make>>;

export interface App {
  readonly app: Made;
  /** Address of the functions. */
  readonly host: string;
  /** Address of the deployment site. */
  readonly scm: string;
}

export const [failed, success] = [3, 4];

/** A local Azure with everything that function apps need: storage without keys, a container for code, an identity, a vault. */
export async function startAppWorld(options: Partial<AzureOptions> = {}) {
  const cloud = await startAzureWithGroup(options);
  const { provider } = cloud.azure;
  const account = await make(provider, "storage:StorageAccount", "account", {
    ...inGroup,
    accountName: "testaccount",
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
    allowSharedKeyAccess: false,
  });
  const endpoints = account.properties.primaryEndpoints as { blob: string; queue: string };
  await make(provider, "storage:BlobContainer", "code", { ...inGroup, accountName: "testaccount" });
  const identity = await make(provider, "managedidentity:UserAssignedIdentity", "identity", inGroup);
  const vault = await make(provider, "keyvault:Vault", "vault", {
    ...inGroup,
    vaultName: "testvault",
    properties: { tenantId: "t", sku: { family: "A", name: "standard" }, enableRbacAuthorization: true },
  });
  const clientId = identity.properties.clientId ?? "";
  const authorization = async () => ({ Authorization: `Bearer ${await callerToken(provider)}` });
  let made = 0;

  return {
    cloud,
    provider,
    account,
    endpoints,
    identity,
    vault,

    /** Creates a plan and an app on it, with `configuration` in its functionAppConfig. */
    async makeApp(configuration: PropertyMap = {}): Promise<App> {
      made += 1;
      const plan = await make(provider, "web:AppServicePlan", `plan${made}`, {
        ...inGroup,
        reserved: true,
        sku: { name: "FC1", tier: "FlexConsumption" },
      });
      const app = await make(provider, "web:WebApp", `app${made}`, {
        ...inGroup,
        serverFarmId: plan.id,
        kind: "functionapp,linux",
        identity: { type: "UserAssigned", userAssignedIdentities: [identity.id] },
        keyVaultReferenceIdentity: identity.id,
        functionAppConfig: {
          deployment: {
            storage: {
              type: "blobContainer",
              value: `${endpoints.blob}code`,
              authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identity.id },
            },
          },
          runtime: { name: "node", version: "22" },
          scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 40 },
          ...configuration,
        },
      });
      const states = app.properties.hostNameSslStates as { hostType: string; name: string }[];
      const address = (type: string) => `https://${states.find(({ hostType }) => hostType === type)?.name}`;
      return { app, host: address("Standard"), scm: address("Repository") };
    },

    /** Sets the app's settings: its storage by identity, and `properties`. */
    configure({ app }: App, properties: PropertyMap): Promise<Made> {
      const connection = {
        STORE__queueServiceUri: endpoints.queue,
        STORE__credential: "managedidentity",
        STORE__clientId: clientId,
        AzureWebJobsStorage__accountName: "testaccount",
        AzureWebJobsStorage__credential: "managedidentity",
        AzureWebJobsStorage__clientId: clientId,
      };
      return make(provider, "web:WebAppApplicationSettings", "settings", {
        ...inGroup,
        name: app.properties.name ?? "",
        properties: { ...connection, ...properties },
      });
    },

    async publish({ scm }: App, zip: Uint8Array, over: { token?: string; type?: string } = {}) {
      const response = await fetch(`${scm}/api/publish?RemoteBuild=false&Deployer=test&isAsync=true`, {
        method: "POST",
        headers: {
          ...(over.token === undefined ? await authorization() : { Authorization: `Bearer ${over.token}` }),
          "Content-Type": over.type ?? "application/zip",
        },
        body: zip,
      });
      return { status: response.status, text: await response.text() };
    },

    async kudu({ scm }: App, path: string): Promise<PropertyMap> {
      return (await fetch(scm + path, { headers: await authorization() })).json() as Promise<PropertyMap>;
    },

    /** Publishes and follows the deployment to its end. */
    async deploy(app: App, zip: Uint8Array): Promise<PropertyMap> {
      const { status, text } = await this.publish(app, zip);
      if (status !== 202) throw new Error(`${status}: ${text}`);
      const path = `/api/deployments/${JSON.parse(text)}`;
      return until(
        () => this.kudu(app, path),
        ({ complete }) => complete === true,
      );
    },

    async arm({ app }: App, method: string, path: string) {
      const url = `${cloud.azure.armUrl}${app.id}/${path}?api-version=2024-04-01`;
      const response = await fetch(url, { method, headers: await authorization() });
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },

    /** Gives an app another container for its code; returns the status. */
    async moveCode({ app }: App, container: string): Promise<number> {
      const storage = {
        type: "blobContainer",
        value: `${endpoints.blob}${container}`,
        authentication: { type: "UserAssignedIdentity", userAssignedIdentityResourceId: identity.id },
      };
      const { deployment: _, ...configuration } = app.properties.functionAppConfig as Record<string, object>;
      const response = await fetch(`${cloud.azure.armUrl}${app.id}?api-version=2025-05-01`, {
        method: "PUT",
        headers: { ...(await authorization()), "Content-Type": "application/json" },
        body: JSON.stringify({
          location: "westeurope",
          kind: "functionapp,linux",
          identity: { type: "UserAssigned", userAssignedIdentities: { [identity.id]: {} } },
          properties: {
            serverFarmId: app.properties.serverFarmId,
            functionAppConfig: { ...configuration, deployment: { storage } },
          },
        }),
      });
      return response.status;
    },

    /** Names of the functions that ARM lists, without the app's. */
    async functionNames(app: App): Promise<string[]> {
      const names: string[] = [];
      let { body } = await this.arm(app, "GET", "functions");
      for (;;) {
        const { value, nextLink } = body as { value: { name: string }[]; nextLink: string | null };
        names.push(...value.map(({ name }) => name.split("/")[1] ?? ""));
        if (nextLink === null) return names.sort();
        body = await (await fetch(nextLink, { headers: await authorization() })).json();
      }
    },
  };
}

export type AppWorld = Awaited<ReturnType<typeof startAppWorld>>;
