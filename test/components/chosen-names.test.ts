import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { checkChosenNames } from "../../components/relay/azure/chosen-names.ts";
import { StandaloneWebhookRelay } from "../../components/standalone/webhook-relay.ts";
import { armResourceTypes } from "../../packages/local-cloud/src/azure/arm/resource-types.ts";
import { argumentWords, stackWords } from "../../settings/setting-words.ts";
import { configureWithCredentials, type DeclaredResource, declareBy } from "./stack.ts";

const azureNames = {
  resourceGroup: "rg-crm",
  site: "func-crm",
  identity: "id-crm",
  storageAccount: "stcrm",
  hostStorageAccount: "stcrmhost",
  vault: "kv-crm",
  workspace: "log-crm",
  component: "appi-crm",
  actionGroup: "ag-crm",
};

/** azure-native's type for each name. The app's own resource adopts what exists. */
const types = {
  resourceGroup: "resources:ResourceGroup",
  identity: "managedidentity:UserAssignedIdentity",
  storageAccount: "storage:StorageAccount",
  hostStorageAccount: "storage:StorageAccount",
  vault: "keyvault:Vault",
  workspace: "operationalinsights:Workspace",
  component: "applicationinsights:Component",
  actionGroup: "monitor:ActionGroup",
} as const;

/** Lets Pulumi's mocks accept hooks, or refuse them as an old language host does. */
function switchHooks(error: Error | null): void {
  Object.assign(pulumi.runtime.getMonitor() as object, {
    registerResourceHook: (_hook: unknown, done: (error: Error | null) => void) => done(error),
  });
}

const args = { azureNames, azure: { separateHostStorage: true } };
const streamingUrl = "https://dcs.example/collection/1";

/** What has a relay. */
const owners = {
  source: (options: pulumi.ComponentResourceOptions) => new CustomerIoSource("events", args, options).relayUrl,
  "relay alone": (options: pulumi.ComponentResourceOptions) =>
    new StandaloneWebhookRelay("own", { ...args, streamingUrl }, options).url,
};

/** All names chosen: the resources, as declared, and those that have a hook. */
async function declareNamed(
  owner: keyof typeof owners,
  error: Error | null,
): Promise<{ resources: DeclaredResource[]; hooked: string[] }> {
  const hooked: string[] = [];
  configureWithCredentials();
  const { resources } = await declareBy(() => {
    switchHooks(error);
    const note: pulumi.ResourceTransformation = ({ type, opts }) => {
      if (opts.hooks?.beforeCreate?.length === 1) hooked.push(type.replace("azure-native:", ""));
      return undefined;
    };
    return { url: owners[owner]({ transformations: [note] }) };
  });
  return { resources, hooked };
}

describe.each(Object.keys(owners) as (keyof typeof owners)[])("a %s", (owner) => {
  test("looks up each resource that azure-native creates under a chosen name before", async () => {
    expect((await declareNamed(owner, null)).hooked.sort()).toEqual(Object.values(types).sort());
  });

  test("declares the same without hooks, as in an old language host", async () => {
    const { resources, hooked } = await declareNamed(owner, new Error("12 UNIMPLEMENTED"));
    expect(hooked).toEqual([]);
    expect(resources.find(({ type }) => type === "azure-native:keyvault:Vault")?.inputs.vaultName).toBe("kv-crm");
  });
});

describe.each(Object.entries(types))("azureNames.%s", (kind, token) => {
  const { id, nameInput } = armResourceTypes.get(`azure-native:${token}`) as { id: string; nameInput: string };
  const name = azureNames[kind as keyof typeof types];

  async function create(
    group: unknown,
    exists: boolean,
    { isPreview = false, words = stackWords("customerio-aep") } = {},
  ): Promise<{ asked: string[]; refusal: string | undefined }> {
    const asked: string[] = [];
    const lookUp = (given: { id: string }) => {
      asked.push(given.id);
      return { exists };
    };
    await pulumi.runtime.setMocks(
      {
        newResource: ({ name: made }) => ({ id: made, state: {} }),
        call: ({ token: called, inputs }) =>
          called === "customerio-aep:index:getExistence" ? lookUp(inputs) : { subscriptionId: "sub", names: [] },
      },
      "customerio-aep",
      "dev",
      isPreview,
    );
    switchHooks(null);
    const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
    const transform = await checkChosenNames({ relay: "relay", azureNames: { [kind]: name }, words }, parent);
    const type = `azure-native:${token}`;
    const resource = { type, name: "any", props: { [nameInput]: name }, opts: {} };
    const bound = transform?.(resource as pulumi.ResourceTransformationArgs);
    const [check] = (bound?.opts.hooks?.beforeCreate ?? []) as pulumi.ResourceHook[];
    const newInputs = { resourceGroupName: group, ...(kind !== "resourceGroup" && { [nameInput]: name }) };
    const refusal = await Promise.resolve(check?.callback({ urn: "urn", id: "", name: "any", type, newInputs })).then(
      () => undefined,
      (error: Error) => error.message,
    );
    return { asked, refusal };
  }

  test("what Azure already has is refused by its id, with what to do", async () => {
    const known: Record<string, string> = { subscriptionId: "sub", resourceGroupName: "rg-crm", [nameInput]: name };
    const expected = id.replace(/\{(\w+)\}/g, (_match, part: string) => known[part] ?? part);
    const { asked, refusal } = await create("rg-crm", true);
    expect(asked).toEqual([expected]);
    expect(refusal).toContain(`Azure already has ${expected}, so it can't be created.`);
    expect(refusal).toContain(`npx pulumi config rm --path azureNames.${kind}`);
    const deletions: Record<string, string> = {
      resourceGroup: "az group delete --name rg-crm",
      vault: "az keyvault delete --name kv-crm && az keyvault purge --name kv-crm",
    };
    expect(refusal).toContain(`again: ${deletions[kind] ?? `az resource delete --ids ${expected}`}.`);
  });

  test("the remedies are those of arguments, where a program gives the names", async () => {
    const { refusal } = await create("rg-crm", true, { words: argumentWords });
    expect(refusal).toContain(`choose another name: set the argument azureNames.${kind} to <name>.`);
    expect(refusal).toMatch(new RegExp(`let another be created: leave the argument azureNames\\.${kind} out$`));
    expect(refusal).not.toContain("pulumi config");
  });

  test("a preview only warns, since a replacement may delete it first", async () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    expect((await create("rg-crm", true, { isPreview: true })).refusal).toBeUndefined();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining(`npx pulumi config rm --path azureNames.${kind}`));
    warn.mockRestore();
  });

  test("it is created if Azure does not have it, or its group is not known yet", async () => {
    expect((await create("rg-crm", false)).refusal).toBeUndefined();
    if (kind !== "resourceGroup") expect(await create({}, true)).toEqual({ asked: [], refusal: undefined });
  });
});
