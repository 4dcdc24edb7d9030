import { z } from "zod";
import { type Call, HttpClient } from "../kit/http.ts";
import { sleep } from "../kit/sleep.ts";
import { VendorError } from "../kit/vendor-error.ts";
import { complaint } from "./complaint.ts";
import type { Config } from "./config.ts";
import { type Creation, createOnce, type Pace } from "./create-once.ts";
import { AccessTokens } from "./ims.ts";
import { paths } from "./paths.ts";

/** A call on Platform; `hint` is added to a refusal of the request itself, where only the caller knows what it means. */
export interface PlatformCall extends Call {
  readonly hint?: string;
}

/** What an error says, for deciding whether waiting helps. */
export interface Refusal {
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  /** The number in a code of the Flow Service: 1404 of `FLOW-1404-412`. */
  readonly flowCode: number | undefined;
}

const statsAnswer = z.object({ tenantId: z.string().min(1) });

/**
 * Experience Platform in one sandbox of one organization: calls with the four headers that every API wants, answers
 * read by a zod schema, errors as `VendorError`s with remedies.
 */
export class AepClient {
  readonly #http: HttpClient;
  readonly #config: Config;
  readonly #pollInterval: number;
  #tenantId: Promise<string> | undefined;

  /** @param options.pollInterval milliseconds between two looks at something that takes its time; default 2,000 */
  constructor(config: Config, options: { pollInterval?: number } = {}) {
    const tokens = new AccessTokens(config);
    this.#config = config;
    this.#pollInterval = options.pollInterval ?? 2_000;
    this.#http = new HttpClient({
      vendor: "Adobe Experience Platform",
      baseUrl: config.platformUrl,
      baseUrlSetting: "aep:platformUrl",
      attemptTimeout: 60_000,
      complaint,
      headers: async (renew) => ({
        Authorization: `Bearer ${await tokens.get(renew)}`,
        "x-api-key": config.clientId,
        "x-gw-ims-org-id": config.orgId,
        "x-sandbox-name": config.sandbox,
      }),
    });
  }

  /** Makes the call and reads its answer. */
  async call<Answer extends z.ZodType>(call: PlatformCall, answer: Answer): Promise<z.output<Answer>> {
    const data = await this.#send(call);
    const parsed = answer.safeParse(data);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new VendorError(
      `Could not ${call.purpose}: the answer was not as Adobe documents it (${issue?.path.join(".")}: ${issue?.message}). ` +
        `Check that the setting aep:platformUrl (${this.#config.platformUrl}) leads to Platform's APIs.`,
      { outcomeUnknown: call.method === "POST" },
    );
  }

  /** Like `call`; undefined when Platform says that the object is gone. */
  async find<Answer extends z.ZodType>(call: PlatformCall, answer: Answer): Promise<z.output<Answer> | undefined> {
    try {
      return await this.call(call, answer);
    } catch (error) {
      if (await this.#saysGone(error, call.signal)) return undefined;
      throw error;
    }
  }

  /** Deletes; an object that is gone already is fine. */
  async remove(call: Omit<PlatformCall, "method">): Promise<void> {
    try {
      await this.#send({ ...call, method: "DELETE" });
    } catch (error) {
      if (!(await this.#saysGone(error, call.signal))) throw error;
    }
  }

  /** Deletes where the API lets it: Data Prep's description of `/mappingSets` knows no DELETE, though Adobe's client uses it. */
  async removeIfPossible(call: Omit<PlatformCall, "method">): Promise<void> {
    try {
      await this.#send({ ...call, method: "DELETE" });
    } catch (error) {
      if (!(error instanceof VendorError && (error.status === 404 || error.status === 405))) throw error;
    }
  }

  /** Makes an object and never a second one; see `createOnce`. */
  createOnce<Item>(operation: Omit<Pace, "pause">, creation: Creation<Item>): Promise<Item> {
    const { signal, progress } = operation;
    return createOnce(creation, { signal, progress, pause: (until) => this.pause(until) });
  }

  /** What Platform's refusal in an error says; undefined for errors of another origin. */
  refusal(error: unknown): Refusal | undefined {
    if (!(error instanceof VendorError)) return undefined;
    const number = error.code?.match(/^FLOW-(\d+)-/)?.[1];
    return { status: error.status, flowCode: number === undefined ? undefined : Number(number) };
  }

  /** Repeats what Platform refuses for the moment only, as `passing` tells. */
  async untilAccepted<T>(
    signal: AbortSignal,
    attempts: number,
    passing: (refusal: Refusal) => boolean,
    attempt: () => Promise<T>,
  ): Promise<T> {
    for (let count = 1; ; count++) {
      try {
        return await attempt();
      } catch (error) {
        const refusal = this.refusal(error);
        if (!refusal || !passing(refusal) || count === attempts || signal.aborted) throw error;
        await this.pause(signal);
      }
    }
  }

  /** Waits a moment before the next look at something that takes its time. */
  pause(signal: AbortSignal): Promise<void> {
    return sleep(this.#pollInterval, signal);
  }

  /** The organization's tenant id; custom fields lie under `_<tenant id>`. Asked for once. */
  tenantId(signal: AbortSignal): Promise<string> {
    const purpose = `look up the tenant id in the sandbox "${this.#config.sandbox}"`;
    this.#tenantId ??= this.call({ method: "GET", path: paths.stats, signal, purpose }, statsAnswer).then(
      (stats) => stats.tenantId,
      (error: unknown) => {
        this.#tenantId = undefined;
        throw error;
      },
    );
    return this.#tenantId;
  }

  async #send({ hint, ...call }: PlatformCall): Promise<unknown> {
    try {
      const response = await this.#http.call(call);
      return response.data;
    } catch (error) {
      if (!hint || !(error instanceof VendorError) || !refused(error)) throw error;
      const { status, code, outcomeUnknown } = error;
      throw new VendorError(`${error.message} ${hint}`, { status, code, outcomeUnknown });
    }
  }

  /**
   * A 404 alone is not enough: a wrong sandbox, organization or proxy answers 404 to everything, and believing it would
   * make a refresh forget all objects. So the sandbox itself must answer too.
   */
  async #saysGone(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof VendorError && error.gone)) return false;
    await this.tenantId(signal);
    return true;
  }
}

/** Platform understood the request and won't do it, for reasons of its content. */
function refused({ status }: VendorError): boolean {
  return status !== undefined && status >= 400 && status < 500 && ![401, 403, 404, 410, 412, 429].includes(status);
}
