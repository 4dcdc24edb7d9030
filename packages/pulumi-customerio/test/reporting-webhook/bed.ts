import { ReportingWebhooks } from "../../src/client/client.ts";
import { reportingWebhook } from "../../src/resources/reporting-webhook.ts";
import { type Answer, type RecordedRequest, type RecordingServer, recordingServer } from "../recording-server.ts";

export { failure } from "../../../pulumi-provider-kit/test/failure.ts";

export const list = "GET /v1/reporting_webhooks";

export const inputs = reportingWebhook.inputs.parse({
  name: "Relay (dev)",
  endpoint: "https://relay.example/customerio",
  events: ["email_sent", "email_delivered"],
});

/** The same as the App API has it. */
export const wire = {
  name: "Relay (dev)",
  endpoint: "https://relay.example/customerio",
  events: ["email_sent", "email_delivered"],
  disabled: false,
  full_resolution: false,
  with_content: false,
};

/** The webhooks of one workspace, answering as in Customer.io's description unless a test overrides it. */
export class Workspace {
  webhooks: Record<string, unknown>[] = [];
  /** Overrides the usual answer; undefined keeps it. */
  override: (request: RecordedRequest, usual: () => Answer) => Answer | undefined = () => undefined;

  answer(request: RecordedRequest): Answer {
    return this.override(request, () => this.#usual(request)) ?? this.#usual(request);
  }

  #usual({ method, url, json }: RecordedRequest): Answer {
    const id = Number(url.split("/")[3]);
    const index = this.webhooks.findIndex((webhook) => webhook.id === id);
    if (method === "POST") {
      const made = { id: 41 + this.webhooks.length, type: "webhook", ...(json as object) };
      this.webhooks.push(made);
      return { body: made };
    }
    if (url === "/v1/reporting_webhooks") return { body: { reporting_webhooks: this.webhooks } };
    if (index < 0) return { status: 404 };
    if (method === "PUT") this.webhooks[index] = { ...this.webhooks[index], ...(json as object) };
    if (method === "DELETE") {
      this.webhooks.splice(index, 1);
      return { status: 200, body: "" };
    }
    return { body: this.webhooks[index] };
  }
}

/** A workspace behind a server that records requests, and an operation on it, for each test of a file. */
export interface WebhookBed {
  readonly workspace: Workspace;
  readonly server: RecordingServer;
  readonly progress: string[];
  readonly warnings: string[];
  operation(): Parameters<typeof reportingWebhook.create>[0];
  /** The bodies of the requests with this method. */
  bodies(method: string): unknown[];
}

/** Gives each test of a file an empty workspace. */
export function useWebhooks(): WebhookBed {
  let workspace: Workspace;
  let server: RecordingServer;
  let progress: string[];
  let warnings: string[];
  beforeEach(async () => {
    workspace = new Workspace();
    progress = [];
    warnings = [];
    server = await recordingServer((request) => workspace.answer(request));
  });
  afterEach(() => server.close());
  return {
    get workspace() {
      return workspace;
    },
    get server() {
      return server;
    },
    get progress() {
      return progress;
    },
    get warnings() {
      return warnings;
    },
    operation() {
      const appApiUrl = `http://127.0.0.1:${server.port}`;
      return {
        client: new ReportingWebhooks({ appApiKey: "app-key", region: "us", appApiUrl }, async () => undefined),
        urn: "urn:pulumi:dev::test::customerio:index:ReportingWebhook::relay",
        name: "relay",
        isHeld: () => false,
        isKnown: () => false,
        present: new Set<string>(),
        signal: new AbortController().signal,
        progress: (message: string) => progress.push(message),
        warn: (message: string) => warnings.push(message),
      };
    },
    bodies: (method) => server.requests.filter((request) => request.method === method).map(({ json }) => json),
  };
}
