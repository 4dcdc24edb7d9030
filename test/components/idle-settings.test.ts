import * as pulumi from "@pulumi/pulumi";
import { readStackSettings } from "../../components/settings/settings.ts";
import { configure } from "./stack.ts";

describe("settings without effect cause a warning", () => {
  const warnings = (settings: Record<string, unknown>, secretKeys = ["customerio-aep:alertWebhooks"]) => {
    const warned = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
    configure(settings, secretKeys);
    readStackSettings(new pulumi.Config("customerio-aep"));
    const said = warned.mock.calls.map(([message]) => message);
    warned.mockRestore();
    return said;
  };

  test("testMode and the relay's settings, with direct delivery", () => {
    expect(warnings({ delivery: "direct", testMode: true, nodeVersion: 24 })).toEqual([
      expect.stringMatching(/^customerio-aep:testMode has no effect, since with delivery: direct/),
      expect.stringMatching(/^customerio-aep:nodeVersion has no effect, since it belongs to the relay/),
    ]);
    expect(warnings({ delivery: "direct" })).toEqual([]);
    expect(warnings({ testMode: true, nodeVersion: 24 })).toEqual([]);
  });

  const vaultId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v";
  const workspaceId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.OperationalInsights/workspaces/w";
  const actionGroupIds = ["/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/actionGroups/a"];
  const identityId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i";
  const alertEmails = ["oncall@example.com"];
  const alertWebhooks = ["https://hooks.example/key"];

  test.each<[string, Record<string, unknown>, string[]]>([
    [
      "who gets alerts",
      { azureExisting: { actionGroupIds }, alertEmails, alertWebhooks },
      ["alertEmails", "alertWebhooks"],
    ],
    [
      "the name of an action group",
      { azureExisting: { actionGroupIds }, azureNames: { actionGroup: "a" } },
      ["azureNames.actionGroup"],
    ],
    [
      "a vault's protection and name",
      {
        azureExisting: { vaultId },
        azure: { purgeProtection: true, vaultRetentionDays: 30 },
        azureNames: { vault: "own-vault" },
      },
      ["azureNames.vault", "azure.purgeProtection", "azure.vaultRetentionDays"],
    ],
    [
      "a workspace's retention and cap",
      { azureExisting: { workspaceId }, azure: { dailyLogQuotaGb: 5 }, logRetentionDays: 90 },
      ["azure.dailyLogQuotaGb", "logRetentionDays"],
    ],
    [
      "the names of a group and an identity",
      {
        azureExisting: { resourceGroupId: "/subscriptions/s/resourceGroups/g", identityId },
        azureNames: { resourceGroup: "rg", identity: "relay" },
      },
      ["azureNames.resourceGroup", "azureNames.identity"],
    ],
    [
      "the name of an account that dev lacks",
      { azureNames: { hostStorageAccount: "hostacct" } },
      ["azureNames.hostStorageAccount"],
    ],
    [
      "a network that is not enabled",
      { privateNetwork: { addressSpace: "10.20.30.0/24" } },
      ["privateNetwork.addressSpace"],
    ],
    [
      "Customer.io's own addresses behind a front door",
      {
        webhookEndpoint: "https://events.example.com/customerio",
        allowedCallers: { customerIo: true, operators: ["203.0.113.7"] },
      },
      ["allowedCallers.customerIo"],
    ],
    ["identities without Profile", { profile: { identities: { id: "Crm" } } }, ["profile.identities"]],
  ])("%s", (_what, settings, idle) => {
    expect(
      warnings(settings).map((warning) => /^customerio-aep:(\S+) has no effect, since /.exec(warning)?.[1]),
    ).toEqual(idle);
  });

  test.each<Record<string, unknown>>([
    { alertEmails, alertWebhooks, logRetentionDays: 90, azure: { dailyLogQuotaGb: 5, purgeProtection: true } },
    { azureExisting: { vaultId, workspaceId, actionGroupIds, identityId }, azure: { secretLifetimeDays: 90 } },
    { azureNames: { hostStorageAccount: "hostacct" }, environment: "prod" },
    { azureNames: { hostStorageAccount: "hostacct" }, azure: { separateHostStorage: true } },
    { privateNetwork: { enabled: true, addressSpace: "10.20.30.0/24" } },
    // The first of two steps that open storage and vault again.
    { privateNetwork: { enabled: false, publicAccess: true } },
    // A front door's calls are allowed; and so are Customer.io's own, while the front door is bypassed.
    {
      webhookEndpoint: "https://events.example.com/customerio",
      allowedCallers: { customerIo: true, addresses: ["198.51.100.7"], operators: ["203.0.113.7"] },
    },
    { allowedCallers: { customerIo: true, operators: ["203.0.113.7"] } },
    { profile: { enabled: true, identities: { id: "Crm" } } },
    { withContent: true, personalData: { email: "hash" } },
    // The preferences of a person still come.
    { withContent: true, personalData: { content: "drop" } },
  ])("not settings that have one: %j", (settings) => {
    expect(warnings(settings)).toEqual([]);
  });

  test("the relay's own credential, without source: http", () => {
    const secrets = ["customerio-aep:relayClientSecret"];
    expect(warnings({ relayCredential: { clientId: "own" }, relayClientSecret: "p8e-own" }, secrets)).toEqual([
      "customerio-aep:relayCredential has no effect, since the relay gets access tokens only with source: http.",
    ]);
  });

  test("fewer instances than many regions accept", () => {
    expect(warnings({ maximumInstances: 10 })).toEqual([
      expect.stringContaining("is 10. Many Azure regions accept only 40"),
    ]);
  });
});
