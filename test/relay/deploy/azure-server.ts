import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import tls from "node:tls";
import { createCertificate, trustInThisProcess } from "../../../packages/local-cloud/src/certificate.ts";
import {
  type Answer,
  type RecordingServer,
  recordingServer,
} from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { AzureClient } from "../../../relay/deploy/client/client.ts";
import type { Clock } from "../../../relay/deploy/client/clock.ts";

export { failure } from "../../../packages/pulumi-provider-kit/test/failure.ts";

export const siteId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/relay";
export const queueId =
  "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a/queueServices/default/queues/events";

/** Answers in turn, repeating the last one; keyed by method and path without query. */
export type Script = Record<string, Answer[]>;

export interface AzureServer extends RecordingServer {
  /** `127.0.0.1:<port>`: the function app, its deployment site and Azure Resource Manager in one. */
  readonly host: string;
  script: Script;
  /** Forgets the requests and restarts every script. */
  restart(): void;
}

/** One HTTPS server that plays the function app, its deployment site and Azure Resource Manager by a script. */
async function azureServer(): Promise<AzureServer> {
  const folder = await mkdtemp(path.join(tmpdir(), "certificate-"));
  const certificate = await createCertificate(folder);
  const trusted = tls.getCACertificates("default");
  trustInThisProcess(certificate);
  await rm(folder, { recursive: true });
  const turns = new Map<string, number>();
  const server = await recordingServer(
    ({ method, url }) => {
      const key = `${method} ${url.split("?")[0]}`;
      const turn = turns.get(key) ?? 0;
      turns.set(key, turn + 1);
      const answers = azure.script[key] ?? [{ status: 501, body: `not scripted: ${key}` }];
      return answers[Math.min(turn, answers.length - 1)] ?? {};
    },
    { key: certificate.key, cert: certificate.certificate },
  );
  const azure: AzureServer = {
    ...server,
    host: `127.0.0.1:${server.port}`,
    script: {},
    async close() {
      tls.setDefaultCACertificates(trusted);
      await server.close();
    },
    restart() {
      server.requests.length = 0;
      turns.clear();
    },
  };
  return azure;
}

/**
 * Gives each test of a file the same server, without the requests and the script of the previous test.
 *
 * @param begin called before each test
 */
export function useAzure(begin: (azure: AzureServer) => void): void {
  let azure: AzureServer;
  beforeAll(async () => {
    azure = await azureServer();
  });
  beforeEach(() => {
    azure.script = {};
    azure.restart();
    begin(azure);
  });
  afterEach(() => {
    delete process.env.RELAY_ABANDON_QUEUE;
    delete process.env.RELAY_ABANDON_DEAD_LETTERS;
  });
  afterAll(() => azure.close());
}

/** What Azure Resource Manager answers for something that does not exist. */
export const gone: Answer = { status: 404, body: { error: { code: "ResourceNotFound", message: "not found" } } };

/** A clock that sleeping advances without waiting. */
class TestClock implements Clock {
  time = 0;
  /** Milliseconds by which the wall clock was changed since the start. */
  set = 0;
  readonly sleeps: number[] = [];
  now(): number {
    return this.time + this.set;
  }
  monotonic(): number {
    return this.time;
  }
  async sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.sleeps.push(milliseconds);
    this.time += milliseconds;
  }
}

export interface TestOperation {
  readonly client: AzureClient;
  readonly clock: TestClock;
  readonly shown: string[];
  readonly stop: AbortController;
  readonly urn: string;
  readonly name: string;
  readonly isHeld: (id: string) => boolean;
  readonly isKnown: () => boolean;
  readonly other: { readonly id: string; readonly inputs: Readonly<Record<string, unknown>> } | undefined;
  readonly present: ReadonlySet<string>;
  readonly signal: AbortSignal;
  readonly progress: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** An operation on the server, with access to its clock, its progress lines and its cancellation. */
export function operationOn(azure: AzureServer): TestOperation {
  const clock = new TestClock();
  const shown: string[] = [];
  const stop = new AbortController();
  const login = async () => "azure-token";
  return {
    client: new AzureClient({ armUrl: `https://${azure.host}` }, { login, clock }),
    clock,
    shown,
    stop,
    urn: "urn:pulumi:dev::test::customerio-aep:index:FunctionCode::code",
    name: "code",
    isHeld: () => false,
    isKnown: () => false,
    other: undefined,
    present: new Set(),
    signal: stop.signal,
    warn: (message) => shown.push(message.replaceAll(azure.host, "relay.example")),
    progress: (message) => shown.push(message.replaceAll(azure.host, "relay.example")),
  };
}
