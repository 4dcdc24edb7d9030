import http from "node:http";
import https from "node:https";
import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import { StoragePermission } from "../../cli/relay/storage-permission.ts";
import { StackSource } from "../../cli/stack/source.ts";
import type { StackResource } from "../../cli/stack/state.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { listenOn } from "../../packages/local-cloud/src/listen.ts";
import { make, startTestAzure } from "../../packages/local-cloud/test/azure/support.ts";
import { credentials } from "../../packages/local-cloud/test/platform/harness.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { createTableFor, Tables } from "../../relay/azure/storage/tables.ts";
import type { Counts } from "../../relay/core/counts/counts.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import type { DeadLetterClass } from "../../relay/core/event/dead-letter.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { encodeEnvelopes, newEvent, type QueuedEvent } from "../../relay/core/event/envelope.ts";
import { countsTable, forwardersPartition, forwardersTable, relayFunctions } from "../../relay/core/names.ts";
import { utcDateOf } from "../../relay/core/zoned-time.ts";
import { startDataflow } from "../conservation/platform-flow.ts";

/** Secrets that no answer of the console may contain. */
export const canaries = {
  appApiKey: "canary-app-api-key-1f7c",
  clientSecret: credentials.clientSecret[0],
  signingKey: "canary-signing-key-93ab",
  alertWebhook: "https://hooks.example.com/canary-path-55d0",
  sharedWebhook: "https://hooks.example.com/canary-shared-path-8e21",
  streamingUrl: "https://dcs.adobedc.net/collection/canary-inlet-aa17?x-adobe-flow-id=1",
};

const signal = () => AbortSignal.timeout(60_000);

/** A deployed source whose vendors are the stand-ins, in this process and without an engine. */
export interface ConsoleWorld {
  readonly source: StackSource;
  readonly platformUrl: string;
  readonly customerIoUrl: string;
  /** A copy whose state or configuration differs. */
  sourceWith(changes: {
    settings?: Record<string, string>;
    /** Of the program. */
    folder?: string;
    /** Its name, if it is one of several. */
    source?: string;
    change?: (resource: StackResource) => StackResource;
    /** App settings of the relay, beside the usual ones. */
    appSettings?: Record<string, string>;
  }): StackSource;
  /** Writes what an instance of the relay has counted so far today. */
  count(counts: Partial<Counts> & { takenAt?: number; refusedAt?: number }): Promise<void>;
  enqueue(events: readonly QueuedEvent[]): Promise<void>;
  die(bodies: readonly string[], reason: string, kind: DeadLetterClass): Promise<void>;
  /** Sends events to Platform as the forwarder does; `raw` ones without what the relay adds and the mapping needs. */
  deliver(texts: readonly string[], form?: "raw"): Promise<void>;
  /** Notes that a forwarder has sent something just now. */
  noteForwarder(): Promise<void>;
  /** Adds faults of Platform; none: takes all away. */
  failPlatform(fault?: object): Promise<void>;
  /** Takes permissions from the credential's role, such as `view-sources`; none: gives all back. */
  lackPermissions(...names: string[]): Promise<void>;
  /** Forgets what waits and what died. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

export async function startWorld(): Promise<ConsoleWorld> {
  const azure = await startTestAzure({
    callerRoles: ["Storage Blob Data Contributor", "Storage Queue Data Contributor", "Storage Table Data Contributor"],
  });
  const [flow, customerIo] = await Promise.all([
    startDataflow("customerio", Date.now),
    startCustomerIo({
      workspaces: [
        { name: "Local", appApiKey: canaries.appApiKey, signingKey: localCredentials.customerIo.signingKey },
      ],
    }),
  ]);
  const { provider } = azure.azure;
  await make(provider, "resources:ResourceGroup", "group", { resourceGroupName: "group", location: "westeurope" });
  const inAccount = { resourceGroupName: "group", accountName: "relaystorage" };
  const account = await make(provider, "storage:StorageAccount", "relaystorage", {
    ...inAccount,
    kind: "StorageV2",
    sku: { name: "Standard_LRS" },
    allowSharedKeyAccess: false,
  });
  for (const queueName of ["events", "events-poison"]) {
    await make(provider, "storage:Queue", queueName, { ...inAccount, queueName });
  }
  for (const containerName of ["claims", "dead-letters"]) {
    await make(provider, "storage:BlobContainer", containerName, { ...inAccount, containerName });
  }
  const login = {
    ARM_USE_MSI: "true",
    IDENTITY_ENDPOINT: azure.azure.identityEndpoint,
    IDENTITY_HEADER: azure.azure.identityHeader,
  };
  Object.assign(process.env, login);

  const relay = await listenOn(
    https.createServer({ cert: azure.certificate.certificate, key: azure.certificate.key }, (_, response) => {
      response.end(JSON.stringify({ status: "ok", version: "0.1.0", signingKeys: true, intake: "open" }));
    }),
  );
  const siteId = `${account.id.split("/providers/")[0]}/providers/Microsoft.Web/sites/relay`;
  // The relay's code is not deployed here, so the list of its functions comes from the test.
  const forward = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const answer = await fetch(`${azure.azure.armUrl}${request.url}`, {
      method: request.method ?? "GET",
      headers: { authorization: request.headers.authorization ?? "" },
    });
    response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
  };
  const arm = await listenOn(
    http.createServer((request, response) => {
      if (!request.url?.startsWith(`${siteId}/functions`)) {
        // At the end of a test, a call of the console may still be under way when Azure is gone.
        return void forward(request, response).catch(() => response.destroy());
      }
      const value = Object.values(relayFunctions).map((name) => ({ name: `relay/${name}` }));
      response.setHeader("content-type", "application/json").end(JSON.stringify({ value }));
    }),
  );
  const endpoint = `https://127.0.0.1:${relay.port}/customerio`;
  const created = await fetch(`${customerIo.url}/v1/reporting_webhooks`, {
    method: "POST",
    headers: { authorization: `Bearer ${canaries.appApiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ name: "Events", endpoint, disabled: false, events: ["email_sent"], full_resolution: true }),
  });
  const webhook = (await created.json()) as { id: number };

  const { parts } = flow;
  const resource = (type: string, id: string, more: Partial<StackResource> = {}): StackResource => ({
    type,
    id,
    urn: `urn:pulumi:dev::p::${type}::events`,
    name: "events",
    parent: undefined,
    provider: undefined,
    dependencies: [],
    delete: false,
    modifiedAt: new Date(),
    inputs: {},
    outputs: {},
    ...more,
  });
  const members = [
    resource("azure-native:storage:StorageAccount", account.id, { outputs: account.properties }),
    resource("customerio-aep:index:FunctionCode", siteId, { outputs: { version: "0.1.0" } }),
    resource("customerio-aep:index:FunctionApp", siteId, { outputs: { hostName: `127.0.0.1:${relay.port}` } }),
    resource("azure-native:web:WebAppApplicationSettings", `${siteId}/config`, {
      inputs: {
        properties: {
          EVENT_POLICY: "{}",
          PLATFORM_REQUESTS_PER_SECOND: "800",
          PLATFORM_STREAMING_URL: canaries.streamingUrl,
          CUSTOMERIO_SIGNING_KEYS: canaries.signingKey,
        },
      },
    }),
    resource("aep:index:Dataflow", parts.dataflowId),
    resource("aep:index:TargetConnection", "target", { outputs: { datasetId: parts.datasetId } }),
    resource("aep:index:MappingSet", "mappings", { outputs: { schemaId: parts.schemaId, mappings: parts.mappings } }),
    resource("customerio:index:ReportingWebhook", String(webhook.id)),
  ];
  const settings: Record<string, string> = {
    "aep:clientId": credentials.clientId,
    "aep:clientSecret": canaries.clientSecret,
    "aep:orgId": credentials.orgId,
    "aep:sandbox": "dev",
    "aep:platformUrl": flow.platform.url,
    "aep:imsUrl": flow.platform.url,
    "customerio:appApiKey": canaries.appApiKey,
    "customerio:appApiUrl": customerIo.url,
    "customerio-aep:armUrl": `http://127.0.0.1:${arm.port}`,
    "customerio-aep:signingKeys": canaries.signingKey,
    "customerio-aep:alertWebhooks": JSON.stringify([canaries.alertWebhook]),
    // Of a program with a project and a structure of its own.
    "events:settings": JSON.stringify({ alertWebhooks: [canaries.sharedWebhook] }),
    "customerio-aep:tier": "trial",
  };
  const sourceWith: ConsoleWorld["sourceWith"] = ({
    settings: changed = {},
    folder,
    source,
    appSettings = {},
    change = (one) => withAppSettings(one, appSettings),
  }) =>
    new StackSource({
      name: source ?? "events",
      target: { stack: "dev", folder, source },
      component: undefined,
      providers: new Map(),
      members: members.map(change),
      settings: { ...settings, ...changed },
      secretSettings: new Set(["aep:clientSecret", "customerio:appApiKey"]),
    });
  const source = sourceWith({});
  const permission = await StoragePermission.of(source);
  const storage = await RelayStorageAccount.open(source);
  const { endpoints, credential } = permission;
  const tables = new Tables(async () => ({
    queueServiceUri: endpoints.queue,
    blobServiceUri: endpoints.blob,
    tableServiceUri: endpoints.table,
    credential,
  }));
  const put = (table: string, partition: string, properties: Record<string, number>) =>
    createTableFor(tables, table, signal(), () =>
      tables.put(table, { partition, row: "instance" }, signal(), properties),
    );
  await put(countsTable, utcDateOf(new Date()), {});

  return {
    source,
    sourceWith,
    platformUrl: flow.platform.url,
    customerIoUrl: customerIo.url,
    count: (counts) => put(countsTable, utcDateOf(new Date()), counts),
    noteForwarder: () => put(forwardersTable, forwardersPartition, {}),
    async enqueue(events) {
      for (const message of encodeEnvelopes(events)) await storage.enqueue(message);
    },
    async die(bodies, reason, kind) {
      for (const body of bodies) {
        const { event_id: id } = JSON.parse(body) as { event_id: string };
        const event = newEvent({ id, receivedAt: new Date(Date.now() - 3_600_000).toISOString(), body });
        const letter = deadEvent({ ...event, attempts: 1 }, body, { class: kind, reason, now: new Date() });
        await storage.addDeadLetter(letter.name, Buffer.from(JSON.stringify(letter.document)));
      }
    },
    async deliver(texts, form) {
      const url = flow.streamingUrl(flow.port);
      for (const text of texts) {
        const classified = classifyText(text);
        const body =
          form === "raw" || classified.kind === "malformed" ? text : enrich(classified, new Date().toISOString());
        await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
      }
      await flow.platform.idle();
    },
    async failPlatform(fault) {
      if (fault) await flow.platform.addFault(fault as never);
      else await flow.platform.plain("DELETE", "/__local/faults");
    },
    async lackPermissions(...names) {
      const permissionsLacking = names.join(",") || "none";
      await flow.platform.plain("POST", "/__local/switches", {}, JSON.stringify({ permissionsLacking }));
    },
    async clear() {
      const { QueueServiceClient } = await import("@azure/storage-queue");
      await new QueueServiceClient(endpoints.queue, credential).getQueueClient("events").clearMessages();
      for (const { name } of await storage.listDeadLetters()) {
        const read = await storage.readDeadLetter(name);
        if (read) await storage.deleteDeadLetter(name, read.etag);
      }
    },
    async stop() {
      for (const name of Object.keys(login)) delete process.env[name];
      await Promise.all([relay.close(), arm.close(), flow.platform.close(), customerIo.close()]);
      await azure.stop();
    },
  };
}

/** Events as Customer.io sends them, with ids and times of now. */
export function freshEvents(mark: string): string[] {
  const now = Math.floor(Date.now() / 1000);
  return samples.map(({ event }, at) => JSON.stringify({ ...event, event_id: `${mark}-${at}`, timestamp: now - at }));
}

function withAppSettings(resource: StackResource, added: Record<string, string>): StackResource {
  if (resource.type !== "azure-native:web:WebAppApplicationSettings") return resource;
  return { ...resource, inputs: { properties: { ...Object(resource.inputs.properties), ...added } } };
}
