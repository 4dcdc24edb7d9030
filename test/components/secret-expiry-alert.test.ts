import type { CustomerIoSourceArgs } from "../../components/settings/source-arguments.ts";
import { typeOfId } from "../../packages/local-cloud/src/azure/arm/resource-id.ts";
import { Subscription } from "../../packages/local-cloud/src/azure/arm/subscription.ts";
import { secretAlerts } from "../../packages/local-cloud/src/azure/vault/secret-alerts.ts";
import { declareSource } from "./declare-source.ts";
import type { DeclaredResource } from "./stack.ts";

const group = "/subscriptions/sub/resourceGroups/group/providers";
const actionGroupId = `${group}/Microsoft.Insights/actionGroups/people`;
const vaultId = `${group}/Microsoft.KeyVault/vaults/v`;

const isAlert = ({ inputs }: DeclaredResource) => String(inputs.path).includes("Microsoft.EventGrid/");

test("it exists if secrets expire, in a vault that the stack creates", async () => {
  const count = async (args: CustomerIoSourceArgs) => (await declareSource(args)).filter(isAlert).length;
  expect(await count({})).toBe(0);
  expect(await count({ environment: "prod" })).toBe(1);
  expect(await count({ azure: { secretLifetimeDays: 90 } })).toBe(1);
  expect(await count({ environment: "prod", azure: { secretLifetimeDays: 0 } })).toBe(0);
  expect(await count({ environment: "prod", azureExisting: { vaultId } })).toBe(0);
});

test("the vault is asked before the first secret is written, since it reports nothing older", async () => {
  const resources = await declareSource({ environment: "prod", signingKeys: "cio-test-signing-key" });
  const at = resources.findIndex(isAlert);
  const secrets = resources.flatMap(({ type }, index) => (type.endsWith(":VaultSecret") ? [index] : []));
  expect(secrets.length).toBeGreaterThan(2);
  expect(Math.min(...secrets)).toBeGreaterThan(at);
});

describe("it is raised", () => {
  const day = 86_400_000;
  const start = Date.parse("2026-01-01T00:00:00Z");
  const expiresAt = start + 365 * day;
  let subscription: Subscription;
  let alert: DeclaredResource["inputs"];

  beforeAll(async () => {
    const args = { environment: "prod", azureExisting: { actionGroupIds: [actionGroupId] } } as const;
    alert = (await declareSource(args)).find(isAlert)?.inputs;
  });
  beforeEach(() => {
    subscription = new Subscription({ subscriptionId: "sub", tenantId: "t" });
    put(vaultId, {}, {});
    const { properties } = alert.body;
    put(`${vaultId}/${alert.path}`, properties, { systemData: { createdAt: new Date(start).toISOString() } });
    write("key", start);
  });

  function put(id: string, inputs: object, outputs: object): void {
    const found = typeOfId(id);
    if (!found) throw new Error(`No type of ${id}`);
    const name = id.split("/").at(-1) ?? "";
    subscription.put({ id, name, type: found.type, inputs: { ...inputs, ...found.path }, outputs: { ...outputs } });
  }

  /** Writes a version of a secret. */
  function write(name: string, createdAt: number, expires = expiresAt): void {
    const id = `${vaultId}/secrets/${name}`;
    put(id, {}, { properties: { secretUriWithVersion: `https://v.vault.azure.net/secrets/${name}/${createdAt}` } });
    const version = { value: "", isEnabled: true, createdAt, expires: expires / 1000 };
    subscription.secretVersions.set(`${id}/${createdAt}`.toLowerCase(), version);
  }

  const alertsAt = (now: number) => secretAlerts(subscription, now).map(({ event }) => event.split(".").at(-1));

  test("30 days before the date and on it, not earlier, to the action groups, with the stack and what to do", () => {
    expect(alertsAt(expiresAt - 31 * day)).toEqual([]);
    expect(alertsAt(expiresAt - 30 * day)).toEqual(["SecretNearExpiry"]);
    expect(alertsAt(expiresAt)).toEqual(["SecretNearExpiry", "SecretExpired"]);
    const [first] = secretAlerts(subscription, expiresAt);
    expect(first).toMatchObject({ severity: "Sev2", actionGroups: [actionGroupId] });
    expect(first?.description).toContain("Stack: customerio-aep/dev.");
    expect(first?.description).toContain("customerio-aep/docs/runbooks.md#alert-secret-expiry");
    expect(first?.description.length).toBeLessThan(300);
  });

  test("not by a rotation, nor by the version that it leaves behind", () => {
    write("key", start + 300 * day, expiresAt + 300 * day);
    expect(alertsAt(expiresAt)).toEqual([]);
  });

  test("not while updates extend the date", () => {
    write("key", start, expiresAt + 91 * day);
    expect(alertsAt(expiresAt)).toEqual([]);
  });

  test("not by a version that is older than the alert, but by its successor", () => {
    write("old", start - day);
    expect(alertsAt(expiresAt - 30 * day)).toEqual(["SecretNearExpiry"]);
    write("old", start + day);
    expect(alertsAt(expiresAt - 30 * day)).toEqual(["SecretNearExpiry", "SecretNearExpiry"]);
  });
});
