import type { AzureSwitches } from "../azure/switches.ts";
import type { CloudEnvironment } from "../cloud.ts";
import { localCredentials } from "../credentials.ts";

type Json = { [key: string]: unknown };

/**
 * The demo's calls to the stand-ins: the vendors' own APIs where possible, and the `/__local/` routes for what
 * only a person or the vendor itself could do or see.
 */
export class Vendors {
  readonly #customerIo: string;
  readonly #platform: string;
  readonly #azure: string;
  #token: string | undefined;

  constructor(environment: CloudEnvironment) {
    this.#customerIo = environment.CUSTOMERIO_APP_API_URL ?? "";
    this.#platform = environment.AEP_PLATFORM_URL ?? "";
    this.#azure = environment.AZURE_RESOURCE_MANAGER_URL ?? "";
  }

  /** Triggers events in a workspace. */
  async emit(events: readonly object[], workspace = "Local"): Promise<void> {
    await post(`${this.#customerIo}/__local/events?workspace=${workspace}`, { events });
  }

  /** Lets a workspace record made-up events that no webhook reports. */
  async recordUnreported(make: readonly object[]): Promise<void> {
    await post(`${this.#customerIo}/__local/events`, { make, reported: false });
  }

  /** Sends a message to many people, one event each. */
  async blast(recipients: number): Promise<void> {
    await post(`${this.#customerIo}/__local/blast`, { recipients, metrics: { sent: 1 } });
  }

  /** Waits until Customer.io has sent everything. */
  async untilSent(): Promise<void> {
    const { idle, waiting } = await post<{ idle: boolean; waiting: unknown }>(`${this.#customerIo}/__local/idle`, {
      timeoutSeconds: 120,
    });
    if (!idle) throw new Error(`Customer.io still waits for an answer to: ${JSON.stringify(waiting)}`);
  }

  /** Advances Customer.io's clock, so that events that wait for another attempt are sent again. */
  async passTime(seconds: number): Promise<void> {
    await post(`${this.#customerIo}/__local/clock`, { advanceSeconds: seconds });
  }

  /** Lets Platform answer every event with this status, until `endFaults`. */
  async refuseEvents(status: number): Promise<void> {
    await post(`${this.#platform}/__local/faults`, { target: "inlet", effect: { kind: "status", status }, rate: 1 });
  }

  /** Lets Platform and Customer.io's App API answer later, as over the internet, until `endFaults`. */
  async delayAnswers(milliseconds: number): Promise<void> {
    const effect = { kind: "latency", milliseconds };
    for (const target of ["ims", "gateway"]) {
      await post(`${this.#platform}/__local/faults`, { target, effect, rate: 1 });
    }
    const slow = { kind: "slow", seconds: milliseconds / 1000, times: 1_000_000 };
    await post(`${this.#customerIo}/__local/faults`, { faults: [slow] });
  }

  /** Ends all faults that were switched on. */
  async endFaults(): Promise<void> {
    await post(`${this.#customerIo}/__local/faults`, { faults: [] });
    const answer = await fetch(`${this.#platform}/__local/faults`, { method: "DELETE" });
    if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
  }

  sentIds(): Promise<string[]> {
    return this.#deliveries("");
  }

  /** Events that the relay answered with 2xx. */
  acceptedIds(): Promise<string[]> {
    return this.#deliveries("&status=accepted");
  }

  async #deliveries(filter: string): Promise<string[]> {
    const url = `${this.#customerIo}/__local/deliveries?limit=1000000${filter}`;
    const { deliveries } = await get<{ deliveries: { id: string }[] }>(url);
    return deliveries.map(({ id }) => id);
  }

  /** Events that Platform has accepted and mapped. */
  async deliveredIds(): Promise<string[]> {
    const { receipts } = await get<{ receipts: { eventId: string; fate: string }[] }>(
      `${this.#platform}/__local/journal`,
    );
    return receipts.filter(({ fate }) => fate === "delivered").map(({ eventId }) => eventId);
  }

  /** Events that Platform answered with 200 but that are in no dataset. */
  async lostIds(): Promise<string[]> {
    const { receipts } = await get<{ receipts: { eventId: string; fate: string }[] }>(
      `${this.#platform}/__local/journal`,
    );
    return receipts.filter(({ fate }) => fate === "dropped" || fate === "failed").map(({ eventId }) => eventId);
  }

  async deadLetteredIds(): Promise<string[]> {
    const blobs = await get<{ content: string }[]>(`${this.#azure}/__local/blobs?container=dead-letters`);
    return blobs.map(
      ({ content }) => (JSON.parse(content) as { eventId?: string }).eventId ?? "(an event without an id)",
    );
  }

  /** Events that wait in the queues. Hidden messages are only counted. */
  async pendingIds(): Promise<string[]> {
    const queues = await get<{ queue: string; messages: number; visible: string[] }[]>(`${this.#azure}/__local/queues`);
    return queues.flatMap(({ queue, messages, visible }) => [
      ...visible.flatMap((text) => (JSON.parse(text) as { events: { id: string }[] }).events.map(({ id }) => id)),
      ...Array.from({ length: Math.max(0, messages - visible.length) }, () => `(a hidden message of ${queue})`),
    ]);
  }

  /** Records written into the dataset, from the dataflow's runs (Flow Service API). */
  async rowsWritten(dataflowId: string): Promise<number> {
    const runs = await this.#platformGet<{ items: { metrics: { recordSummary: { outputRecordCount: number } } }[] }>(
      `/data/foundation/flowservice/runs?property=flowId==${dataflowId}`,
    );
    return runs.items.reduce((sum, { metrics }) => sum + metrics.recordSummary.outputRecordCount, 0);
  }

  /** The first rows of a dataset (Data Access API). */
  async previewRows(datasetId: string): Promise<Json[]> {
    const preview = await this.#platformGet<{ data: Json[] }>(`/data/foundation/export/datasets/${datasetId}/preview`);
    return preview.data;
  }

  /** Enables or disables a dataflow, as a person could (Flow Service API). */
  async setFlowState(dataflowId: string, operation: "enable" | "disable"): Promise<void> {
    const url = `${this.#platform}/data/foundation/flowservice/flows/${dataflowId}/action?op=${operation}`;
    await read(await fetch(url, { method: "POST", headers: await this.#platformHeaders() }));
  }

  /** All rows of a dataset, in whichever sandbox. */
  async rows(datasetId: string): Promise<Json[]> {
    const { rows } = await get<{ rows: Json[] }>(`${this.#platform}/__local/rows?dataset=${datasetId}`);
    return rows;
  }

  /** Changes how Platform behaves from now on, by the stand-in's switches (options.ts). */
  async switchPlatform(switches: object): Promise<void> {
    await post(`${this.#platform}/__local/switches`, switches);
  }

  /** Changes how Azure behaves from now on, by the stand-in's switches (switches.ts). */
  async switchAzure(switches: Partial<AzureSwitches>): Promise<void> {
    await post(`${this.#azure}/__local/switches`, switches);
  }

  /** Everything that the program created and that still exists, by vendor. */
  async leftovers(): Promise<{ Platform: string[]; "Customer.io": string[]; Azure: string[] }> {
    const [platform, customerIo, azure] = await Promise.all([
      get<Record<string, number>>(`${this.#platform}/__local/census`),
      get<{ webhooks: number; foreignChanged: number }>(`${this.#customerIo}/__local/census`),
      get<{ resources: Record<string, number>; processes: { kind: string; pid: number }[] }>(
        `${this.#azure}/__local/census`,
      ),
    ]);
    const counted = (counts: Record<string, number>) =>
      Object.entries(counts).flatMap(([kind, count]) => (count > 0 ? [`${count} ${kind}`] : []));
    return {
      Platform: counted(platform),
      "Customer.io": counted({ webhooks: customerIo.webhooks, "foreign webhooks changed": customerIo.foreignChanged }),
      Azure: [...counted(azure.resources), ...azure.processes.map(({ kind, pid }) => `${kind} process ${pid}`)],
    };
  }

  async #platformGet<T>(path: string): Promise<T> {
    return get<T>(this.#platform + path, await this.#platformHeaders());
  }

  async #platformHeaders(): Promise<Record<string, string>> {
    const { clientId, clientSecret, orgId, sandbox } = localCredentials.platform;
    this.#token ??= await token(this.#platform, clientId, clientSecret);
    return {
      authorization: `Bearer ${this.#token}`,
      "x-api-key": clientId,
      "x-gw-ims-org-id": orgId,
      "x-sandbox-name": sandbox,
    };
  }
}

async function token(imsUrl: string, clientId: string, clientSecret: string): Promise<string> {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: "openid,AdobeID",
  });
  const answer = await fetch(`${imsUrl}/ims/token/v3`, { method: "POST", body });
  return (await read<{ access_token: string }>(answer)).access_token;
}

async function get<T>(url: string, headers: Record<string, string> = {}): Promise<T> {
  return read<T>(await fetch(url, { headers }));
}

async function post<T>(url: string, body: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  return read<T>(await fetch(url, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function read<T>(answer: Response): Promise<T> {
  if (!answer.ok) throw new Error(`${answer.url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
