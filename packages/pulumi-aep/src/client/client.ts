import { type Call, HttpClient, sleep, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { Config } from "../config.ts";
import { type Creation, type CreationCall, createOnce } from "../resources/create-once.ts";
import { explainPlatformError } from "./complaint.ts";
import { AccessTokens } from "./ims.ts";
import { paths } from "./paths.ts";
import { RecentChanges } from "./recent-changes.ts";

/** The parts of an error that decide whether waiting helps. */
export interface Refusal {
  /** Undefined if there was no answer. */
  readonly status: number | undefined;
  /** Platform's code: `XDM-1521-400`. */
  readonly code: string | undefined;
  /** The number in a Flow Service code: 1404 in `FLOW-1404-412`. */
  readonly flowCode: number | undefined;
  /** Whether Platform may have acted anyway. */
  readonly outcomeUnknown: boolean;
  /** The message, for errors without a code. */
  readonly message: string;
}

/**
 * Adobe does not publish its gateway's limits (429050). This budget lets a whole stack's calls through at once and slows
 * down a program with hundreds of objects. If a call is throttled anyway, every call of the provider waits.
 */
const platformBudget = { perSecond: 20, burst: 100 };

/** Attempts of a call about or with what was just created, and which Platform may show late: half a minute. */
export const attemptsWhileLate = 15;
/** Attempts of a deletion that is refused: eight seconds, since the refusal may be final; half a minute if its dependents were just deleted. */
const attemptsWhileUsed = { usual: 5, afterDeletion: 15 };

/** Any JSON. It proves only that Platform answered, not a proxy's HTML page. */
const json = z.union([z.looseObject({}), z.array(z.unknown())]);

/** What answers a change whose result is not in the answer: JSON, or nothing as with 204. A proxy's page is neither. */
export const jsonOrNothing = z.union([json, z.literal("")]);

const statsAnswer = z.object({ tenantId: z.string().min(1) });

/** A part of a file in bytes: from the first, up to but not including the second. */
interface FilePart {
  readonly from: number;
  readonly to: number;
  /** The size of the file. */
  readonly total: number;
}

/**
 * A client for one sandbox of one organization. It sends the four headers that every Platform API requires, parses answers
 * with a zod schema, and throws `VendorError`s with remedies.
 */
export class AepClient {
  readonly #http: HttpClient;
  readonly #config: Config;
  readonly #pollInterval: number;
  readonly #sleep: typeof sleep;
  readonly #recent = new RecentChanges();
  #tenantId: Promise<string> | undefined;

  /**
   * @param options.pollInterval milliseconds between two polls; default 2,000
   * @param options.sleep waits; used for every wait of this client
   * @param options.attemptTimeout milliseconds for one attempt of a call; default 60,000
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
      // If several calls were refused with the same token, one renews it for all.
      headers: async (renew, _signal, refused) => ({
        Authorization: `Bearer ${await tokens.get(renew ? refused.Authorization?.replace("Bearer ", "") : undefined)}`,
        "x-api-key": config.clientId,
        "x-gw-ims-org-id": config.orgId,
        "x-sandbox-name": config.sandbox,
      }),
    });
  }

  /** Id of the organization. */
  get orgId(): string {
    return this.#config.orgId;
  }

  /** Name of the sandbox. */
  get sandbox(): string {
    return this.#config.sandbox;
  }

  /** Makes the call and parses its answer. */
  async call<Answer extends z.ZodType>(call: Call, answer: Answer): Promise<z.output<Answer>> {
    const data = await this.#send(call);
    const parsed = answer.safeParse(data);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw this.#notUnderstood(call, `${issue?.path.join(".")}: ${issue?.message}`);
  }

  /**
   * Reads a part of a file, or less of it: the caller reads on after what it has got.
   *
   * @throws if the answer is another part, such as from a proxy that changes or ignores `Range`: the file would be wrong
   */
  async readBytes(call: Omit<Call, "method" | "headers">, { from, to, total }: FilePart): Promise<Buffer> {
    const request: Call = { ...call, method: "GET", isBinary: true, headers: { Range: `bytes=${from}-${to - 1}` } };
    const { status, data, headers } = await this.#http.call(request);
    if (!Buffer.isBuffer(data)) throw this.#notUnderstood(request, "no bytes");
    const { length } = data;
    const range = headers["content-range"] as string | undefined;
    // Adobe's documentation does not mention Content-Range; without it, only all of the requested bytes can be the right ones.
    const ranges = [total, "*"].map((size) => `bytes ${from}-${from + length - 1}/${size}`);
    const isPart = range === undefined ? length === to - from : ranges.includes(range) && length <= to - from;
    const isWhole = from === 0 && length === total;
    if (status === 206 ? isPart : isWhole) return data;
    const found = `${status}, ${length} bytes${range === undefined ? "" : `, Content-Range: ${range}`}`;
    throw this.#notUnderstood(request, `${found}, for the bytes from ${from} to ${to - 1} of ${total}`);
  }

  /** Like `call`; undefined if Platform says that the object is gone. */
  find<Answer extends z.ZodType>(call: Call, answer: Answer): Promise<z.output<Answer> | undefined> {
    return this.#unlessGone(call.signal, () => this.call(call, answer));
  }

  /** Like `find`, for an object that this process may have just created; see `untilVisible`. */
  findNew<Answer extends z.ZodType>(
    operation: Omit<CreationCall, "pause">,
    id: string,
    call: Call,
    answer: Answer,
  ): Promise<z.output<Answer> | undefined> {
    return this.#unlessGone(call.signal, () => this.untilVisible(operation, [id], () => this.call(call, answer)));
  }

  async #unlessGone<T>(signal: AbortSignal, question: () => Promise<T>): Promise<T | undefined> {
    try {
      return await question();
    } catch (error) {
      if (await this.#saysGone(error, signal)) return undefined;
      throw error;
    }
  }

  /** Deletes an object; succeeds if it is already gone. */
  async delete(call: Omit<Call, "method">): Promise<void> {
    try {
      await this.#delete(call);
      this.#recent.noteDeletion();
    } catch (error) {
      if (!(await this.#saysGone(error, call.signal))) throw error;
    }
  }

  /**
   * Like `delete`, for an object that Platform keeps as long as others use it. They may be deleted at the same time, and Platform may count
   * those that were just deleted for some seconds.
   */
  deleteReleased(call: Omit<Call, "method">): Promise<void> {
    const attempts = this.#recent.hasDeletion ? attemptsWhileUsed.afterDeletion : attemptsWhileUsed.usual;
    return this.untilAccepted(call.signal, attempts, isRefused, () => this.delete(call));
  }

  /** Deletes if the API supports it: Data Prep's description of `/mappingSets` does not define DELETE, although Adobe's client uses it. */
  async deleteIfPossible(call: Omit<Call, "method">): Promise<void> {
    try {
      await this.#delete(call);
    } catch (error) {
      if (error instanceof VendorError && (error.status === 405 || error.status === 501)) return;
      if (!(await this.#saysGone(error, call.signal))) throw error;
    }
  }

  /**
   * Creates an object and never a second one; see `createOnce`.
   *
   * @param needs ids of the objects that it refers to; see `untilVisible`
   */
  async createOnce<Item>(
    operation: Omit<CreationCall, "pause">,
    before: ReadonlySet<string>,
    creation: Creation<Item>,
    needs: readonly (string | undefined)[] = [],
  ): Promise<Item> {
    const post = () => this.untilVisible(operation, needs, creation.post);
    const made = await createOnce({ ...creation, post }, before, {
      signal: operation.signal,
      progress: operation.progress,
      pause: (until) => this.pause(until),
    });
    this.noteChange(creation.idOf(made));
    return made;
  }

  /** Notes that this process has created an object, or changed something about it that others depend on. */
  noteChange(id: string): void {
    this.#recent.note(id);
  }

  /** Repeats a call that Platform refuses, as long as it may not know yet what this process has just done to the objects that the call needs. */
  untilVisible<T>(
    { signal, progress }: Omit<CreationCall, "pause">,
    needs: readonly (string | undefined)[],
    attempt: () => Promise<T>,
  ): Promise<T> {
    const isLate = (refusal: Refusal) => {
      const is = mayBeLate(refusal) && this.#recent.hasAny(needs.filter((id) => id !== undefined));
      if (is) progress("waiting until Platform shows what was just created");
      return is;
    };
    return this.untilAccepted(signal, attemptsWhileLate, isLate, attempt);
  }

  /** Platform's refusal in an error; undefined for other errors. */
  refusal(error: unknown): Refusal | undefined {
    if (!(error instanceof VendorError)) return undefined;
    const number = error.code?.match(/^FLOW-(\d+)-/)?.[1];
    return {
      status: error.status,
      code: error.code,
      flowCode: number === undefined ? undefined : Number(number),
      outcomeUnknown: error.outcomeUnknown,
      message: error.message,
    };
  }

  /** Repeats an operation while `passing` says that Platform's refusal is temporary. */
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

  /** Waits before the next poll. */
  pause(signal: AbortSignal): Promise<void> {
    return this.#sleep(this.#pollInterval, signal);
  }

  /** Waits; returns early if the signal aborts. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return this.#sleep(milliseconds, signal);
  }

  /** The organization's tenant id; custom fields are under `_<tenant id>`. Read once. */
  tenantId(signal: AbortSignal): Promise<string> {
    this.#tenantId ??= this.#readTenantId(signal).catch((error: unknown) => {
      this.#tenantId = undefined;
      throw error;
    });
    return this.#tenantId;
  }

  async #readTenantId(signal: AbortSignal): Promise<string> {
    const purpose = `look up the tenant id in the sandbox "${this.#config.sandbox}"`;
    return (await this.call({ method: "GET", path: paths.stats, signal, purpose }, statsAnswer)).tenantId;
  }

  /** Platform answers a deletion with an empty body or JSON. A proxy's page says nothing about the object. */
  async #delete(call: Omit<Call, "method">): Promise<void> {
    const data = await this.#send({ ...call, method: "DELETE" });
    if (typeof data === "string" && data !== "") throw this.#notUnderstood({ ...call, method: "DELETE" }, "no JSON");
  }

  #notUnderstood({ method, purpose }: Call, issue: string): VendorError {
    return new VendorError(
      `Could not ${purpose}: the answer did not match Adobe's documentation (${issue}). ` +
        `Check that the setting aep:platformUrl (${this.#config.platformUrl}) points to Platform's APIs.`,
      { outcomeUnknown: method === "POST" },
    );
  }

  async #send(call: Call): Promise<unknown> {
    return (await this.#http.call(call)).data;
  }

  /**
   * A 404 alone is not enough: a wrong sandbox, organization or proxy answers 404 to everything, and a refresh that trusts it
   * would forget all objects. So the sandbox itself must answer too.
   */
  async #saysGone(error: unknown, signal: AbortSignal): Promise<boolean> {
    if (!(error instanceof VendorError && (error.gone || goneFlowObject.test(error.code ?? "")))) return false;
    // Not the remembered answer: what answers 404 now may have come in between since.
    await this.#readTenantId(signal);
    return true;
  }
}

/**
 * Begins the Flow Service's codes for an object that does not exist: `FLOW-1439-404` in Adobe's samples, but 1439-400 on its page "Flow
 * Service error messages", which has 1430-400 for a dataflow, too.
 */
const goneFlowObject = /^FLOW-(1430|1439)-/;

/** A refusal because of the request's content or the object's state. */
export function isRefused({ status = 0 }: Refusal): boolean {
  return [400, 409, 422, 423].includes(status);
}

/**
 * Codes of refusals that have nothing to do with what the call refers to: entitlement, specifications, the call's form, headers and token,
 * schemas that differ, titles and field names. Adobe documents no codes of Catalog and Data Prep; FLOW-22xx means that one of them failed.
 */
const unrelated =
  /^(400003$|FLOW-(1100|1401|1403|1405|1410|1413|1414|1425|1434|1453|1455|2[01]\d\d)-|XDM-(100\d|102\d|1413|1521)-)/;

/** Whether a refusal may mean that Platform does not know yet what the call refers to. */
function mayBeLate({ status = 0, code = "" }: Refusal): boolean {
  return [400, 404, 409, 422].includes(status) && !unrelated.test(code);
}
