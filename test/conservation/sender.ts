import { setTimeout as sleep } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { AdjustableClock } from "../../packages/local-cloud/src/customer-io/clock.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { traffic } from "./events.ts";
import { MalformedCalls } from "./malformed-calls.ts";

const { appApiKey, signingKey } = localCredentials.customerIo;
const hour = 3_600_000;

/** Hours for which the stand-in still signs with the old key: longer than any test. */
const overlapHours = 1000;

/** Customer.io with its webhook, and signed calls without an event. Its hours of waiting pass at once. */
export class Sender {
  readonly sent: string[] = [];
  readonly #customerIo: CustomerIoStandIn;
  readonly #clock: AdjustableClock;
  readonly #malformed: MalformedCalls;
  #rotatedKey: string | undefined;
  #beating = true;
  readonly #beat: Promise<void>;

  private constructor(customerIo: CustomerIoStandIn, clock: AdjustableClock, endpoint: string) {
    this.#customerIo = customerIo;
    this.#clock = clock;
    this.#malformed = new MalformedCalls(() => endpoint, signingKey);
    this.#beat = this.#keepRetrying();
  }

  /** @param endpoint the address that the webhook posts to */
  static async start(endpoint: string): Promise<Sender> {
    const clock = AdjustableClock.running();
    const customerIo = await startCustomerIo({
      workspaces: [{ name: "Main", appApiKey, signingKey }],
      switches: { lanes: 8 },
      clock,
    });
    const webhook = { name: "Relay", endpoint, events: subscriptionNames, disabled: false };
    const answer = await fetch(`${customerIo.url}/v1/reporting_webhooks`, {
      method: "POST",
      headers: { authorization: `Bearer ${appApiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ ...webhook, full_resolution: true, with_content: true }),
    });
    if (!answer.ok) throw new Error(`Customer.io answered ${answer.status}: ${await answer.text()}`);
    return new Sender(customerIo, clock, endpoint);
  }

  /** Triggers this number of events, spread over the time (milliseconds). */
  async send(count: number, duration: number): Promise<void> {
    const events = traffic(this.sent.length, count);
    const end = Date.now() + duration;
    for (let sent = 0; sent < events.length; ) {
      const part = events.slice(sent, sent + 8);
      await this.#ask("/__local/events", { events: part.flatMap(({ event }) => event ?? []) });
      for (const { id, event } of part) if (event === undefined) this.#malformed.send(id);
      this.sent.push(...part.map(({ id }) => id));
      sent += part.length;
      await sleep(Math.max(0, ((end - Date.now()) * part.length) / (events.length - sent + part.length)));
    }
  }

  /** Sends all earlier events again, as Customer.io does after a late answer. */
  async sendAgain(): Promise<void> {
    const events = traffic(0, this.sent.length).flatMap(({ event }) => event ?? []);
    await this.#ask("/__local/events", { events });
  }

  /** Sends the next events a second time right after they were accepted. */
  async repeatAccepted(times: number): Promise<void> {
    await this.#ask("/__local/faults", { faults: [{ kind: "duplicate", times }] });
  }

  /** Creates a new signing key in Customer.io, which is used after `switchSigningKey`. */
  async rotateSigningKey(): Promise<string> {
    const overlap = { overlapSeconds: overlapHours * 3600 };
    this.#rotatedKey = (await this.#ask<{ signingKey: string }>("/__local/signing-key/rotate", overlap)).signingKey;
    return this.#rotatedKey;
  }

  async switchSigningKey(): Promise<void> {
    await this.#clock.advance(overlapHours * hour);
    if (this.#rotatedKey !== undefined) this.#malformed.signingKey = this.#rotatedKey;
  }

  /** Waits until every call is answered, or the time (milliseconds) is over. */
  async settle(patience: number): Promise<void> {
    const until = Date.now() + patience;
    while (Date.now() < until && (await this.#deliveries()).counts.waiting > 0) await sleep(50);
    await this.#malformed.settle(until - Date.now());
  }

  /** Ids of the events that were answered with 2xx. */
  async acceptedIds(): Promise<string[]> {
    const { deliveries } = await this.#deliveries();
    const ofWebhook = deliveries.filter(({ status }) => status === "accepted").map(({ id }) => id);
    return [...ofWebhook, ...this.#malformed.accepted];
  }

  async close(): Promise<void> {
    this.#beating = false;
    await this.#beat;
    await this.#customerIo.close();
  }

  /** Customer.io waits for an hour after most failures; here each hour passes at once. */
  async #keepRetrying(): Promise<void> {
    while (this.#beating) {
      await this.#clock.advance(hour);
      await sleep(300);
    }
  }

  async #deliveries() {
    const answer = await fetch(`${this.#customerIo.url}/__local/deliveries?limit=1000000`);
    return (await answer.json()) as { counts: { waiting: number }; deliveries: { id: string; status: string }[] };
  }

  async #ask<T>(path: string, body: object): Promise<T> {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.#customerIo.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`Customer.io answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }
}
