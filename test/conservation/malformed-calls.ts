import { createHmac } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two attempts of a call, and the timeout of an attempt. */
const times = { pause: 250, try: 4_000 };

/** Calls signed as by Customer.io with bodies that are not events. Each is repeated until it gets 2xx. */
export class MalformedCalls {
  readonly accepted: string[] = [];
  readonly #endpoint: () => string;
  readonly #calls = new Set<Promise<void>>();
  /** The signing key; a rotation changes it. */
  signingKey: string;

  constructor(endpoint: () => string, signingKey: string) {
    this.#endpoint = endpoint;
    this.signingKey = signingKey;
  }

  send(id: string): void {
    const call = this.#untilAccepted(id);
    this.#calls.add(call);
    void call.then(() => this.#calls.delete(call));
  }

  /** Waits until all are accepted, or the time is over. */
  async settle(milliseconds: number): Promise<void> {
    await Promise.race([Promise.all(this.#calls), sleep(milliseconds, undefined, { ref: false })]);
  }

  async #untilAccepted(id: string): Promise<void> {
    for (let attempt = 0; attempt < 2_000; attempt++) {
      if ((await this.#post(JSON.stringify([{ event_id: id }]))) === 200) {
        this.accepted.push(id);
        return;
      }
      await sleep(times.pause, undefined, { ref: false });
    }
  }

  async #post(body: string): Promise<number | undefined> {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", this.signingKey).update(`v0:${timestamp}:${body}`).digest("hex");
    const headers = {
      "content-type": "application/json",
      "x-cio-timestamp": timestamp,
      "x-cio-signature": signature,
    };
    const signal = AbortSignal.timeout(times.try);
    return fetch(this.#endpoint(), { method: "POST", headers, body, signal }).then(
      ({ status }) => status,
      () => undefined,
    );
  }
}
