import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../local-cloud/src/customer-io/customer-io.ts";
import { definitionProvider } from "../../pulumi-provider-kit/src/definition/definition-provider.ts";
import type { Provider, ResourceCall } from "../../pulumi-provider-kit/src/engine/provider.ts";
import { type PropertyMap, reveal, Secret } from "../../pulumi-provider-kit/src/engine/values.ts";
import { customerioPackage } from "../src/provider.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;
const claim = { name: "Relay (dev)", endpoint: "https://relay.example/customerio" };
const renamed = { ...claim, name: "Relay (test)" };
const settings = { events: ["email_sent"], disabled: false, fullResolution: false, withContent: false };

let customerIo: CustomerIoStandIn;
let warnings: string[];

beforeEach(async () => {
  warnings = [];
  customerIo = await startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }] });
});
afterEach(() => customerIo.close());

function call(type: string): ResourceCall {
  const urn = `urn:pulumi:dev::test::customerio:index:${type}::relay`;
  const warn = (message: string) => warnings.push(message);
  const signal = new AbortController().signal;
  return { type: `customerio:index:${type}`, urn, name: "relay", signal, progress: () => undefined, warn };
}

/** As in a new process, without any memory. */
async function provider(): Promise<Provider> {
  const made = definitionProvider(customerioPackage);
  await made.configure({ appApiKey, appApiUrl: customerIo.url });
  return made;
}

async function makeWebhook(inputs: PropertyMap): Promise<string> {
  const made = await (await provider()).create(call("ReportingWebhook"), { inputs, preview: false });
  warnings = [];
  return made.id;
}

async function exists(id: string): Promise<boolean> {
  const read = { id, inputs: {}, state: {} };
  return (await (await provider()).read(call("ReportingWebhook"), read)) !== undefined;
}

const made = { ...claim, formerClaims: new Secret([]) };

test("its deletion deletes a webhook that is not in the state, and says so", async () => {
  const id = await makeWebhook({ ...claim, ...settings });
  const { properties } = await (await provider()).create(call("Ownership"), { inputs: claim, preview: false });
  expect(properties).toEqual(made);
  await (await provider()).delete(call("Ownership"), { id: claim.name, state: properties });
  expect(await exists(id)).toBe(false);
  expect(warnings).toEqual([
    `deletes the reporting webhook "Relay (dev)" (${id}), which is not in this stack's state: an interrupted run created it, or it was ` +
      "removed from the state",
  ]);
});

test("it deletes neither a webhook that a resource holds, nor one of another name or endpoint", async () => {
  const others = [
    await makeWebhook({ ...renamed, ...settings }),
    await makeWebhook({ ...claim, ...settings, endpoint: "https://relay.example/other" }),
  ];
  const held = await makeWebhook({ ...claim, ...settings });
  const next = await provider();
  const inputs = { ...claim, ...settings };
  await next.diff(call("ReportingWebhook"), { id: held, olds: inputs, state: inputs, news: inputs });
  await next.delete(call("Ownership"), { id: claim.name, state: made });
  expect(await Promise.all([held, ...others].map(exists))).toEqual([true, true, true]);
  expect(warnings).toEqual([]);
});

test("up --replace of a webhook adopts it, and does not delete it as the replaced one", async () => {
  const id = await makeWebhook({ ...claim, ...settings });
  const next = await provider();
  const inputs = { ...claim, ...settings };
  // As the engine does: without the former inputs and without a comparison.
  const replacing = await next.create(call("ReportingWebhook"), { inputs, preview: false });
  expect(replacing.id).toBe(id);
  await next.delete(call("ReportingWebhook"), { id, state: inputs });
  expect(await exists(id)).toBe(true);
  await (await provider()).delete(call("ReportingWebhook"), { id, state: inputs });
  expect(await exists(id)).toBe(false);
});

test("a webhook whose resource was renamed in the program stays, also if the rename was killed before its end", async () => {
  const id = await makeWebhook({ ...claim, ...settings });
  const inputs = { ...claim, ...settings };
  const former = {
    ...call("ReportingWebhook"),
    urn: "urn:pulumi:dev::test::customerio:index:ReportingWebhook::former",
  };
  const renaming = await provider();
  expect((await renaming.create(call("ReportingWebhook"), { inputs, preview: false })).id).toBe(id);
  const next = await provider();
  await next.diff(call("ReportingWebhook"), { id, olds: inputs, state: inputs, news: inputs });
  for (const run of [renaming, next]) await run.delete(former, { id, state: inputs });
  expect(await exists(id)).toBe(true);
});

test("a webhook with a name that the program has changed since a kill is deleted too", async () => {
  const id = await makeWebhook({ ...claim, ...settings });
  const change = { id: claim.name, olds: claim, state: made, news: renamed, preview: false };
  const state = await (await provider()).update(call("Ownership"), change);
  expect(reveal(state)).toEqual({ ...renamed, formerClaims: [claim] });
  const read = await (await provider()).read(call("Ownership"), { id: claim.name, inputs: renamed, state });
  expect(reveal(read?.properties ?? {})).toEqual(reveal(state));
  await (await provider()).delete(call("Ownership"), { id: claim.name, state });
  expect(await exists(id)).toBe(false);
});

test("a claim is recorded once, and not as a former one while it is recreated", async () => {
  const next = await provider();
  let state: PropertyMap = made;
  for (const [olds, news] of [
    [claim, renamed],
    [renamed, claim],
    [claim, renamed],
  ] as const) {
    state = await next.update(call("Ownership"), { id: claim.name, olds, state, news, preview: false });
  }
  expect(reveal(state)).toEqual({ ...renamed, formerClaims: [claim] });
});

test("the state of an ownership that was never changed may lack former claims", async () => {
  const id = await makeWebhook({ ...claim, ...settings });
  await (await provider()).delete(call("Ownership"), { id: claim.name, state: claim });
  expect(await exists(id)).toBe(false);
});

test("an ownership can't be imported: it exists in the state only", async () => {
  const read = { id: claim.name, inputs: {}, state: {} };
  await expect((await provider()).read(call("Ownership"), read)).rejects.toThrow("can't be imported");
});
