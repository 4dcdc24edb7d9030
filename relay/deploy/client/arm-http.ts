import type { AxiosResponse } from "axios";
import { showProgress } from "pulumi-provider-kit";
import { type Call, HttpClient, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { saysBusy } from "./arm-complaint.ts";
import type { AzureCalls } from "./azure-calls.ts";
import type { Clock } from "./clock.ts";
import { type Check, type CheckPace, checkPatiently, whyStopped } from "./patience.ts";

/** As long as Azure's network provider may take with one change. */
const busyPace: CheckPace = { pauses: [1_000, 2_000, 5_000], limit: 15 * 60_000 };

const page = z.looseObject({ value: z.array(z.unknown()), nextLink: z.string().nullish() });
/** Maximum pages of a list, in case it never ends. */
const mostPages = 100;

/**
 * Azure Resource Manager's HTTP API. Azure refuses a write during another one to the same object or account, such as by a provider that
 * outlived its killed engine. So every write waits while Azure is busy, for 15 minutes at most, and then fails with Azure's refusal.
 */
export class ArmHttp {
  readonly #http: HttpClient;
  readonly #clock: Clock;

  constructor(armUrl: string, clock: Clock, calls: AzureCalls) {
    this.#clock = clock;
    this.#http = new HttpClient({
      vendor: "Azure",
      baseUrl: armUrl,
      baseUrlSetting: "customerio-aep:armUrl",
      ...calls,
    });
  }

  /** Makes a call, and returns 2xx answers; anything else becomes a `VendorError`. */
  async call(call: Call): Promise<AxiosResponse> {
    return call.method === "GET" ? this.#http.call(call) : this.#waitWhileBusy(call, () => this.#http.call(call));
  }

  /** Makes a read. If the answer is a list in pages, returns it with all entries; a page may be empty although others follow. */
  async read(call: Call): Promise<unknown> {
    const { data } = await this.call(call);
    const list = page.safeParse(data);
    if (!list.success) return data;
    const { value } = list.data;
    let { nextLink } = list.data;
    for (let pages = 1; nextLink && pages < mostPages; pages++) {
      // Only its parameters: behind a proxy, the link has Azure's own address.
      const params = { ...call.params, ...Object.fromEntries(new URL(nextLink, "https://azure.invalid").searchParams) };
      const next = page.safeParse((await this.call({ ...call, params })).data).data;
      value.push(...(next?.value ?? []));
      nextLink = next?.nextLink;
    }
    return { ...list.data, value };
  }

  /**
   * Makes a write whose content depends on what Azure holds.
   *
   * @param prepare returns the content; called before each attempt. Undefined: nothing is written
   * @returns undefined if nothing was written
   */
  writePrepared(call: Call, prepare: () => Promise<object | undefined>): Promise<AxiosResponse | undefined> {
    return this.#waitWhileBusy(call, async () => {
      const body = await prepare();
      return body && this.#http.call({ ...call, body });
    });
  }

  async #waitWhileBusy<T>({ purpose, signal }: Call, attempt: () => Promise<T>): Promise<T> {
    let refusal: VendorError | undefined;
    const look = async (): Promise<Check<T>> => {
      try {
        return { done: await attempt() };
      } catch (error) {
        if (!(error instanceof VendorError && saysBusy(error))) throw error;
        refusal = error;
        return { notYet: `waiting to ${purpose}: Azure is busy with another change there` };
      }
    };
    const operation = { client: { clock: this.#clock }, signal, progress: showProgress };
    const outcome = await checkPatiently(operation, busyPace, look);
    if ("done" in outcome) return outcome.done;
    // Azure's refusal would tell a person who pressed Ctrl-C to wait for someone else.
    if (signal.aborted) {
      throw new VendorError(
        `Could not ${purpose}: ${whyStopped(signal)}, while Azure was busy with another change there.`,
        {},
      );
    }
    throw refusal;
  }
}
