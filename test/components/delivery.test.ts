import * as pulumi from "@pulumi/pulumi";
import { declareFromSettings, inputsOfOne } from "./declare-source.ts";

test("without a relay there is a guard for that change, and the dataset's guard asks no relay", async () => {
  const { resources } = await declareFromSettings({ delivery: "direct" });
  expect(inputsOfOne(resources, "customerio-aep:index:RelayGuard")).toEqual({ delivery: "direct" });
  for (const name of ["-aep-guard", "-last-guard"]) {
    expect(inputsOfOne(resources, "aep:index:DatasetGuard", name).relayHealthUrl).toBeUndefined();
  }
});

test("direct delivery declares nothing in Azure, maps Customer.io's own body, and enables the webhook once events are kept", async () => {
  const warnings: string[] = [];
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async (message) => void warnings.push(message));
  const { resources, outputs } = await declareFromSettings({ delivery: "direct", dataflowActivationSeconds: 240 });
  warn.mockRestore();
  const ofRelay = resources.filter(({ type }) => /^(azure-native|customerio-aep):/.test(type));
  expect(ofRelay.map(({ type }) => type.replace("customerio-aep:index:", "")).sort()).toEqual([
    "CustomerIoSource",
    "PlatformDataflow",
    // Against the removal of a relay.
    "RelayGuard",
    "ReportingWebhookSubscription",
  ]);
  expect(inputsOfOne(resources, "aep:index:Dataflow")).toMatchObject({ activationSeconds: 240 });
  const webhook = inputsOfOne(resources, "customerio:index:ReportingWebhook");
  // As a secret.
  expect(webhook.endpoint.value).toBe("https://dcs.example/collection/1?x-adobe-flow-id=2");
  expect(webhook.disabled).toBe(false);
  expect(outputs.nextSteps).toEqual([]);
  const sources = inputsOfOne(resources, "aep:index:MappingSet").mappings.map(
    (item: { source: string }) => item.source,
  );
  expect(sources.filter((path: string) => path.includes("relay."))).toEqual([]);
  expect(warnings).toEqual([expect.stringMatching(/signature.*holds.*replayed/s)]);
});

test("the HTTP API source gets a base connection, and the relay a credential whose secret lies in the vault", async () => {
  const credential = {
    imsUrl: "https://ims.example",
    clientId: "client-1",
    clientSecret: "p8e-hidden",
    scopes: "openid",
    orgId: "0123@AdobeOrg",
  };
  const { resources } = await declareFromSettings({ source: "http", "aep:": { ...credential, sandbox: "dev" } });
  expect(inputsOfOne(resources, "aep:index:BaseConnection").name).toBe("Customer.io events (dev) endpoint");
  expect(inputsOfOne(resources, "aep:index:SourceConnection")).toMatchObject({
    connectionSpecId: "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb",
    baseConnectionId: "customerio-aep-platform-base-id",
  });
  expect(inputsOfOne(resources, "aep:index:Dataflow").flowSpecId).toBe("c1a19761-d2c7-4702-b9fa-fe91f0613e81");
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings).toMatchObject({
    PLATFORM_IMS_URL: "https://ims.example",
    PLATFORM_CLIENT_ID: "client-1",
    PLATFORM_SCOPES: "openid",
    PLATFORM_ORG_ID: "0123@AdobeOrg",
    PLATFORM_CLIENT_SECRET: expect.stringMatching(/^@Microsoft\.KeyVault\(/),
  });
  expect(inputsOfOne(resources, "customerio-aep:index:VaultSecret", "client-secret").value.value).toBe("p8e-hidden");
  const plain = inputsOfOne(
    (await declareFromSettings()).resources,
    "azure-native:web:WebAppApplicationSettings",
  ).properties;
  expect(
    Object.keys(plain).filter(
      (name) => /IMS|CLIENT_(ID|SECRET)$|SCOPES|ORG_ID/.test(name) && name.startsWith("PLATFORM_"),
    ),
  ).toEqual([]);
});

test("with a credential of its own, the relay gets nothing of the provisioning one; without, a preview warns", async () => {
  const warnings: string[] = [];
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async (said) => void warnings.push(said));
  const credential = { imsUrl: "https://ims.example", orgId: "0123@AdobeOrg", sandbox: "dev", scopes: "openid" };
  const provisioning = { ...credential, clientId: "mighty", clientSecret: "p8e-mighty" };
  const http = { source: "http", "aep:": provisioning };
  await declareFromSettings(http);
  expect(warnings).toEqual([expect.stringContaining("npx pulumi config set --path relayCredential.clientId")]);
  warnings.length = 0;
  const own = { relayCredential: { clientId: "own" }, relayClientSecret: "p8e-own" };
  const { resources } = await declareFromSettings({ ...http, ...own });
  expect(warnings).toEqual([]);
  const settings = inputsOfOne(resources, "azure-native:web:WebAppApplicationSettings").properties;
  expect(settings).toMatchObject({
    PLATFORM_CLIENT_ID: "own",
    PLATFORM_SCOPES: "openid",
    PLATFORM_ORG_ID: "0123@AdobeOrg",
  });
  expect(inputsOfOne(resources, "customerio-aep:index:VaultSecret", "client-secret").value.value).toBe("p8e-own");
  expect(JSON.stringify(settings)).not.toMatch(/mighty|p8e/);
  warn.mockRestore();
});
