import { ManagedIdentityCredential } from "@azure/identity";
import type { Provider } from "../../../providers/kit/provider.ts";
import type { PropertyMap } from "../../../providers/kit/values.ts";
import {
  assign,
  callerToken,
  groupId,
  make,
  packageOf,
  roles,
  startTestAzure,
  type TestAzure,
  testApp,
  until,
  zipOf,
} from "./support.ts";

jest.setTimeout(120_000);

let test1: TestAzure;
let provider: Provider;
let app: Awaited<ReturnType<typeof make>>;
let identity: Awaited<ReturnType<typeof make>>;
let account: Awaited<ReturnType<typeof make>>;

beforeAll(async () => {
  test1 = await startTestAzure();
  provider = test1.azure.provider;
  await provider.configure({ location: "westeurope" });
  await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group" });
  console.time("account");
  account = await make(provider, "storage:StorageAccount", "account", {
    resourceGroupName: "group",
    accountName: "testaccount",
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
    allowSharedKeyAccess: false,
  });
  console.timeEnd("account");
  identity = await make(provider, "managedidentity:UserAssignedIdentity", "identity", { resourceGroupName: "group" });
});
afterAll(() => test1?.stop());

