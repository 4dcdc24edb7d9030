import { AsyncResource } from "node:async_hooks";
import { getClientConfig } from "@pulumi/azure-native/authorization/getClientConfig.js";
import * as pulumi from "@pulumi/pulumi";
import {
  actionGroupApiVersion,
  componentApiVersion,
  identityApiVersion,
  resourcesApiVersion,
  storageApiVersion,
  vaultApiVersion,
  workspaceApiVersion,
} from "../../../relay/deploy/api-versions.ts";
import { getExistence } from "../../../relay/deploy/sdk.ts";
import type { SettingWords } from "../../../settings/setting-words.ts";
import type { Settings } from "../../settings/setting-types.ts";

interface NamedKind {
  /** azure-native's type, and its input with the name. */
  readonly type: string;
  readonly input: string;
  /** Between the id of the resource group and the name; undefined for the group itself. */
  readonly path?: string;
  readonly apiVersion: string;
}

const account = {
  type: "azure-native:storage:StorageAccount",
  input: "accountName",
  path: "Microsoft.Storage/storageAccounts",
  apiVersion: storageApiVersion,
};

/** What azure-native creates with names that the user may choose. The app is not among them: its resource adopts what exists. */
const namedKinds = {
  resourceGroup: {
    type: "azure-native:resources:ResourceGroup",
    input: "resourceGroupName",
    apiVersion: resourcesApiVersion,
  },
  identity: {
    type: "azure-native:managedidentity:UserAssignedIdentity",
    input: "resourceName",
    path: "Microsoft.ManagedIdentity/userAssignedIdentities",
    apiVersion: identityApiVersion,
  },
  storageAccount: account,
  hostStorageAccount: account,
  vault: {
    type: "azure-native:keyvault:Vault",
    input: "vaultName",
    path: "Microsoft.KeyVault/vaults",
    apiVersion: vaultApiVersion,
  },
  workspace: {
    type: "azure-native:operationalinsights:Workspace",
    input: "workspaceName",
    path: "Microsoft.OperationalInsights/workspaces",
    apiVersion: workspaceApiVersion,
  },
  component: {
    type: "azure-native:applicationinsights:Component",
    input: "resourceName",
    path: "Microsoft.Insights/components",
    apiVersion: componentApiVersion,
  },
  actionGroup: {
    type: "azure-native:monitor:ActionGroup",
    input: "actionGroupName",
    path: "Microsoft.Insights/actionGroups",
    apiVersion: actionGroupApiVersion,
  },
} as const satisfies Partial<Record<keyof Settings["azureNames"], NamedKind>>;

const kinds = Object.entries(namedKinds) as [keyof typeof namedKinds, NamedKind][];

/**
 * Checks whether Azure has a resource with a name that the user chose, right before azure-native creates it, and would end with `cannot create
 * already existing resource`: each time, if an `up` or a replacement was killed while Azure created it, since the state then lacks it. A
 * preview only warns: it does not say whether the resource is created, or replaced and deleted first. Where the engine has no hooks,
 * nothing is looked up.
 *
 * @param named.relay tells the checks of several relays apart
 * @param parent whose providers are asked
 * @returns a transformation of the relay; undefined if there is nothing to check
 */
export async function checkChosenNames(
  { relay, azureNames, words }: { relay: string; azureNames: Settings["azureNames"]; words: SettingWords },
  parent: pulumi.Resource,
): Promise<pulumi.ResourceTransformation | undefined> {
  if (kinds.every(([name]) => azureNames[name] === undefined)) return undefined;
  const isPreview = pulumi.runtime.isDryRun();
  /** By type and name of a resource. */
  const chosen = new Map<string, (typeof kinds)[number]>();
  const check = await registerHook(`${relay}: azureNames`, async ({ type, name, newInputs = {} }) => {
    const [part, kind] = chosen.get(`${type} ${name}`) ?? [];
    if (kind === undefined) return;
    const id = await idOf(kind, newInputs, { parent });
    if (id === undefined || !(await getExistence({ id, apiVersion: kind.apiVersion }, { parent })).exists) return;
    const advice = adviceOn(`azureNames.${part}`, id, words);
    if (!isPreview) throw new Error(`Azure already has ${id}, so it can't be created. ${advice}`);
    await pulumi.log.warn(
      `Azure already has ${id}. If it is replaced because its region changes, ignore this, since it is deleted first. ` +
        `Otherwise the up will be refused. ${advice}`,
    );
  });
  if (check === undefined) return undefined;
  return ({ type, name, props, opts }) => {
    const named = kinds.find(
      ([part, kind]) => type === kind.type && azureNames[part] !== undefined && props[kind.input] === azureNames[part],
    );
    if (named === undefined) return undefined;
    chosen.set(`${type} ${name}`, named);
    const beforeCreate = [...(opts.hooks?.beforeCreate ?? []), check];
    return { props, opts: { ...opts, hooks: { ...opts.hooks, beforeCreate } } };
  };
}

/** A hook that runs in previews, too; undefined if the engine, its language host, or Pulumi's mocks do not support hooks. */
async function registerHook(name: string, run: pulumi.ResourceHookFunction): Promise<pulumi.ResourceHook | undefined> {
  if (pulumi.runtime.getMonitor()?.registerResourceHook === undefined) return undefined;
  // The SDK keeps in the asynchronous context which engine a component of the plugin belongs to.
  const hook = new pulumi.ResourceHook(name, AsyncResource.bind(run), { onDryRun: true });
  // Internal to the SDK, which ends the program if it fails for a hook that a resource has.
  const { __registered } = hook as unknown as { readonly __registered: Promise<void> };
  return __registered.then(
    () => hook,
    () => undefined,
  );
}

/** Undefined before its group exists: then it does not exist either. */
async function idOf(
  { input, path }: NamedKind,
  inputs: Readonly<Record<string, unknown>>,
  ask: pulumi.InvokeOptions,
): Promise<string | undefined> {
  const { resourceGroupName: group, [input]: name } = inputs;
  if (typeof group !== "string" || typeof name !== "string") return undefined;
  const { subscriptionId } = await getClientConfig(ask);
  const groupId = `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
  return path === undefined ? groupId : `${groupId}/providers/${path}/${name}`;
}

function adviceOn(setting: string, id: string, words: SettingWords): string {
  return (
    `If you replace it with --replace, choose another name: ${words.set(setting, "<name>")}. Otherwise an up was probably ` +
    "interrupted while Azure created it, so that the stack's state does not have it. If nothing else uses it, delete it and run the up " +
    `again: ${deletionOf(setting, id)}. Or let another be created: ${words.remove(setting)}`
  );
}

/** The command of the Azure CLI after which the name is free. */
function deletionOf(setting: string, id: string): string {
  const name = id.split("/").at(-1);
  if (setting === "azureNames.resourceGroup") return `az group delete --name ${name}`;
  // A deleted vault keeps its name.
  if (setting === "azureNames.vault") return `az keyvault delete --name ${name} && az keyvault purge --name ${name}`;
  return `az resource delete --ids ${id}`;
}
