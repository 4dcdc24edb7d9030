import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request as forward, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream";
import tls from "node:tls";
import { unzipSync } from "fflate";
import { createCertificate, trustInThisProcess } from "../../packages/local-cloud/src/certificate.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { Archive } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { AzureClient } from "../../relay/deploy/client/client.ts";
import { customerIoAepPackage } from "../../relay/deploy/provider.ts";
import type { Reference } from "../engine/engine.ts";
import { relaySubjects } from "../subjects/relay.ts";
import { type Inputs, resolveReferences } from "../subjects/subject.ts";
import type { Sweep, World } from "./world.ts";

const siteId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/relay";
const queueId =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/queueServices/default/queues/events";

/** Path of the health check of the relay whose queue is drained: its code was deployed long ago. */
const drainedHealth = "/drained/health";

/**
 * A function app on the Flex Consumption plan without code, and a queue that loses a message with each read while its intake is closed: as much
 * of both as the relay's resources ask for.
 */
class FunctionApp {
  /** Digest of the files that run. */
  #code: string | undefined;
  #deployments = 0;
  #triggers = false;
  #messages = 2;
  #version = 0;
  /** Of the queue. */
  #metadata: Record<string, string> = {};

  answer(method: string, url: string, body: Buffer): { status: number; body?: unknown } {
    const call = `${method} ${url.split("?")[0]}`;
    if (call === "POST /api/publish") {
      this.#code = digestOf(body);
      this.#version = versionOf(body);
      this.#triggers = false;
      this.#deployments += 1;
      return { status: 202, body: `d${this.#deployments}` };
    }
    if (call.startsWith("GET /api/deployments/")) return { status: 200, body: { id: "d", status: 4, complete: true } };
    if (call === `POST ${siteId}/config/appsettings/list`) return { status: 200, body: { properties: {} } };
    if (call === `GET ${siteId}/config/configreferences/appsettings`) return { status: 200, body: { value: [] } };
    if (call === `POST ${siteId}/syncfunctiontriggers`) {
      this.#triggers = this.#code !== undefined;
      return { status: 204 };
    }
    if (call === `GET ${siteId}/functions`) {
      return { status: 200, body: { value: this.#triggers ? [{ name: "intake" }] : [] } };
    }
    if (call === `GET ${queueId}`) {
      const approximateMessageCount = this.#messages;
      // Only a drain closes the intake, so that other reads change nothing.
      if (this.#isClosed) this.#messages = Math.max(0, this.#messages - 1);
      return { status: 200, body: { properties: { approximateMessageCount, metadata: this.#metadata } } };
    }
    if (call === `GET ${path.posix.dirname(queueId)}`) {
      return { status: 200, body: { value: [{ name: "events" }, { name: "events-poison" }] } };
    }
    if (call === `GET ${queueId}-poison`) return { status: 200, body: { properties: { approximateMessageCount: 0 } } };
    if (call === `PATCH ${queueId}`) {
      this.#metadata = JSON.parse(String(body)).properties.metadata;
      return { status: 200, body: {} };
    }
    if (call === "GET /health") {
      if (this.#code === undefined) return { status: 404 };
      return { status: 200, body: { status: "ok", configuration: `v${this.#version}`, ...this.#closed } };
    }
    if (call === `GET ${drainedHealth}`) return { status: 200, body: { status: "ok", ...this.#closed } };
    return { status: 501, body: call };
  }

  /** Deletes app and queue, and creates others: without code, and with messages again. */
  remake(): void {
    this.#code = undefined;
    this.#version = 0;
    this.#triggers = false;
    this.#messages = 2;
    this.#metadata = {};
  }

  get #isClosed(): boolean {
    return this.#metadata.intake?.startsWith("closed") ?? false;
  }

  /** What the health check says while the intake is closed. */
  get #closed(): object {
    return this.#isClosed ? { intake: "closed", deadLetters: { count: 0, more: false } } : {};
  }

  get objects(): string[] {
    return [
      `code ${this.#code ?? "none"}, triggers ${this.#triggers ? "known" : "unknown"}`,
      `messages ${this.#messages}`,
      // Without the times in them.
      `marks ${Object.entries(this.#metadata).map(([name, value]) => `${name} ${value.split(" ")[0]}`)}`,
    ];
  }
}

/** An app behind HTTPS, as its host names require; its calls use the line of the living process. */
export async function azureWorld(): Promise<World> {
  const app = new FunctionApp();
  front ??= await openFront();
  host = front.host;
  return {
    answer: async ({ method, url, body: sent }) => {
      const { status, body } = app.answer(method, url, sent);
      const headers = { "content-type": "application/json" };
      return { status, headers, body: Buffer.from(body === undefined ? "" : JSON.stringify(body)) };
    },
    package: "customerio-aep",
    config: (url) => ({ armUrl: url }),
    async provider(line, attemptTimeout) {
      alive = line.url;
      const provider = relayProvider(attemptTimeout);
      await provider.configure({ armUrl: line.url });
      return provider;
    },
    objects: async () => app.objects,
    rest: async () => undefined,
    async clear() {
      app.remake();
    },
    close: async () => undefined,
  };
}

/** The line of the living process. */
let alive = "";

/** The HTTPS port of all worlds, of which one is open at a time. */
let front: Front | undefined;

interface Front {
  readonly host: string;
  close(): Promise<void>;
}

async function openFront(): Promise<Front> {
  const folder = mkdtempSync(path.join(tmpdir(), "crash-safety-azure-"));
  const certificate = await createCertificate(folder);
  const trusted = tls.getCACertificates("default");
  trustInThisProcess(certificate);
  const { certificate: cert, key } = certificate;
  const server = createSecureServer({ cert, key }, passOnToAlive).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      tls.setDefaultCACertificates(trusted);
      rmSync(folder, { recursive: true });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

afterAll(() => front?.close());

/** The address of the world that was opened last. */
let host = "";

/** The provider with waits that take no time, and without a login. Endless waits are given up soon. */
function relayProvider(attemptTimeout = 30_000) {
  let now = 0;
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (milliseconds: number) => {
      now += 100 * milliseconds;
    },
  };
  const connect: typeof customerIoAepPackage.connect = (settings) =>
    new AzureClient(settings, { login: async () => "azure-token", clock, attemptTimeout });
  return definitionProvider({ ...customerIoAepPackage, connect });
}

function passOnToAlive(request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = "/" } = request;
  const sent = forward(alive + url, { method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // What breaks off on the line breaks off here too.
    pipeline(answer, response, (error) => error && request.socket.destroy());
  });
  sent.on("error", () => request.socket.destroy());
  void bytesOf(request).then((bytes) => sent.end(bytes));
}

async function bytesOf(message: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function digestOf(zip: Buffer): string {
  const files = unzipSync(zip);
  const hash = createHash("sha256");
  for (const name of Object.keys(files).toSorted()) hash.update(name).update(files[name] ?? "");
  return hash.digest("hex");
}

/** The version of a package; the app's settings have the same. */
function versionOf(zip: Buffer): number {
  return JSON.parse(Buffer.from(unzipSync(zip)["host.json"] ?? "").toString()).v;
}

/** A package of that version, in a folder that is deleted after the tests. */
function packageOf(version: number): Archive {
  const folder = mkdtempSync(path.join(tmpdir(), "crash-safety-package-"));
  for (const name of ["host.json", "package.json", "index.cjs"]) {
    writeFileSync(path.join(folder, name), `{"v":${version}}`);
  }
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return new Archive(folder, `engine-hash-${version}`);
}

const [first, second] = [packageOf(1), packageOf(2)];

/** The references of a registry entry, with their names in this world. */
function inThisWorld({ name, property }: Reference): string {
  if (name === "queue") return queueId;
  return property === "id" ? siteId : host;
}

/** Inputs in addition to those of the registry. */
const more: Readonly<Record<string, () => Inputs>> = {
  "customerio-aep:index:FunctionCode": () => ({ package: first, configuration: "v1", queueId }),
  "customerio-aep:index:QueueDrain": () => ({ healthUrl: `https://${host}${drainedHealth}`, timeoutSeconds: 36_000 }),
};

export const azureSweeps: readonly Sweep[] = relaySubjects
  .filter(({ unswept }) => unswept === undefined)
  .map(({ type, inputs, change }) => ({
    type,
    needs: [],
    inputs: () => ({ ...(resolveReferences(inputs, inThisWorld) as Inputs), ...more[type]?.() }),
    change: (former) => ({ ...change(former), ...(former.package === first && { package: second }) }),
  }));
