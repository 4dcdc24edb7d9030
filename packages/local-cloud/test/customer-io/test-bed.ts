import { AdjustableClock } from "../../src/customer-io/clock.ts";
import { type CustomerIoOptions, startCustomerIo } from "../../src/customer-io/customer-io.ts";
import type {
  AcknowledgementTimes,
  DeliveryStatus,
  ShownDelivery,
} from "../../src/customer-io/sending/delivery-log.ts";
import { Receiver } from "./receiver.ts";

const startOfTime = new Date("2026-01-01T00:00:00.000Z");
export const startSeconds = startOfTime.getTime() / 1000;
export const hour = 3600;
export const day = 24 * hour;

export const workspace = { name: "shop", appApiKey: "app-key-shop", signingKey: "signing-key-shop" };
export const otherWorkspace = { name: "blog", appApiKey: "app-key-blog", signingKey: "signing-key-blog" };

export interface Answered<Body> {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON; an empty string for an answer without a body. */
  readonly body: Body;
}

export interface Deliveries {
  readonly counts: Record<DeliveryStatus, number>;
  readonly acknowledgementMilliseconds?: AcknowledgementTimes;
  readonly deliveries: ShownDelivery[];
}

export interface Idle {
  readonly idle: boolean;
  readonly counts: Record<DeliveryStatus, number>;
  readonly waiting: ShownDelivery[];
}

/** A stand-in with a stopped clock and a receiver for its events. */
export class TestBed {
  readonly clock: AdjustableClock;
  readonly receiver: Receiver;
  readonly url: string;
  readonly close: () => Promise<void>;

  private constructor(receiver: Receiver, clock: AdjustableClock, customerIo: { url: string; close(): Promise<void> }) {
    this.receiver = receiver;
    this.clock = clock;
    this.url = customerIo.url;
    this.close = async () => {
      await customerIo.close();
      await receiver.close();
    };
  }

  static async start(options: Partial<CustomerIoOptions> = {}): Promise<TestBed> {
    const clock = AdjustableClock.stoppedAt(startOfTime);
    const customerIo = await startCustomerIo({ workspaces: [workspace, otherWorkspace], clock, ...options });
    return new TestBed(await Receiver.start(), clock, customerIo);
  }

  /** Calls the App API, by default with the key of the first workspace. `Body` is what the caller takes the answer for. */
  api<Body = unknown>(
    method: string,
    path: string,
    body?: unknown,
    key: string = workspace.appApiKey,
  ): Promise<Answered<Body>> {
    return this.#call(method, `/v1${path}`, body, { Authorization: `Bearer ${key}` });
  }

  /** Calls an admin route and expects it to work. `Body` is what the caller takes the answer for. */
  async local<Body = unknown>(method: string, path: string, body?: unknown): Promise<Body> {
    const answered = await this.#call<Body>(method, `/__local${path}`, body, {});
    if (answered.status !== 200) throw new Error(`${path}: ${answered.status} ${JSON.stringify(answered.body)}`);
    return answered.body;
  }

  deliveries(query = ""): Promise<Deliveries> {
    return this.local("GET", `/deliveries${query}`);
  }

  idle(timeoutSeconds = 20): Promise<Idle> {
    return this.local("POST", "/idle", { timeoutSeconds });
  }

  /** Creates a webhook to the receiver; returns its id. */
  async subscribe(
    events: readonly string[],
    settings: { [setting: string]: unknown } = {},
    key: string = workspace.appApiKey,
  ): Promise<number> {
    const input = { name: "relay", endpoint: this.receiver.url, events, ...settings };
    const { body } = await this.api<{ id: number }>("POST", "/reporting_webhooks", input, key);
    return body.id;
  }

  /** Triggers events; returns the ids of each event and of its webhooks. */
  async happen(events: object, query = ""): Promise<{ id: string; webhooks: number[] }[]> {
    const answer = await this.local<{ events: { id: string; webhooks: number[] }[] }>(
      "POST",
      `/events${query}`,
      events,
    );
    return answer.events;
  }

  /** Triggers events of one type for person 1, 2 and so on; returns their ids. */
  async emit(count: number, event: { object_type: string; metric: string } = emailSent): Promise<string[]> {
    const make = Array.from({ length: count }, (_, index) => ({ ...event, person: index + 1 }));
    return (await this.happen({ make })).map(({ id }) => id);
  }

  /** Seconds since the start at which the receiver was called, by the calls' own timestamps. */
  get callTimes(): number[] {
    return this.receiver.timestamps.map((timestamp) => timestamp - startSeconds);
  }

  async #call<Body>(
    method: string,
    path: string,
    body: unknown,
    headers: { [name: string]: string },
  ): Promise<Answered<Body>> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(this.url + path, { method, headers, ...(text !== undefined && { body: text }) });
    const answer = await response.text();
    return { status: response.status, headers: response.headers, body: answer === "" ? "" : JSON.parse(answer) };
  }
}

export const emailSent = { object_type: "email", metric: "sent" };
