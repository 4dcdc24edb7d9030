import type {
  PolicyResource,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
} from "@pulumi/policy";
import { CustomerIoSource } from "../../../components/customer-io-source.ts";
import type { CustomerIoSourceArgs } from "../../../components/settings/source-arguments.ts";
import { configureWithCredentials, declareBy } from "../../../test/components/stack.ts";
import { relayPolicies } from "../src/index.ts";

type Config = Readonly<Record<string, object>>;

/** The properties of a resource that the pack reads. */
interface Declared {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of whatever type of resource
  readonly inputs: any;
  readonly protect?: boolean;
}

async function program(args: CustomerIoSourceArgs = {}): Promise<Declared[]> {
  configureWithCredentials();
  return (await declareBy(() => ({ id: new CustomerIoSource("events", args).webhookId }))).resources;
}

const production: CustomerIoSourceArgs = { environment: "prod", azureTags: { costCenter: "crm" } };
const tagged = { "required-tags": { tags: ["costCenter"] } };

/** The pack's findings in a stack, as `rule: resource`, with a user's configuration or the defaults. */
function violations(resources: readonly Declared[], stack: string, config: Config = {}): string[] {
  const found: string[] = [];
  const checked = resources.map(({ type, name, inputs, protect = false }) => ({
    type,
    name,
    props: inputs ?? {},
    opts: { protect },
    urn: `urn:pulumi:${stack}::project::${type}::${name}`,
  }));
  for (const policy of relayPolicies) {
    const properties = Object.entries(policy.configSchema?.properties ?? {});
    const defaults = Object.fromEntries(properties.map(([name, schema]) => [name, schema.default]));
    const getConfig = () => ({ ...defaults, ...config[policy.name] });
    if ("validateStack" in policy) {
      const args = { resources: checked as unknown as PolicyResource[], getConfig } as StackValidationArgs;
      void policy.validateStack(args, (_message, urn) => found.push(`${policy.name}: ${urn?.split("::")[2]}`));
      continue;
    }
    const { validateResource } = policy as ResourceValidationPolicy;
    for (const resource of checked) {
      const args = { ...resource, getConfig } as unknown as ResourceValidationArgs;
      const validations = [validateResource ?? []].flat();
      for (const validate of validations) void validate(args, () => found.push(`${policy.name}: ${resource.type}`));
    }
  }
  return found;
}

/** The resources with one changed: the first of the type, or of those whose name ends so. */
function breakOne(
  resources: readonly Declared[],
  type: string,
  // biome-ignore lint/suspicious/noExplicitAny: as above
  change: (inputs: any) => object,
): Declared[] {
  const index = resources.findIndex((resource) => resource.type === type);
  const found = resources[index];
  if (!found) throw new Error(`The program declares no ${type}`);
  return resources.with(index, { ...found, inputs: { ...found.inputs, ...change(found.inputs) } });
}

const account = "azure-native:storage:StorageAccount";
const vault = "azure-native:keyvault:Vault";
const app = "customerio-aep:index:FunctionApp";
const settings = "azure-native:web:WebAppApplicationSettings";
const webhook = "customerio:index:ReportingWebhook";
const dataset = "aep:index:Dataset";

describe("the program of this repository", () => {
  test.each<[string, CustomerIoSourceArgs, string]>([
    ["in production", production, "prod"],
    ["in development, with its tags", { azureTags: { costCenter: "crm" } }, "dev"],
    ["with the HTTP API source", { ...production, source: "http" }, "prod"],
    ["with a signing key", { ...production, signingKeys: "0123456789abcdef0123456789abcdef" }, "prod"],
  ])("%s complies with every rule", async (_what, args, stack) => {
    const resources = await program(args);
    expect(resources.map(({ type }) => type)).toEqual(expect.arrayContaining([account, vault, app, settings, webhook]));
    expect(violations(resources, stack, tagged)).toEqual([]);
  });
});

test("a DNS zone and its link need no tag that Azure DNS would drop", async () => {
  const azureTags = { "Cost Center": "crm", owner: "me" };
  const resources = await program({ ...production, azureTags, privateNetwork: { enabled: true } });
  const names = Object.keys(azureTags);
  expect(violations(resources, "prod", { "required-tags": { tags: names } })).toEqual([]);
  const located = resources.filter(({ type, inputs }) => type.endsWith(":ArmResource") && inputs.body?.location);
  const untagged = violations(resources, "prod", { "required-tags": { tags: [...names, "team"] } });
  expect(untagged.filter((line) => line.endsWith(":ArmResource"))).toHaveLength(located.length);
});

describe("each rule refuses a broken variant, and nothing else does", () => {
  let resources: Declared[];
  beforeAll(async () => {
    resources = await program({ ...production, signingKeys: "0123456789abcdef0123456789abcdef" });
  });
  const site =
    (change: object) =>
    ({ body }: { body: { properties: object } }) => ({
      body: { ...body, properties: { ...body.properties, ...change } },
    });

  // biome-ignore lint/suspicious/noExplicitAny: as above
  test.each<[rule: string, what: string, type: string, change: (inputs: any) => object]>([
    ["public-blobs", "an account that allows public containers", account, () => ({ allowBlobPublicAccess: true })],
    ["public-blobs", "an account that does not say", account, () => ({ allowBlobPublicAccess: undefined })],
    ["shared-keys", "an account with keys", account, () => ({ allowSharedKeyAccess: true })],
    ["tls", "an account with TLS 1.0", account, () => ({ minimumTlsVersion: "TLS1_0" })],
    ["tls", "an account without TLS", account, () => ({ enableHttpsTrafficOnly: false })],
    ["tls", "an app with TLS 1.0", app, site({ siteConfig: { minTlsVersion: "1.0", scmMinTlsVersion: "1.2" } })],
    ["tls", "a deployment site that does not say", app, site({ siteConfig: { minTlsVersion: "1.2" } })],
    ["tls", "an app without TLS", app, site({ httpsOnly: false })],
    ["storage-redundancy", "an account in one datacenter", account, () => ({ sku: { name: "Standard_LRS" } })],
    [
      "storage-redundancy",
      "an account in two regions without zones",
      account,
      () => ({ sku: { name: "Standard_GRS" } }),
    ],
    [
      "purge-protection",
      "a vault that can be purged",
      vault,
      () => ({ properties: { enablePurgeProtection: undefined } }),
    ],
    ["required-tags", "a vault without the tag", vault, () => ({ tags: { owner: "me" } })],
    ["required-tags", "an app without tags", app, ({ body }) => ({ body: { ...body, tags: undefined } })],
    [
      "plain-secrets",
      "a signing key",
      settings,
      ({ properties }) => ({ properties: { ...properties, CUSTOMERIO_SIGNING_KEYS: "key" } }),
    ],
    [
      "plain-secrets",
      "the streaming URL",
      settings,
      ({ properties }) => ({ properties: { ...properties, PLATFORM_STREAMING_URL: "https://dcs.example/1" } }),
    ],
    [
      "plain-secrets",
      "an account key",
      settings,
      ({ properties }) => ({ properties: { ...properties, STORE: "AccountName=a;AccountKey=k" } }),
    ],
    [
      "plain-secrets",
      "a signature",
      settings,
      ({ properties }) => ({ properties: { ...properties, PACKAGE: "https://a.example/b?sv=1&sig=x" } }),
    ],
    [
      "plain-secrets",
      "a password by its name",
      settings,
      ({ properties }) => ({ properties: { ...properties, DB_PASSWORD: "p" } }),
    ],
    ["https-webhook", "a webhook without TLS", webhook, () => ({ endpoint: "http://relay.example/customerio" })],
    ["profile", "a dataset in Profile", dataset, () => ({ profile: true })],
    ["protected-datasets", "a dataset that may be deleted", dataset, () => ({ forceDestroy: true })],
  ])("%s: %s", (rule, _what, type, change) => {
    expect(violations(breakOne(resources, type, change), "prod", tagged)).toEqual([`${rule}: ${type}`]);
  });

  test("public-blobs: a public container, whichever provider makes it", () => {
    const native = { type: "azure-native:storage:BlobContainer", name: "files", inputs: { publicAccess: "Blob" } };
    const own = {
      type: "customerio-aep:index:ArmResource",
      name: "files",
      inputs: { path: "blobServices/default/containers/files", body: { properties: { publicAccess: "Container" } } },
    };
    for (const container of [native, own]) {
      expect(violations([...resources, container], "prod", tagged)).toEqual([`public-blobs: ${container.type}`]);
    }
  });

  test("profile: a schema in the union schema", () => {
    const enabled = { type: "aep:index:ProfileEnablement", name: "schema", inputs: { schemaId: "id" } };
    expect(violations([...resources, enabled], "prod", tagged)).toEqual(["profile: aep:index:ProfileEnablement"]);
  });

  test("protected-datasets: a dataset without a guard, unless Pulumi protects it or it is kept", () => {
    const alone = (inputs: object, protect = false) => [{ type: dataset, name: "own", inputs, protect }];
    expect(violations(alone({}), "prod")).toEqual([`protected-datasets: ${dataset}`]);
    expect(violations(alone({}, true), "prod")).toEqual([]);
    expect(violations(alone({ keep: true }), "prod")).toEqual([]);
  });
});

test("rules for production apply to the stacks that the configuration names", async () => {
  const resources = await program();
  expect(violations(resources, "dev")).toEqual([]);
  expect(violations(resources, "prod")).toEqual([`storage-redundancy: ${account}`, `purge-protection: ${vault}`]);
  const live = { productionStacks: ["live"] };
  const config = { "storage-redundancy": live, "purge-protection": live };
  expect(violations(resources, "prod", config)).toEqual([]);
  expect(violations(resources, "live", config)).toHaveLength(2);
});
