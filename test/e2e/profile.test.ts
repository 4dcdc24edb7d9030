import { readFile, writeFile } from "node:fs/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { failureOf, type LocalStack, startLocalStack } from "./local-stack.ts";

// Profile from the first preview to after destroy: each test continues from the previous one. In `prod`, so that the real engine creates and deletes
// what only that environment has: a storage account for the host, roles on containers, locks, diagnostic settings. And with what a bank asks for
// besides: a private network, an allow-list, a budget, and a vault and an identity of a platform team.
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

test(
  "turning it on warns that it can't be undone",
  async () => {
    await stack.pulumi.run("config", "set", "environment", "prod", ...stackFlags());
    await configureBank();
    given = (await stack.vendors.leftovers()).Azure;
    // It would refuse the destroy.
    await stack.pulumi.run("config", "set", "--path", "azure.protect", "false", ...stackFlags());
    await stack.pulumi.run("config", "set", "--path", "profile.enabled", "true", ...stackFlags());
    await stack.pulumi.preview();
    expect(await newLogs()).toContain("profile.enabled can't be undone.");
    await stack.pulumi.up();
    schemaId = (await stack.pulumi.outputs()).schemaId;
    const made = (await stack.vendors.leftovers()).Azure.join("\n");
    // Blob, queue, table and the host's blobs: the given vault is its owner's.
    for (const part of [/^4 .*PrivateEndpoint$/m, /^1 .*Budget$/m, /^1 .*:Vault$/m, /^1 .*UserAssignedIdentity$/m]) {
      expect(made).toMatch(part);
    }
    await newLogs();
    await stack.pulumi.preview();
    expect(await newLogs()).not.toContain("profile.enabled can't be undone");
  },
  4 * minutes,
);

test(
  "turning it off again is refused at preview",
  async () => {
    await stack.pulumi.run("config", "set", "--path", "profile.enabled", "false", ...stackFlags());
    const said = await failureOf(stack.pulumi.preview());
    expect(said).toContain(`(${schemaId}) is enabled for Profile, and Platform can't undo that.`);
    expect(said).not.toContain("    at ");
    await stack.pulumi.run("config", "set", "--path", "profile.enabled", "true", ...stackFlags());
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
      await stack.pulumi.run("config", "set", "--path", path, `Renamed ${path}`, ...stackFlags());
    }
    const preview = await stack.pulumi.preview();
    // The webhook's ownership has its name too. With the dataflow's time of change, the relay learns again from when on to
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
    await stack.pulumi.preview();
    expect(await newLogs()).toContain(`use it as it is: npx pulumi config set --path schema.existing ${schemaId}`);
  },
  4 * minutes,
);

test(
  "what is not there is one message at preview, with its setting",
  async () => {
    await stack.pulumi.run("config", "set", "--path", "dataset.existing", "No such dataset", ...stackFlags());
    await stack.pulumi.run("config", "rm", "--path", "dataset.name", ...stackFlags());
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
    await stack.pulumi.run("config", "set", "--path", "schema.existing", String(schemaId), ...stackFlags());
    const preview = await stack.pulumi.preview();
    expect(preview).not.toContain("aep:index:Schema:");
    expect(preview).toContain("aep:index:Dataset");
  },
  2 * minutes,
);

/** What a platform team has made: it is used, and stays. */
async function givenResources(): Promise<{ vaultId: string; identityId: string }> {
  const { environment } = stack.cloud;
  const token = await fetch(
    `${environment.IDENTITY_ENDPOINT}?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com%2F`,
    { headers: { "X-IDENTITY-HEADER": String(environment.IDENTITY_HEADER) } },
  );
  const { access_token } = (await token.json()) as { access_token: string };
  const put = async (id: string, body: object) => {
    const made = await fetch(`${environment.AZURE_RESOURCE_MANAGER_URL}${id}?api-version=2024-03-01`, {
      ...{ method: "PUT", headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" } },
      body: JSON.stringify({ location: "westeurope", ...body }),
    });
    expect([id, made.status]).toEqual([id, 201]);
    return id;
  };
  const hub = await put(`/subscriptions/${localCredentials.azure.subscriptionId}/resourceGroups/hub`, {});
  const vault = {
    tenantId: localCredentials.azure.tenantId,
    sku: { family: "A", name: "standard" },
    enableRbacAuthorization: true,
  };
  return {
    vaultId: await put(`${hub}/providers/Microsoft.KeyVault/vaults/hub-keys`, { properties: vault }),
    identityId: await put(`${hub}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/hub-relay`, {}),
  };
}

async function configureBank(): Promise<void> {
  const settings = {
    allowedCallers: { addresses: ["127.0.0.1"], operators: ["127.0.0.1"] },
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

function stackFlags(): string[] {
  return ["--stack", "local", "--config-file", stack.configFile];
}
