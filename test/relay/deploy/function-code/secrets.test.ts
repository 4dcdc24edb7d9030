import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { Unfinished } from "../../../../packages/pulumi-provider-kit/src/definition/resource-definition.ts";
import { failure, siteId } from "../azure-server.ts";
import { at, calls, urls, useFunctionCode } from "./bed.ts";

const bed = useFunctionCode();

const refresh = `POST ${siteId}/config/configreferences/appsettings/refresh`;
const restart = `POST ${siteId}/restart`;
const reference = (status: string, name = "CUSTOMERIO_SIGNING_KEYS") => ({
  name,
  properties: { status, details: "Azure's sentence.", vaultName: "v", secretName: "s" },
});
const list = (...value: object[]): Answer => ({ body: { value } });
const count = (call: string) => bed.azure.calls().filter((made) => made.split("?")[0] === call).length;

beforeEach(() => {
  bed.azure.script[refresh] = [{ body: { value: [] } }];
  bed.azure.script[restart] = [{ status: 200 }];
});

test("references that failed because the role came late are refreshed before any code runs, until all are resolved", async () => {
  const denied = list(reference("Resolved", "PLATFORM_STREAMING_URL"), reference("AccessToKeyVaultDenied"));
  bed.azure.script[calls.references] = [denied, denied, denied, list(reference("Resolved"))];
  await bed.create();
  expect(count(refresh)).toBe(3);
  expect(bed.operation.clock.sleeps).toEqual([2_000, 5_000, 10_000]);
  expect(bed.operation.shown[0]).toBe(
    "waiting for Azure to pass the app its secrets: CUSTOMERIO_SIGNING_KEYS (AccessToKeyVaultDenied: Azure's sentence)",
  );
  const published = bed.azure.calls().indexOf(bed.publishUrl);
  expect(bed.azure.calls().lastIndexOf(urls.references)).toBeLessThan(published);
  expect(count(restart)).toBe(0);
});

test.each([
  ["AccessToKeyVaultDenied", "needs the role Key Vault Secrets User on the key vault v"],
  ["SecretVersionNotFound", "The secret s of the key vault v was deleted or disabled"],
  ["VaultNotFound", "Azure does not find the key vault v"],
  ["FetchTimedOut", "To try again: npx pulumi up --stack dev"],
])("one that stays %s fails after ten minutes, with setting, status and what to do", async (state, remedy) => {
  bed.azure.script[calls.references] = [list(reference(state))];
  const error = await failure(bed.create());
  expect(error).not.toBeInstanceOf(Unfinished);
  expect(error.message).toContain("The relay has no value for CUSTOMERIO_SIGNING_KEYS: Azure could not resolve");
  expect(error.message).toContain(`CUSTOMERIO_SIGNING_KEYS (${state}: Azure's sentence)`);
  expect(error.message).toContain(remedy);
  expect(bed.operation.clock.time).toBeGreaterThanOrEqual(600_000);
  expect(bed.operation.clock.time).toBeLessThan(700_000);
  expect(bed.azure.calls()).not.toContain(bed.publishUrl);
});

test("a caller who may not read them gets an error that says so", async () => {
  bed.azure.script[calls.references] = [at(403, { error: { code: "AuthorizationFailed", message: "no" } })];
  expect((await failure(bed.create())).message).toContain("Website Contributor on the function app");
});

test("instances that started without a secret are restarted, once a minute", async () => {
  const lacks: Answer = { body: { status: "ok", unresolved: ["CUSTOMERIO_SIGNING_KEYS"] } };
  bed.azure.script[calls.health] = [...Array(30).fill(lacks), { body: { status: "ok" } }];
  await bed.create();
  expect(count(restart)).toBe(2);
  expect(bed.operation.shown).toContain("waiting for the app to start with its secrets: CUSTOMERIO_SIGNING_KEYS");
});

test("an app that never gets its secret fails", async () => {
  bed.azure.script[calls.health] = [{ body: { status: "ok", unresolved: ["CUSTOMERIO_SIGNING_KEYS"] } }];
  const error = await failure(bed.create());
  expect(error).toBeInstanceOf(Unfinished);
  expect(error.message).toContain("it lacks a value for CUSTOMERIO_SIGNING_KEYS");
});
