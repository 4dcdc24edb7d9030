import { createHmac } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { roleId, roles } from "../../packages/local-cloud/test/azure/support.ts";
import { callManagement } from "./azure-management.ts";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";
import { eventOf, untilDelivered } from "./traffic.ts";

// Profile from the first preview to after destroy: each test continues from the previous one. In `prod`, so that the real engine creates and deletes
// what only that environment has: a storage account for the host, roles on containers, locks, diagnostic settings. And with what a bank asks for
// besides: a private network, a front door with an address of its own, a budget, and a resource group, a vault and an identity of a platform team.
// Roles take effect late, as in Azure.
let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
}, 60_000);

afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

let schemaId: unknown;
/** What the platform team's resources leave in Azure. */
let given: string[];

let read = 0;
/** The log lines since the last call: a command's output does not contain warnings. */
async function newLogs(): Promise<string> {
  const logs = await readFile(stack.configFile.replace("Pulumi.local.yaml", "pulumi.log"), "utf8");
  const fresh = logs.slice(read);
  read = logs.length;
  return fresh;
}

const theirRegion = "northeurope";
const frontDoorId = "11111111-2222-4333-8444-555555555555";
const webhookEndpoint = "https://events.example.com/customerio";

test(
  "turning it on warns that it can't be undone; roles that do not take effect end an up with an error, and no webhook is enabled",
  async () => {
    await stack.pulumi.configure("environment", "prod");
    await configureBank();
    given = (await stack.vendors.leftovers()).Azure;
    // It would refuse the destroy.
    await stack.pulumi.configure("azure.protect", "false", "--path");
    await stack.pulumi.configure("profile.enabled", "true", "--path");
    await stack.pulumi.preview();
    expect(await newLogs()).toContain("profile.enabled can't be undone.");

    await stack.vendors.switchAzure({ roleAssignmentDelay: 60 * minutes });
    const failed = failureOf(stack.pulumi.up());
    await secretsRefused();
    // Ctrl-C ends the wait as the time limit does.
    await stack.pulumi.interrupt();
    const said = await failed;
    expect(said).toMatch(
      /The relay has no value for .*: Azure could not resolve the Key Vault reference \(stopped by the user\)/,
    );
    expect(said).toMatch(/CUSTOMERIO_SIGNING_KEYS \(AccessToKeyVaultDenied: /);
    expect(said).toContain("The app's identity needs the role Key Vault Secrets User on the key vault hub-keys");
    expect(await webhooks()).toEqual([]);
  },
  4 * minutes,
);

test(
  "an up waits for the roles, and ends when the relay works",
  async () => {
    await newLogs();
    const up = stack.pulumi.up();
    await secretsRefused();
    expect(await webhooks()).toEqual([]);
    await stack.vendors.switchAzure({ roleAssignmentDelay: 0 });
    await up;
    // The first up had already turned it on.
    expect(await newLogs()).not.toContain("profile.enabled can't be undone");
    expect(await webhooks()).toEqual([expect.objectContaining({ disabled: false })]);
    schemaId = (await stack.pulumi.outputs()).schemaId;
    const made = (await stack.vendors.leftovers()).Azure.join("\n");
    // Blob, queue, table and the host's blobs: the given vault is its owner's.
    for (const part of [/^4 .*PrivateEndpoint$/m, /^1 .*Budget$/m, /^1 .*:Vault$/m, /^1 .*UserAssignedIdentity$/m]) {
      expect(made).toMatch(part);
    }
    expect(await findRegions()).toEqual([theirRegion]);
  },
  4 * minutes,
);

test(
  "calls through the front door are accepted from the first on, and calls through other front doors are not",
  async () => {
    expect(await callThrough("99999999-2222-4333-8444-555555555555", "of-a-stranger")).toBe(403);
    expect(await callThrough(frontDoorId, "through-the-front-door")).toBe(200);
    await untilDelivered(stack.vendors, ["through-the-front-door"]);
    expect(await stack.vendors.deliveredIds()).toEqual(["through-the-front-door"]);
  },
  minutes,
);

test(
  "a refresh reaches everything behind the private network, and finds nothing changed",
  async () => {
    await stack.pulumi.refresh("--expect-no-changes");
  },
  2 * minutes,
);

test(
  "a new name of everything replaces nothing",
  async () => {
    const names = [
      "schema.title",
      "fieldGroup.title",
      "dataset.name",
      "sourceConnection.name",
      "targetConnection.name",
    ];
    for (const path of [...names, "dataflow.name", "webhook.name"]) {
      await stack.pulumi.configure(path, `Renamed ${path}`, "--path");
    }
    const preview = await stack.pulumi.preview();
    // The webhook's ownership has its name too. The dataflow's time of change says when the relay may start to
    // send: its settings and its code follow.
    expect(preview).toMatch(/~ 10 to update/);
    expect(preview).not.toMatch(/to (create|delete|replace)/);
  },
  2 * minutes,
);

test(
  "destroy leaves what Platform would not delete, and says so; the next preview says how to use it again",
  async () => {
    await newLogs();
    await stack.pulumi.destroy();
    expect(await newLogs()).toContain(
      `(${schemaId}) stays in Platform, and so do its field groups and its primary identity`,
    );
    expect(await stack.pulumi.resources()).toEqual([]);
    const { Platform, ...others } = await stack.vendors.leftovers();
    expect(Platform).toEqual(["1 fieldGroups", "1 schemas"]);
    // In a vault that stays, secrets can only be disabled.
    expect(others).toEqual({ "Customer.io": [], Azure: [...given, "3 azure-native:keyvault:Secret"] });
    for (const group of ["schema", "fieldGroup"]) await stack.pulumi.unconfigure(group);
    expect(await failureOf(stack.pulumi.preview())).toContain('The title "Customer.io events (local) fields" is taken');
    expect(await newLogs()).toContain(`Use it unchanged: npx pulumi config set --path schema.existing ${schemaId}`);
  },
  4 * minutes,
);

test(
  "a preview reports a missing object in one message, with its setting",
  async () => {
    await stack.pulumi.unconfigure("dataset");
    await stack.pulumi.configure("dataset.existing", "No such dataset", "--path");
    const said = await failureOf(stack.pulumi.preview());
    expect(said).toContain('customerio-aep:dataset.existing: There is no dataset "No such dataset"');
    expect(said).not.toContain("unhandled exception");
  },
  2 * minutes,
);

test(
  "a stack can continue with that schema unchanged",
  async () => {
    await stack.pulumi.unconfigure("dataset");
    await stack.pulumi.configure("schema.existing", String(schemaId), "--path");
    const preview = await stack.pulumi.preview();
    expect(preview).not.toContain("aep:index:Schema:");
    expect(preview).toContain("aep:index:Dataset");
  },
  2 * minutes,
);

/** What a platform team has made: it is used, and stays. */
async function givenResources(): Promise<{ resourceGroupId: string; vaultId: string; identityId: string }> {
  // Another region than the stack's azure-native:location.
  const put = async (id: string, body: object) => {
    const made = await callManagement(stack.cloud.environment, "PUT", id, { location: theirRegion, ...body });
    expect([id, made.status]).toEqual([id, 201]);
    return id;
  };
  const hub = await put(`/subscriptions/${localCredentials.azure.subscriptionId}/resourceGroups/hub`, {});
  const vault = {
    tenantId: localCredentials.azure.tenantId,
    sku: { family: "A", name: "standard" },
    enableRbacAuthorization: true,
  };
  const vaultId = await put(`${hub}/providers/Microsoft.KeyVault/vaults/hub-keys`, { properties: vault });
  // Lets the stack disable former versions of its secrets; otherwise each refresh finds them.
  const roleAssignmentId = "44444444-2222-4333-8444-555555555555";
  await put(`${vaultId}/providers/Microsoft.Authorization/roleAssignments/${roleAssignmentId}`, {
    properties: {
      roleDefinitionId: roleId(roles.secretsOfficer),
      principalId: localCredentials.azure.objectId,
      principalType: "ServicePrincipal",
    },
  });
  return {
    resourceGroupId: hub,
    vaultId,
    identityId: await put(`${hub}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/hub-relay`, {}),
  };
}

async function configureBank(): Promise<void> {
  const settings = {
    allowedCallers: { frontDoorIds: [frontDoorId], operators: ["127.0.0.1"] },
    webhookEndpoint,
    dataset: { forceDestroy: true },
    azureExisting: await givenResources(),
    monthlyBudget: 250,
    privateNetwork: { enabled: true },
  };
  await writeFile(
    stack.configFile,
    (await readFile(stack.configFile, "utf8")) +
      Object.entries(settings)
        .map(([name, value]) => `  customerio-aep:${name}: ${JSON.stringify(value)}\n`)
        .join(""),
  );
}

/** Waits until Azure has refused the app its secrets, and a moment longer: the provider looks right after that. */
async function secretsRefused(): Promise<void> {
  while (!(await referenceStates()).includes("AccessToKeyVaultDenied")) await wait(300);
  await wait(3_000);
}

/** Ids of what was created in Azure, of these types. */
async function findCreated(types: string): Promise<string[]> {
  const log = await fetch(`${stack.cloud.environment.AZURE_RESOURCE_MANAGER_URL}/__local/effects`);
  const { effects } = (await log.json()) as { effects: string[] };
  const isOfThem = new RegExp(`^PUT (.*/(?:${types})/[^/]+)$`);
  return [...new Set(effects.flatMap((effect) => effect.match(isOfThem)?.[1] ?? []))];
}

/** The regions of storage, logs, alerts, network, plan and app. */
async function findRegions(): Promise<string[]> {
  const types = "storageAccounts|workspaces|components|scheduledQueryRules|virtualNetworks|serverfarms|sites";
  const ids = await findCreated(types);
  for (const type of types.split("|")) expect(ids.join()).toContain(`/${type}/`);
  const found = await Promise.all(ids.map((id) => callManagement(stack.cloud.environment, "GET", id)));
  return [...new Set(found.map(({ body }) => (body as { location: string }).location))];
}

/** The states of the app's Key Vault references; none if there is no app yet. */
async function referenceStates(): Promise<string[]> {
  const [site] = await findCreated("sites");
  if (site === undefined) return [];
  const { body } = await callManagement(stack.cloud.environment, "GET", `${site}/config/configreferences/appsettings`);
  return (body as { value: { properties: { status: string } }[] }).value.map(({ properties }) => properties.status);
}

/** The stack's webhook in Customer.io, if there is one. */
async function webhooks(): Promise<object[]> {
  const { CUSTOMERIO_APP_API_URL } = stack.cloud.environment;
  const authorization = `Bearer ${localCredentials.customerIo.appApiKey}`;
  const answer = await fetch(`${CUSTOMERIO_APP_API_URL}/v1/reporting_webhooks`, { headers: { authorization } });
  const { reporting_webhooks: all } = (await answer.json()) as { reporting_webhooks: { endpoint: string }[] };
  return all.filter(({ endpoint }) => endpoint === webhookEndpoint);
}

/** Posts an event as Customer.io does, through a profile of Azure Front Door; returns the answer's status. */
async function callThrough(profile: string, id: string): Promise<number | undefined> {
  const { relayHostName } = await stack.pulumi.outputs();
  const body = JSON.stringify(eventOf(id));
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", localCredentials.customerIo.signingKey).update(`v0:${timestamp}:${body}`);
  const headers = {
    "x-cio-timestamp": timestamp,
    "x-cio-signature": signature.digest("hex"),
    "x-azure-fdid": profile,
    // Where the call comes from: the service tag of Azure Front Door.
    "x-local-origin": "AzureFrontDoor.Backend",
  };
  const ca = await readFile(String(stack.cloud.environment.NODE_EXTRA_CA_CERTS));
  return new Promise((resolve, reject) => {
    const call = request(`https://${relayHostName}/customerio`, { method: "POST", headers, ca, agent: false });
    call.once("response", (response) => resolve(response.resume().statusCode));
    call.once("error", reject);
    call.end(body);
  });
}
