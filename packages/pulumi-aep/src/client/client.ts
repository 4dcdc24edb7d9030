import { type Call, HttpClient, sleep, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { Config } from "../config.ts";
import { type Creation, type CreationCall, createOnce } from "../resources/create-once.ts";
import { explainPlatformError } from "./complaint.ts";
import { AccessTokens } from "./ims.ts";
import { paths } from "./paths.ts";

/** What an error says, for deciding whether waiting helps. */
export interface Refusal {
  /** Undefined where no answer came. */
  readonly status: number | undefined;
  /** The number in a code of the Flow Service: 1404 of `FLOW-1404-412`. */
  readonly flowCode: number | undefined;
  /** Whether Platform may have acted nevertheless. */
  readonly outcomeUnknown: boolean;
  /** In words, for what has no code of its own. */
  readonly message: string;
}

/**
 * Adobe gives no numbers for its gateway's limits (429050). This much lets a whole stack's calls through at once and holds
 * back a program of hundreds of objects; a call that is throttled nevertheless makes every call of the provider wait.
 */
const platformBudget = { perSecond: 20, burst: 100 };

/** An answer of which only matters that it is one of Platform's, and not a proxy's page. */
export const json = z.union([z.looseObject({}), z.array(z.unknown())]);

const statsAnswer = z.object({ tenantId: z.string().min(1) });

/**
 * Experience Platform in one sandbox of one organization: calls with the four headers that every API wants, answers
 * read by a zod schema, errors as `VendorError`s with remedies.
 */
export class AepClient {
  readonly #http: HttpClient;
  readonly #config: Config;
  readonly #pollInterval: number;
  readonly #sleep: typeof sleep;
  #tenantId: Promise<string> | undefined;

  /**
   * @param options.pollInterval milliseconds between two looks at something that takes its time; default 2,000
   * @param options.sleep waits; for every wait of this client
   * @param options.attemptTimeout milliseconds for one try of a call; default 60,000
   */
  constructor(config: Config, options: { pollInterval?: number; sleep?: typeof sleep; attemptTimeout?: number } = {}) {
    const tokens = new AccessTokens(config, { sleep: options.sleep });
    this.#sleep = options.sleep ?? sleep;
    this.#config = config;
    this.#pollInterval = options.pollInterval ?? 2_000;
    this.#http = new HttpClient({
      vendor: "Adobe Experience Platform",
      baseUrl: config.platformUrl,
      baseUrlSetting: "aep:platformUrl",
      attemptTimeout: options.attemptTimeout ?? 60_000,
      complaint: explainPlatformError,
      budget: platformBudget,
      sleep: options.sleep,
      // Of many calls that were refused with the same token, one renews it for all.
      headers: async (renew, _signal, refused) => ({
        Authorization: `Bearer ${await tokens.get(renew ? refused.Authorization?.replace("Bearer ", "") : undefined)}`,
        "x-api-key": config.clientId,
        "x-gw-ims-org-id": config.orgId,
        "x-sandbox-name": config.sandbox,
      }),
    });
  }

  /** Id of the organization in which everything happens. */
  get orgId(): string {
    return this.#config.orgId;
  }

  /** Name of the sandbox in which everything happens. */
  get sandbox(): string {
    return this.#config.sandbox;
  }

  /** Makes the call and reads its answer. */
  async call<Answer extends z.ZodType>(call: Call, answer: Answer): Promise<z.output<Answer>> {
    const data = await this.#send(call);
    const parsed = answer.safeParse(data);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw this.#notUnderstood(call, `${issue?.path.join(".")}: ${issue?.message}`);
  }

  /** Like `call`; undefined when Platform says that the object is gone. */
  async find<Answer extends z.ZodType>(call: Call, answer: Answer): Promise<z.output<Answer> | undefined> {
    try {
      return await this.call(call, answer);
    } catch (error) {
      if (await this.#saysGone(error, call.signal)) return undefined;
      throw error;
    }
  }

  /** Deletes; an object that is gone already is fine. */
  async remove(call: Omit<Call, "method">): Promise<void> {
    try {
      await this.#delete(call);
    } catch (error) {
      if (!(await this.#saysGone(error, call.signal))) throw error;
    }
  }

  /** Deletes where the API lets it: Data Prep's description of `/mappingSets` does not define DELETE, though Adobe's client uses it. */
  async removeIfPossible(call: Omit<Call, "method">): Promise<void> {
    try {
      await this.#delete(call);
    } catch (error) {
      if (error instanceof VendorError && error.status === 405) return;
      if (!(await this.#saysGone(error, call.signal))) throw error;
    }
  }

  /** Makes an object and never a second one; see `createOnce`. */
  createOnce<Item>(
    operation: Omit<CreationCall, "pause">,
    before: ReadonlySet<string>,
    creation: Creation<Item>,
  ): Promise<Item> {
    const { signal, progress } = operation;
    return createOnce(creation, before, { signal, progress, pause: (until) => this.pause(until) });
  }

  /** What Platform's refusal in an error says; undefined for errors of another origin. */
  refusal(error: unknown): Refusal | undefined {
    if (!(error instanceof VendorError)) return undefined;
    const number = error.code?.match(/^FLOW-(\d+)-/)?.[1];
    return {
      status: error.status,
      flowCode: number === undefined ? undefined : Number(number),
      outcomeUnknown: error.outcomeUnknown,
      message: error.message,
    };
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
    return this.#sleep(this.#pollInterval, signal);
  }

  /** Waits; shorter if the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return this.#sleep(milliseconds, signal);
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

  /** Platform answers a deletion with nothing or with JSON; a proxy's page instead says nothing about the object. */
  async #delete(call: Omit<Call, "method">): Promise<void> {
    const data = await this.#send({ ...call, method: "DELETE" });
    if (typeof data === "string" && data !== "") throw this.#notUnderstood({ ...call, method: "DELETE" }, "no JSON");
  }

  #notUnderstood({ method, purpose }: Call, issue: string): VendorError {
    return new VendorError(
      `Could not ${purpose}: the answer was not as Adobe documents it (${issue}). ` +
        `Check that the setting aep:platformUrl (${this.#config.platformUrl}) leads to Platform's APIs.`,
      { outcomeUnknown: method === "POST" },
    );
  }

  async #send(call: Call): Promise<unknown> {
    return (await this.#http.call(call)).data;
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
