import { readFileSync } from "node:fs";
import path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { privateNetwork } from "../../settings/network-settings.ts";

const projectFile = path.resolve(import.meta.dirname, "../../Pulumi.yaml");
const project = parse(readFileSync(projectFile, "utf8")) as {
  config: Record<string, { type: string; default?: unknown; secret?: boolean; description?: string }>;
};

/** Every setting as Pulumi.yaml declares it. */
const declared = project.config;

/**
 * Sets the stack's configuration as the engine does: Pulumi.yaml's defaults, under what the stack sets. Settings of a provider
 * are an object under its name with a colon: `{ "aep:": { clientId } }`.
 */
export function configure(
  settings: Record<string, unknown> = {},
  secretKeys = ["customerio-aep:signingKeys", "aep:clientSecret"],
): void {
  const defaults = Object.entries(declared)
    .filter(([, { default: value }]) => value !== undefined)
    .map(([key, { default: value }]) => [key, value] as const);
  const all = Object.fromEntries([...defaults, ...Object.entries(settings)]);
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  const texts = Object.entries(all).flatMap(([key, value]) =>
    key.endsWith(":")
      ? Object.entries(value as object).map(([name, item]) => [`${key}${name}`, text(item)])
      : [[`customerio-aep:${key}`, text(value)]],
  );
  process.env.PULUMI_CONFIG_SECRET_KEYS = JSON.stringify(secretKeys);
  pulumi.runtime.setAllConfig(Object.fromEntries(texts), secretKeys);
}

/** Sets the stack's configuration with credentials of both vendors. */
export function configureWithCredentials(settings: Record<string, unknown> = {}): void {
  const platform = { clientId: "client", clientSecret: "p8e-client-secret", orgId: "1@AdobeOrg", sandbox: "dev" };
  configure({ "aep:": platform, "customerio:": { appApiKey: "app-api-key" }, ...settings }, [
    "customerio-aep:signingKeys",
    "customerio-aep:relayClientSecret",
    "aep:clientSecret",
    "customerio:appApiKey",
  ]);
}

/** The setting of a stack without a private network. */
export const openNetwork = privateNetwork.parse({});

export interface DeclaredResource {
  readonly type: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: the inputs of whatever type of resource
  readonly inputs: any;
}

/** The results of the providers' functions, and further outputs of resources, by token, such as `aep:index:getSchema`. */
export type Answers = Readonly<Record<string, object>>;

/** A sandbox with everything that a stack needs, and nothing that a stack creates. */
const usualAnswers: Answers = {
  "customerio:index:getReportingWebhooks": { webhooks: [] },
  "customerio-aep:index:getAzurePreflight": { problems: [], unchecked: [] },
  "customerio-aep:index:getQueueNames": { names: [] },
  "aep:index:getTenant": { tenantId: "acme" },
  "aep:index:getSchemas": { schemas: [] },
  "aep:index:getIdentityNamespaces": { codes: ["Email", "Phone", "Email_LC_SHA256"] },
  "aep:index:getPreflight": {
    sandbox: "dev",
    sandboxState: "active",
    customerIoSource: "offered",
    httpSource: "offered",
    missingPermissions: [],
    unchecked: [],
  },
};

/** Runs a program with Pulumi's mocks and returns what it declares; `answers` replace those of a usual sandbox. */
export async function declareBy(
  program: () => object | Promise<object>,
  answers: Answers = {},
  stack = "dev",
): Promise<{ resources: DeclaredResource[]; outputs: object }> {
  const resources: DeclaredResource[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs }) => {
        resources.push({ type, name, inputs });
        return { id: `${name}-id`, state: { name, ...inputs, ...outputsOf(type, name), ...answers[type] } };
      },
      call: ({ token }) => ({ ...usualAnswers, ...answers })[token] ?? { subscriptionId: "sub", tenantId: "tenant" },
    },
    "customerio-aep",
    stack,
    false,
  );
  try {
    const outputs = await program();
    return { resources, outputs: await new Promise<object>((resolve) => pulumi.output(outputs).apply(resolve)) };
  } finally {
    // What a failed program has declared may still be on its way, and must not reach the mocks of the next one.
    await pulumi.runtime.disconnect();
  }
}

/** How a provider returns a secret. */
function secret(value: string): object {
  return { [pulumi.runtime.specialSigKey]: pulumi.runtime.specialSecretSig, value };
}

/** The outputs that the vendors would add, as far as the program reads them. */
function outputsOf(type: string, name: string): object {
  switch (type) {
    case "aep:index:Dataflow":
      return {
        streamingUrl: secret("https://dcs.example/collection/1?x-adobe-flow-id=2"),
        updatedAt: "2026-01-02T03:04:05.000Z",
      };
    case "aep:index:FieldGroup":
      return { version: "1.0" };
    case "aep:index:MappingSet":
      return { version: 0 };
    case "customerio:index:ReportingWebhook":
      return { webhookId: 7 };
    case "azure-native:storage:StorageAccount":
      return {
        primaryEndpoints: {
          blob: `https://${name}.blob.example/`,
          queue: `https://${name}.queue.example/`,
          table: `https://${name}.table.example/`,
        },
      };
    case "customerio-aep:index:FunctionApp":
      return { hostName: "relay.example", scmHostName: "relay.scm.example" };
    case "customerio-aep:index:VaultSecret":
      return { uriWithVersion: `https://vault.example/secrets/${name}/v1` };
    default:
      return { principalId: "principal", clientId: "client", connectionString: "InstrumentationKey=0" };
  }
}
