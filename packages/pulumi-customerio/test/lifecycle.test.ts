import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../local-cloud/src/customer-io/customer-io.ts";
import type { CustomerIoSwitches } from "../../local-cloud/src/customer-io/switches.ts";
import { definitionProvider } from "../../pulumi-provider-kit/src/definition/definition-provider.ts";
import type { Provider, ResourceCall } from "../../pulumi-provider-kit/src/engine/provider.ts";
import { type PropertyMap, Secret } from "../../pulumi-provider-kit/src/engine/values.ts";
import { customerioPackage } from "../src/provider.ts";

const call: ResourceCall = {
  type: "customerio:index:ReportingWebhook",
  urn: "urn:pulumi:dev::test::customerio:index:ReportingWebhook::relay",
  name: "relay",
  signal: new AbortController().signal,
  progress: () => undefined,
  warn: () => undefined,
};
const program: PropertyMap = {
  name: "Relay (dev)",
  endpoint: new Secret("https://relay.example/customerio"),
  events: ["email_sent", "customer_subscribed"],
};
const checked = { ...program, disabled: false, fullResolution: false, withContent: false };

let customerIo: CustomerIoStandIn;
let provider: Provider;
let config: PropertyMap;

async function start(switches: Partial<CustomerIoSwitches>): Promise<void> {
  const { appApiKey, signingKey } = localCredentials.customerIo;
  customerIo = await startCustomerIo({ workspaces: [{ name: "Test", appApiKey, signingKey }], switches });
  config = { appApiKey: new Secret(appApiKey), appApiUrl: customerIo.url };
  provider = definitionProvider(customerioPackage);
  expect(provider.checkConfig(config).failures).toEqual([]);
  await provider.configure(config);
}

afterEach(() => customerIo.close());

test.each<Partial<CustomerIoSwitches>>([
  {},
  { singleObject: "wrapped", deleteStatus: 204, emptyList: "null", undocumentedField: true, errorStatusType: "number" },
  { eventOrder: "as-sent" },
])("a webhook's whole life against the stand-in with %j", async (switches) => {
  await start(switches);

  const check = await provider.check(call, { olds: {}, news: program });
  expect(check).toEqual({ inputs: checked, failures: [] });

  const { id, properties } = await provider.create(call, { inputs: check.inputs, preview: false });
  const outputsOf = ({ events: _events, ...inputs }: PropertyMap) => ({
    ...inputs,
    webhookId: Number(id),
    type: "webhook",
  });
  expect(properties).toEqual(outputsOf(checked));

  const { webhooks } = await provider.invoke("customerio:index:getReportingWebhooks", {});
  expect(webhooks).toContainEqual({ id: Number(id), name: "Relay (dev)", type: "webhook" });

  const { ipAddresses } = await provider.invoke("customerio:index:getIpAddresses", {});
  expect(ipAddresses).toContain("35.188.196.183");

  const read = await provider.read(call, { id, inputs: checked, state: properties });
  const same = await provider.diff(call, { id, olds: read?.inputs ?? {}, state: {}, news: checked });
  expect(same.detailed).toEqual({});

  const news = { ...checked, events: ["sms_sent", "email_sent"], disabled: true };
  const change = { id, olds: checked, state: properties, news };
  expect((await provider.diff(call, change)).detailed).toEqual({
    events: "update",
    disabled: "update",
  });
  expect(await provider.update(call, { ...change, preview: false })).toEqual(outputsOf(news));

  const imported = await provider.read(call, { id, inputs: {}, state: {} });
  expect(imported?.inputs).toMatchObject({
    name: "Relay (dev)",
    endpoint: new Secret("https://relay.example/customerio"),
  });
  expect(imported?.inputs.disabled).toBe(true);
  expect(new Set(imported?.inputs.events as string[])).toEqual(new Set(news.events));

  // A destroy is a run of its own.
  await provider.configure(config);
  await provider.delete(call, { id, olds: news, state: outputsOf(news) });
  expect(await provider.read(call, { id, inputs: news, state: {} })).toBeUndefined();
  await provider.delete(call, { id, olds: news, state: outputsOf(news) });
});

test("the stand-in's refusals reach the user with their remedy", async () => {
  await start({});
  await expect(
    provider.create(call, { inputs: { ...checked, events: ["no_such_event"] }, preview: false }),
  ).rejects.toThrow(/^Could not create the reporting webhook "Relay \(dev\)": Customer\.io answered 400: /);
  const other = definitionProvider(customerioPackage);
  await other.configure({ appApiKey: "key-of-another-region", appApiUrl: customerIo.url });
  await expect(other.create(call, { inputs: checked, preview: false })).rejects.toThrow(
    "The key is wrong, or it belongs to a region other than us.",
  );
});

describe("an event that the catalogue lacks", () => {
  const news = { ...program, events: ["email_sent", "email_forwarded", "email_sended"] };

  async function checkWith(switches: Partial<CustomerIoSwitches>) {
    await start(switches);
    const warnings: string[] = [];
    const { inputs, failures } = await provider.check(
      { ...call, warn: (text) => warnings.push(text) },
      { olds: {}, news },
    );
    expect(failures).toEqual([]);
    const unknown = (place: number, name: string) =>
      `events[${place}]: "${name}" is an event that this package does not know. It is sent unchanged to Customer.io, which may refuse it.`;
    expect(warnings).toEqual([
      expect.stringContaining(unknown(1, "email_forwarded")),
      `${unknown(2, "email_sended")} Did you mean email_sent?`,
    ]);
    return provider.create(call, { inputs, preview: false });
  }

  test("is subscribed to if Customer.io knows it, with a warning first", async () => {
    const { id } = await checkWith({ unknownEventNames: "accept" });
    expect((await provider.read(call, { id, inputs: news, state: {} }))?.inputs.events).toEqual(news.events);
  });

  test("is an error that names it if Customer.io does not", async () => {
    const error = await checkWith({}).catch((thrown: unknown) => String(thrown));
    expect(error).toContain('Customer.io does not accept "email_forwarded", "email_sended" as an event.');
    expect(error).toContain("npx pulumi config get customerio-aep:events");
  });
});

test.each(["retry-after", "none"] as const)(
  "if others use the calls of a second up, the next call waits, with the header: %s",
  async (rateLimitHeader) => {
    await start({ rateLimitHeader });
    const { appApiKey } = localCredentials.customerIo;
    const headers = { Authorization: `Bearer ${appApiKey}` };
    const statuses = Array.from({ length: 14 }, async () => {
      return (await fetch(`${customerIo.url}/v1/reporting_webhooks`, { headers })).status;
    });
    expect(await Promise.all(statuses)).toContain(429);
    expect(await provider.invoke("customerio:index:getReportingWebhooks", {})).toHaveProperty("webhooks");
  },
);
