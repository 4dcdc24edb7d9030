import { BlobSASPermissions, generateBlobSASQueryParameters, StorageSharedKeyCredential } from "@azure/storage-blob";
import { type PropertyMap, Secret } from "pulumi-provider-kit";
import type { FunctionApp } from "../app-service/function-app.ts";
import type { AzureParts } from "../effects/effects.ts";
import { issueToken } from "../identity/access-token.ts";
import { connectionsOf } from "../network/private-access.ts";
import { ArmError } from "./arm-error.ts";
import { type Principal, type Resource, textAt } from "./subscription.ts";

export interface InvokeParts extends AzureParts {
  readonly tokenSecret: string;
  /** The login that runs Pulumi: the developer's own login. */
  readonly caller: Principal;
}

/** The functions of azure-native that such a program calls. */
export async function invoke(token: string, args: PropertyMap, parts: InvokeParts): Promise<PropertyMap> {
  const call = invokes[token];
  if (call === undefined) throw new Error(`The local cloud has no function ${token}.`);
  return call(args, parts);
}

const invokes: Record<string, (args: PropertyMap, parts: InvokeParts) => PropertyMap> = {
  "azure-native:authorization:getClientConfig": (_args, { caller, subscription }) => ({
    clientId: caller.clientId,
    objectId: caller.objectId,
    subscriptionId: subscription.subscriptionId,
    tenantId: subscription.tenantId,
  }),
  "azure-native:authorization:getClientToken": (args, { caller, subscription, tokenSecret }) => {
    const audience = textAt(args, "endpoint") || "https://management.azure.com/";
    const { token } = issueToken(tokenSecret, { ...caller, audience, tenantId: subscription.tenantId });
    return { token: new Secret(token) };
  },
  "azure-native:resources:getResourceGroup": (args, { subscription }) => {
    const name = textAt(args, "resourceGroupName");
    const group = subscription.findByName("resources:ResourceGroup", name);
    if (group === undefined) {
      throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${name}' could not be found.`);
    }
    return { ...group.outputs, id: group.id };
  },
  "azure-native:managedidentity:getUserAssignedIdentity": (args, { subscription }) => {
    const found = subscription.findByName("managedidentity:UserAssignedIdentity", textAt(args, "resourceName"));
    const { id, outputs } = requireNamed(found, args, "resourceName");
    return { ...outputs, id };
  },
  "azure-native:storage:getStorageAccount": (args, parts) => {
    const { id, name, outputs } = account(args, parts);
    const endpoints = parts.subscription.list("network:PrivateEndpoint").filter((endpoint) => {
      return connectionsOf(endpoint).some(({ target }) => target.toLowerCase() === id.toLowerCase());
    });
    return { ...outputs, id, name, privateEndpointConnections: endpoints.map((endpoint) => ({ id: endpoint.id })) };
  },
  "azure-native:storage:listStorageAccountKeys": (args, parts) => {
    const { id, outputs } = account(args, parts);
    const keys = parts.storage.get(id).keys.map((value, index) => ({
      keyName: `key${index + 1}`,
      value: new Secret(value),
      permissions: "FULL",
      creationTime: textAt(outputs, "creationTime"),
    }));
    return { keys };
  },
  "azure-native:storage:listStorageAccountServiceSAS": (args, parts) => ({
    serviceSasToken: new Secret(sas(args, parts)),
  }),
  "azure-native:web:listWebAppHostKeys": (args, parts) => {
    const { keys } = running(site(args, parts), parts);
    return { masterKey: new Secret(keys.master), functionKeys: { default: new Secret(keys.function) }, systemKeys: {} };
  },
  "azure-native:web:listWebAppFunctionKeys": (args, parts) => {
    const { keys } = running(site(args, parts), parts);
    return { properties: { default: new Secret(keys.function) } };
  },
  "azure-native:web:listWebAppSyncFunctionTriggers": (args, parts) => {
    const app = running(site(args, parts), parts);
    return { key: new Secret(app.keys.master), triggerUrl: `https://${app.hostName}/admin/host/synctriggers` };
  },
};

function account(args: PropertyMap, { subscription }: InvokeParts): Resource {
  return requireNamed(
    subscription.findByName("storage:StorageAccount", textAt(args, "accountName")),
    args,
    "accountName",
  );
}

function site(args: PropertyMap, { subscription }: InvokeParts): Resource {
  return requireNamed(subscription.findByName("web:WebApp", textAt(args, "name")), args, "name");
}

function requireNamed(resource: Resource | undefined, args: PropertyMap, nameArg: string): Resource {
  const group = textAt(args, "resourceGroupName");
  if (resource?.id.toLowerCase().includes(`/resourcegroups/${group.toLowerCase()}/`)) return resource;
  throw new ArmError(
    404,
    "ResourceNotFound",
    `The Resource '${textAt(args, nameArg)}' under resource group '${group}' was not found.`,
  );
}

/** The host keeps the keys, so they are unavailable before one has started. */
function running({ id }: Resource, { apps }: InvokeParts): FunctionApp {
  const app = apps.get(id);
  if (app.hostPid !== undefined) return app;
  throw new ArmError(400, "BadRequest", "Encountered an error (ServiceUnavailable) from host runtime.");
}

function sas(args: PropertyMap, parts: InvokeParts): string {
  const { id, name } = account(args, parts);
  const [containerName, ...blob] = textAt(args, "canonicalizedResource")
    .replace(/^\/blob\/[^/]+\//, "")
    .split("/");
  if (containerName === undefined) {
    throw new ArmError(400, "InvalidValuesForRequestParameters", "canonicalizedResource");
  }
  const startsOn = textAt(args, "sharedAccessStartTime");
  return generateBlobSASQueryParameters(
    {
      containerName,
      ...(blob.length > 0 && { blobName: blob.join("/") }),
      permissions: BlobSASPermissions.parse(textAt(args, "permissions") || "r"),
      expiresOn: new Date(textAt(args, "sharedAccessExpiryTime")),
      ...(startsOn !== "" && { startsOn: new Date(startsOn) }),
    },
    new StorageSharedKeyCredential(name, parts.storage.get(id).keys[0]),
  ).toString();
}
