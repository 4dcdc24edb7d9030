import * as pulumi from "@pulumi/pulumi";
import { type AccountChange, checkAccountChange } from "../../components/relay/storage/account-check.ts";
import { argumentWords, stackWords } from "../../settings/setting-words.ts";

const accountId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/events";

type Redundancy = AccountChange["redundancy"];

interface Existing {
  readonly redundancy: Redundancy;
  readonly publicNetworkAccess?: "Enabled" | "Disabled";
  readonly privateEndpointConnections: readonly object[];
}

/** Checks a change of an existing account, or of one about which Azure says nothing. */
async function check(
  existing: Partial<Existing> | undefined,
  change: Partial<AccountChange>,
  { isPreview = true }: { isPreview?: boolean } = {},
) {
  const { redundancy, ...properties }: Existing = { redundancy: "LRS", privateEndpointConnections: [], ...existing };
  const asked: object[] = [];
  const call = ({ token, inputs }: pulumi.runtime.MockCallArgs) => {
    asked.push({ token, ...inputs });
    if (existing === undefined) throw new Error("404");
    return { name: "events", sku: { name: `Standard_${redundancy}` }, ...properties };
  };
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call }, "project", "stack", isPreview);
  const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
  const words = stackWords("customerio-aep");
  const wanted: AccountChange = { accountId, redundancy: "LRS", publicAccess: undefined, words, ...change };
  const refusal = await checkAccountChange(wanted, parent).catch((error: Error) => error);
  await pulumi.runtime.disconnect();
  const warnings = warn.mock.calls.map(([message]) => message);
  warn.mockRestore();
  if (refusal !== undefined) expect(pulumi.RunError.isInstance(refusal)).toBe(true);
  return { asked, refusal: refusal?.message, warnings };
}

test.each<[Redundancy, Redundancy]>([
  ["LRS", "LRS"],
  ["LRS", "RAGRS"],
  ["RAGZRS", "ZRS"],
])("from %s to %s is a plain update", async (existing, redundancy) => {
  const token = "azure-native:storage:getStorageAccount";
  expect(await check({ redundancy: existing }, { redundancy })).toEqual({
    asked: [{ token, resourceGroupName: "g", accountName: "events" }],
    refusal: undefined,
    warnings: [],
  });
});

test("zones are refused, with the commands that keep the redundancy or convert the account", async () => {
  expect((await check({}, { redundancy: "ZRS" })).refusal).toBe(
    "Azure does not change the redundancy of the storage account events from LRS to ZRS in an update. To keep it: npx pulumi config set --path " +
      "azure.storageRedundancy LRS. To change it, let Azure convert the account, which can take days, and then try again: az storage account " +
      "migration start --account-name events --resource-group g --sku Standard_ZRS. Or replace the relay (docs/tasks/replace.md).",
  );
  expect((await check({}, { redundancy: "ZRS", words: argumentWords })).refusal).toContain(
    "To keep it: set the argument azure.storageRedundancy to LRS.",
  );
});

test.each<[Redundancy, Redundancy, string]>([
  ["LRS", "RAGZRS", "ZRS"],
  ["ZRS", "LRS", "LRS"],
  ["GRS", "ZRS", "GZRS"],
  ["RAGZRS", "GRS", "RAGRS"],
])("from %s to %s, Azure is to convert the account to %s", async (existing, redundancy, converted) => {
  expect((await check({ redundancy: existing }, { redundancy })).refusal).toContain(`--sku Standard_${converted}.`);
});

describe("closing the account", () => {
  const closed = { publicAccess: "Disabled" } as const;

  test("before the relay has a private endpoint causes a warning with the two steps that avoid it", async () => {
    const { warnings } = await check({}, closed);
    expect(warnings).toEqual([expect.stringMatching(/^The up closes the storage account events before the relay can/)]);
    expect(warnings.join()).toContain(
      "npx pulumi config set --path privateNetwork.publicAccess true. Then: npx pulumi config rm",
    );
  });

  test.each<[string, Partial<Existing>, Partial<AccountChange>]>([
    ["with a private endpoint", { privateEndpointConnections: [{}] }, closed],
    ["that is closed already", { publicNetworkAccess: "Disabled" }, closed],
    ["which stays open", {}, { publicAccess: "Enabled" }],
  ])("%s causes none", async (_what, existing, change) => {
    expect((await check(existing, change)).warnings).toEqual([]);
  });
});

test("nothing is said if Azure does not answer, and an up asks nothing: it has changed the account by then", async () => {
  const change = { redundancy: "ZRS", publicAccess: "Disabled" } as const;
  expect(await check(undefined, change)).toMatchObject({ refusal: undefined, warnings: [] });
  expect(await check({}, change, { isPreview: false })).toEqual({ asked: [], refusal: undefined, warnings: [] });
});
