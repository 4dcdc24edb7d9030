import { z } from "zod";
import { HttpClient } from "../kit/http.ts";
import { type PlainAnswer, plainCall } from "../kit/plain-call.ts";
import { sleep } from "../kit/sleep.ts";
import { VendorError } from "../kit/vendor-error.ts";
import { complaint, saysGone } from "./arm-complaint.ts";
import type { Config } from "./config.ts";
import { Kudu } from "./kudu.ts";
import { callersLogin, type Login } from "./login.ts";
import type { NotYet } from "./patience.ts";

/** Time as the operations see it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Waits; ends at once, without an error, when `signal` aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

const webApiVersion = "2024-04-01";
const storageApiVersion = "2024-01-01";
/** Milliseconds that the relay gets to answer its health check; a cold start takes seconds. */
const healthTimeout = 20_000;

const functionList = z.object({ value: z.array(z.object({ name: z.string() })) });
const queue = z.object({ properties: z.object({ approximateMessageCount: z.number().int() }) });

/** The few calls on Azure that a deployment of the relay needs, made with the caller's own Azure login. */
export class AzureClient {
  readonly clock: Clock;
  /** Whether `pulumi destroy` may give up the events that still wait; `RELAY_ABANDON_QUEUE=true`, never a setting that stays. */
  readonly abandonQueue: boolean;
  readonly #login: Login;
  readonly #arm: HttpClient;

  constructor(settings: Config, parts: { login?: Login; clock?: Clock } = {}) {
    const { login = callersLogin(), clock = { now: Date.now, sleep } } = parts;
    this.clock = clock;
    this.abandonQueue = process.env.RELAY_ABANDON_QUEUE === "true";
    this.#login = login;
    this.#arm = new HttpClient({
      vendor: "Azure",
      baseUrl: settings.armUrl,
      baseUrlSetting: "relay:armUrl",
      headers: async (renew, signal) => ({ Authorization: `Bearer ${await login(renew, signal)}` }),
      complaint,
    });
  }

  /** The deployment site of a function app. */
  kudu(hostName: string): Kudu {
    return new Kudu(hostName, this.#login);
  }

  /** Makes Azure read anew which triggers the deployed code has; without it a queue's function may never start. */
  async syncTriggers(siteId: string, signal: AbortSignal): Promise<{ done: true } | NotYet> {
    try {
      const purpose = "synchronise the function app's triggers";
      const params = { "api-version": webApiVersion };
      await this.#arm.call({ method: "POST", path: `${siteId}/syncfunctiontriggers`, params, signal, purpose });
      return { done: true };
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      // While the host starts, Azure answers 400 with its "Encountered an error (ServiceUnavailable) from host runtime".
      const starting = error.status === 400 && error.message.includes("from host runtime");
      if (!starting && error.status !== 409 && (error.status ?? 500) < 500) throw error;
      return { notYet: "waiting for Azure to take in the functions' triggers", detail: error.message };
    }
  }

  /** Names of the functions that Azure knows of an app; undefined when the app is gone. */
  async functionNames(siteId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const data = await this.#get(`${siteId}/functions`, webApiVersion, "list the function app's functions", signal);
    return data === undefined ? undefined : functionList.parse(data).value.map(({ name }) => name);
  }

  /** About how many messages a storage queue holds, those not visible yet included; undefined when the queue is gone. */
  async queueLength(queueId: string, signal: AbortSignal): Promise<number | undefined> {
    const data = await this.#get(queueId, storageApiVersion, "count the messages of the events queue", signal);
    return data === undefined ? undefined : queue.parse(data).properties.approximateMessageCount;
  }

  /** What a URL of the relay answers; `status` is undefined where no answer came, and `text` then says why. */
  ask(url: string, signal: AbortSignal): Promise<PlainAnswer> {
    return plainCall({ method: "GET", url, signal, timeout: healthTimeout });
  }

  async #get(path: string, apiVersion: string, purpose: string, signal: AbortSignal): Promise<unknown> {
    try {
      const params = { "api-version": apiVersion };
      return (await this.#arm.call({ method: "GET", path, params, signal, purpose })).data;
    } catch (error) {
      if (error instanceof VendorError && saysGone(error)) return undefined;
      throw error;
    }
  }
}
