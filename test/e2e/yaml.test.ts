import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { json } from "node:stream/consumers";
import tls from "node:tls";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { sign } from "../../packages/local-cloud/src/customer-io/sending/signature.ts";
import { ensureYamlHost } from "../../packages/local-cloud/src/engine/engine.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { configureAccounts } from "./account-settings.ts";
import { failureOf, type LocalProgram, repository, startLocalProgram } from "./local-stack.ts";
import { eventOf, untilDelivered } from "./traffic.ts";

// A program in another language, with components from the plugin: the template, and the parts of a source, each without the
// others. The tests run in order.
let folder: string;
let program: LocalProgram;
let ownEndpoint: OwnEndpoint;

const minutes = 60_000;

/** The template's program, in which the component has more properties. */
async function declare(properties: Readonly<Record<string, unknown>>): Promise<void> {
  const template = await readFile(path.join(repository, "templates/yaml/Pulumi.yaml"), "utf8");
  const lines = Object.entries(properties).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`);
  const text = template
    .replace("${PROJECT}", "in-yaml")
    .replace("${DESCRIPTION}", "A program in YAML")
    .replace("      alertEmails: []\n", lines.join(""))
    .replace("outputs:\n", `${parts(ownEndpoint.url)}outputs:\n`);
  await writeFile(path.join(folder, "Pulumi.yaml"), text + partOutputs);
}

/** A dataflow for events that the test posts, a relay for a dataflow that exists already, and a webhook that posts to the test. */
const parts = (endpoint: string) => `
  platform:
    type: customerio-aep:PlatformDataflow
    properties:
      delivery: direct
      dataflowActivationSeconds: 2
      schema: { title: Alone }
      fieldGroup: { title: Fields alone }
      dataset: { name: Alone, forceDestroy: true }
  relay:
    type: customerio-aep:WebhookRelay
    properties:
      streamingUrl: \${events.streamingUrl}
      signingKeys: \${signingKeys}
  subscription:
    type: customerio-aep:ReportingWebhookSubscription
    properties:
      endpoint: ${endpoint}
      webhook: { name: Alone }
`;
const partOutputs = `  alone:
    streamingUrl: \${platform.streamingUrl}
    datasetId: \${platform.datasetId}
    relayUrl: \${relay.url}
    webhookName: \${subscription.webhookName}
`;

interface Outputs {
  readonly datasetId: string;
  readonly nextSteps: readonly string[];
  readonly alone: Readonly<Record<"streamingUrl" | "datasetId" | "relayUrl" | "webhookName", string>>;
}

interface OwnEndpoint {
  readonly url: string;
  /** The bodies that were posted. */
  readonly events: { readonly event_id: string }[];
  stop(): void;
}

/** An endpoint that accepts events without a relay. */
async function startOwnEndpoint(): Promise<OwnEndpoint> {
  const events: { event_id: string }[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    events.push((await json(request)) as { event_id: string });
    response.end();
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
  return { url, events, stop: () => void server.close().closeAllConnections() };
}

/** Posts an event as Customer.io does. */
async function send(url: string, event: object): Promise<void> {
  const body = JSON.stringify(event);
  const time = Math.floor(Date.now() / 1000);
  const headers = {
    "content-type": "application/json",
    "x-cio-timestamp": String(time),
    "x-cio-signature": sign(localCredentials.customerIo.signingKey, time, body),
  };
  const { status } = await fetch(url, { method: "POST", body, headers });
  expect(status).toBe(200);
}

beforeAll(async () => {
  ownEndpoint = await startOwnEndpoint();
  await ensureYamlHost((line) => process.stdout.write(`${line}\n`));
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-yaml-"));
  await cp(path.join(repository, "templates/yaml/package.json"), path.join(folder, "package.json"));
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
  await declare({ dataflowActivationSeconds: 2, dataset: { forceDestroy: true }, alertEmails: ["oncall@example.com"] });
  program = await startLocalProgram(folder, { ownSettings: true });
  tls.setDefaultCACertificates([
    ...tls.getCACertificates("default"),
    await readFile(program.cloud.environment.NODE_EXTRA_CA_CERTS ?? "", "utf8"),
  ]);
  await configureAccounts(program.pulumi);
}, 10 * minutes);

afterAll(async () => {
  await program?.stop();
  ownEndpoint?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test(
  "a preview passes without a signing key, as right after the setup",
  async () => {
    await program.pulumi.preview();
    await program.pulumi.configureSecret("signingKeys", localCredentials.customerIo.signingKey);
  },
  2 * minutes,
);

test(
  "a mistake in the arguments is reported at preview, and nothing is created",
  async () => {
    await declare({ nodeVersion: 23, dataset: { rowExpirationDays: 3 } });
    const complaint = await failureOf(program.pulumi.preview());
    expect(complaint).toContain("nodeVersion is invalid: it must be 22 or 24.");
    expect(complaint).toContain("dataset.rowExpirationDays is invalid: it must be at least 30.");
    expect(complaint).not.toMatch(/^\s+at /m);
    await declare({
      dataflowActivationSeconds: 2,
      dataset: { forceDestroy: true },
      alertEmails: ["oncall@example.com"],
    });
  },
  2 * minutes,
);

test(
  "a program in YAML creates a source and each part alone, delivers events, and is destroyed",
  async () => {
    const { pulumi, vendors } = program;
    await pulumi.up();
    const { datasetId, nextSteps, alone } = (await pulumi.outputs()) as unknown as Outputs;
    expect(nextSteps).toEqual([]);
    await vendors.emit(samples.map(({ event }) => event));
    await send(alone.relayUrl, eventOf("to-the-relay"));
    await send(alone.streamingUrl, eventOf("to-the-dataflow"));
    await vendors.untilSent();
    const emitted = samples.map(({ event }) => event.event_id);
    await untilDelivered(vendors, [...emitted, "to-the-relay", "to-the-dataflow"]);
    const idsIn = async (dataset: string) => (await vendors.rows(dataset)).map(({ _id }) => _id as string).toSorted();
    expect(await idsIn(datasetId)).toEqual([...emitted, "to-the-relay"].toSorted());
    expect(await idsIn(alone.datasetId)).toEqual(["to-the-dataflow"]);
    expect(ownEndpoint.events.map(({ event_id }) => event_id).toSorted()).toEqual(emitted.toSorted());
    expect(alone.webhookName).toBe("Alone");
    await pulumi.preview("--expect-no-changes");
    const state = await pulumi.exportState();
    expect(state).not.toContain(localCredentials.customerIo.signingKey);
    expect(await readFile(program.logFile, "utf8")).not.toContain(localCredentials.customerIo.signingKey);
    await pulumi.destroy();
    expect(await vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  6 * minutes,
);
