import { callOnce, type PlainAnswer, sleep, VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { parseMarks, type QueueMarks, withMarks } from "../../core/delivery/queue-marks.ts";
import { storageApiVersion, vaultApiVersion, webApiVersion } from "../api-versions.ts";
import type { Config } from "../config.ts";
import { explainAzureError, forbiddenAddress, saysGone } from "./arm-complaint.ts";
import { ArmHttp } from "./arm-http.ts";
import type { AzureCalls } from "./azure-calls.ts";
import type { Clock } from "./clock.ts";
import { Kudu } from "./kudu.ts";
import { azureSubscriptionOf, callersLogin, type Login, objectIdIn, vaultScope } from "./login.ts";
import type { NotYet } from "./patience.ts";
import { SiteSettings } from "./site-settings.ts";
import { Vault } from "./vault.ts";

/** Timeout of the relay's health check in milliseconds; a cold start takes seconds. */
const healthTimeout = 20_000;
/** Timeout of an operator's call to the relay in milliseconds; Azure ends calls after 230 s. */
const orderTimeout = 90_000;

const nameList = z.object({ value: z.array(z.object({ name: z.string() })) });
const object = z.record(z.string(), z.unknown());
const vault = z.object({ properties: z.object({ vaultUri: z.url() }) });
const queue = z.object({
  properties: z.object({
    approximateMessageCount: z.number().int(),
    metadata: z.record(z.string(), z.string()).nullish(),
  }),
});

/** A storage queue in Azure Resource Manager. */
export interface StorageQueue {
  /** Approximate number of messages, including those that are not visible yet. */
  readonly length: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** When Azure answered, by its own clock. */
  readonly now: Date;
}

/** A read-only request to Azure Resource Manager. */
interface ArmQuestion {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly apiVersion: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly purpose: string;
}

/** The calls to Azure that deploy the relay, with the caller's own Azure login. */
export class AzureClient {
  readonly clock: Clock;
  /** Whether waiting events may be given up: `RELAY_ABANDON_QUEUE=true`, never a persistent setting. */
  readonly abandonQueue: boolean;
  /** Whether dead letters may be given up: `RELAY_ABANDON_DEAD_LETTERS=true`, never a persistent setting. */
  readonly abandonDeadLetters: boolean;
  readonly #armUrl: string;
  readonly #login: Login;
  readonly #arms = new Map<string | undefined, ArmHttp>();
  readonly #vaultLogin: Login;
  readonly #attemptTimeout: number | undefined;
  readonly #healthTimeout: number;
  readonly #orderTimeout: number;

  /** @param parts.attemptTimeout milliseconds for one attempt of a call; default: 30,000 for Azure's APIs, and what others need */
  constructor(settings: Config, parts: { login?: Login; clock?: Clock; attemptTimeout?: number } = {}) {
    const {
      login = callersLogin(),
      clock = { now: Date.now, monotonic: () => performance.now(), sleep },
      attemptTimeout,
    } = parts;
    this.clock = clock;
    this.abandonQueue = process.env.RELAY_ABANDON_QUEUE === "true";
    this.abandonDeadLetters = process.env.RELAY_ABANDON_DEAD_LETTERS === "true";
    this.#armUrl = settings.armUrl;
    this.#login = login;
    this.#vaultLogin = parts.login ?? callersLogin(vaultScope);
    this.#healthTimeout = attemptTimeout ?? healthTimeout;
    this.#orderTimeout = attemptTimeout ?? orderTimeout;
    this.#attemptTimeout = attemptTimeout;
  }

  /** Logs in. Returns the login's object id, as role assignments use it; undefined if the access token lacks it. */
  async readCallersObjectId(signal: AbortSignal, subscriptionId?: string): Promise<string | undefined> {
    return objectIdIn(await this.#login(false, signal, subscriptionId));
  }

  /** The deployment site of a function app. */
  kudu(hostName: string, siteId: string): Kudu {
    return new Kudu(hostName, this.#callsFor(azureSubscriptionOf(siteId)));
  }

  /**
   * A key vault's own API.
   *
   * @throws if the vault is gone
   */
  async openVault(vaultId: string, signal: AbortSignal): Promise<Vault> {
    const name = lastPart(vaultId);
    const purpose = `read the key vault "${name}"`;
    const found = await this.#get(vaultId, vaultApiVersion, purpose, vault, signal);
    if (found === undefined) {
      throw new Error(`Azure no longer has the key vault "${name}". To recreate it, run: npx pulumi up --refresh`);
    }
    return new Vault(
      name,
      found.data.properties.vaultUri,
      this.#callsFor(azureSubscriptionOf(vaultId), this.#vaultLogin),
    );
  }

  /** The app settings of a function app. */
  siteSettings(siteId: string): SiteSettings {
    return new SiteSettings(this.#armFor(siteId), siteId, (purpose, issue) => this.#notUnderstood(purpose, issue));
  }

  /** Makes Azure reload the triggers of the deployed code; otherwise a queue's function may never start. */
  async syncTriggers(siteId: string, signal: AbortSignal): Promise<{ done: true } | NotYet> {
    const purpose = `synchronize the triggers of the function app "${lastPart(siteId)}"`;
    try {
      const params = { "api-version": webApiVersion };
      const path = `${siteId}/syncfunctiontriggers`;
      // The call is idempotent: it reads the triggers of the deployed code.
      const call = { method: "POST", path, params, signal, purpose, repeatable: true } as const;
      const { data } = await this.#armFor(path).call(call);
      // Azure's answer is empty or JSON; a proxy's page means that nothing was started.
      if (typeof data === "string" && data.trim() !== "") throw this.#notUnderstood(purpose, "no JSON");
      return { done: true };
    } catch (error) {
      if (!(error instanceof VendorError)) throw error;
      // While the host starts, Azure answers 400 with its "Encountered an error (ServiceUnavailable) from host runtime".
      const starting = error.status === 400 && error.message.includes("from host runtime");
      if (!starting && error.status !== 409 && (error.status ?? 500) < 500) throw error;
      return { notYet: "waiting for Azure to read the functions' triggers", detail: error.message };
    }
  }

  /** Names of the functions that Azure lists for an app; undefined if the app does not exist. */
  async listFunctionNames(siteId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const purpose = `list the functions of the function app "${lastPart(siteId)}"`;
    const question = { path: `${siteId}/functions`, apiVersion: webApiVersion, purpose };
    // Azure prefixes a function's name with its app's, as it does for every child resource.
    return (await this.#listNames(question, signal))?.map(lastPart);
  }

  /** Names of the queues of a storage account ("Queue - List" of the storage resource provider); undefined if the account does not exist. */
  listQueueNames(accountId: string, signal: AbortSignal): Promise<string[] | undefined> {
    const purpose = `list the queues of the storage account "${lastPart(accountId)}"`;
    const path = `${accountId}/queueServices/default/queues`;
    return this.#listNames({ path, apiVersion: storageApiVersion, purpose }, signal);
  }

  /** A storage queue; undefined if it does not exist. */
  async readQueue(queueId: string, signal: AbortSignal): Promise<StorageQueue | undefined> {
    const purpose = `read the queue "${lastPart(queueId)}"`;
    const found = await this.#get(queueId, storageApiVersion, purpose, queue, signal);
    if (found === undefined) return undefined;
    const { approximateMessageCount: length, metadata } = found.data.properties;
    return { length, metadata: metadata ?? {}, now: found.date };
  }

  /**
   * Sets marks in a storage queue's metadata, and keeps the rest of the metadata.
   *
   * @param marks the marks to set, from Azure's time
   * @returns the former marks and Azure's time; undefined if the queue does not exist
   */
  async markQueue(
    queueId: string,
    marks: (now: Date) => Partial<QueueMarks>,
    signal: AbortSignal,
  ): Promise<{ before: QueueMarks; now: Date } | undefined> {
    const purpose = `mark the queue "${lastPart(queueId)}"`;
    const params = { "api-version": storageApiVersion };
    const call = { method: "PATCH", path: queueId, params, signal, purpose, repeatable: true } as const;
    let before: StorageQueue | undefined;
    try {
      // After a refusal because of another change, the queue is read again: the marks count from the time at which they are set.
      const answer = await this.#armFor(queueId).writePrepared(call, async () => {
        before = await this.readQueue(queueId, signal);
        return before && { properties: { metadata: withMarks(before.metadata, marks(before.now)) } };
      });
      if (before === undefined || answer === undefined) return undefined;
      // If a proxy answered instead of Azure, nothing was marked.
      if (!object.safeParse(answer.data).success) throw this.#notUnderstood(purpose, "no JSON");
    } catch (error) {
      if (error instanceof VendorError && saysGone(error)) return undefined;
      throw error;
    }
    return { before: parseMarks(before.metadata), now: before.now };
  }

  /** Deletes a function app but not its plan, which Azure by default deletes with the last app. */
  deleteSite(siteId: string, signal: AbortSignal): Promise<void> {
    return this.#delete(siteId, { "api-version": webApiVersion, deleteEmptyServerFarm: "false" }, signal);
  }

  /** Sends a read-only request to Azure Resource Manager. A list in pages is returned whole. */
  async query<Answer extends z.ZodType>(
    { method = "GET", path, apiVersion, params, body, headers, purpose }: ArmQuestion,
    answer: Answer,
    signal: AbortSignal,
  ): Promise<z.output<Answer>> {
    const data = await this.#armFor(path).read({
      method,
      path,
      signal,
      purpose,
      repeatable: true,
      params: { "api-version": apiVersion, ...params },
      ...(body && { body }),
      ...(headers && { headers }),
    });
    return this.#understand(data, purpose, answer);
  }

  /** A resource in Azure; undefined if it does not exist. */
  async armGet(id: string, apiVersion: string, signal: AbortSignal): Promise<Record<string, unknown> | undefined> {
    return (await this.#get(id, apiVersion, `read ${relativeId(id)}`, object, signal))?.data;
  }

  /** Creates or updates a resource, and returns the resource. */
  async armPut(id: string, apiVersion: string, body: object, signal: AbortSignal): Promise<Record<string, unknown>> {
    const purpose = `create or update ${relativeId(id)}`;
    const params = { "api-version": apiVersion };
    const { data } = await this.#armFor(id).call({ method: "PUT", path: id, params, body, signal, purpose });
    // 202 without a body: Azure finishes later, as with the tables of a Log Analytics workspace.
    if (data === undefined || data === "") return {};
    const parsed = object.safeParse(data);
    if (parsed.success) return parsed.data;
    throw this.#notUnderstood(purpose, "no JSON");
  }

  /** Changes the given properties of a resource, and returns the resource. */
  async armPatch(id: string, apiVersion: string, body: object, signal: AbortSignal): Promise<Record<string, unknown>> {
    const purpose = `update ${relativeId(id)}`;
    const call = { method: "PATCH", path: id, params: { "api-version": apiVersion }, body, signal, purpose } as const;
    const { data } = await this.#armFor(id).call({ ...call, repeatable: true });
    const parsed = object.safeParse(data);
    if (parsed.success) return parsed.data;
    throw this.#notUnderstood(purpose, "no JSON");
  }

  /** Deletes a resource. Succeeds if it does not exist. */
  armDelete(id: string, apiVersion: string, signal: AbortSignal): Promise<void> {
    return this.#delete(id, { "api-version": apiVersion }, signal);
  }

  /** Sends an operator's call to a URL of the relay. Returns the same as `ask`. */
  order(
    url: string,
    { headers, body }: { headers: Record<string, string>; body: object },
    signal: AbortSignal,
  ): Promise<PlainAnswer> {
    return callOnce({
      method: "POST",
      url,
      signal,
      timeout: this.#orderTimeout,
      body: Buffer.from(JSON.stringify(body)),
      headers: { ...headers, "content-type": "application/json" },
    });
  }

  /** Gets a URL of the relay. Without an answer, `status` is undefined and `text` says why. */
  async ask(url: string, signal: AbortSignal): Promise<PlainAnswer> {
    const answer = await callOnce({ method: "GET", url, signal, timeout: this.#healthTimeout });
    const forbidden = forbiddenAddress(answer.headers ?? {});
    return forbidden === undefined ? answer : { ...answer, text: forbidden };
  }

  /** Azure Resource Manager, with the login for the subscription of an object. */
  #armFor(id: string): ArmHttp {
    const subscriptionId = azureSubscriptionOf(id);
    const arm = this.#arms.get(subscriptionId) ?? new ArmHttp(this.#armUrl, this.clock, this.#callsFor(subscriptionId));
    this.#arms.set(subscriptionId, arm);
    return arm;
  }

  #callsFor(subscriptionId: string | undefined, login = this.#login): AzureCalls {
    return {
      headers: async (renew, signal) => ({ Authorization: `Bearer ${await login(renew, signal, subscriptionId)}` }),
      complaint: explainAzureError,
      sleep: (milliseconds, signal) => this.clock.sleep(milliseconds, signal),
      ...(this.#attemptTimeout === undefined ? {} : { attemptTimeout: this.#attemptTimeout }),
    };
  }

  /** The names in a list, all pages of it; undefined if what it is part of does not exist. */
  async #listNames(question: ArmQuestion, signal: AbortSignal): Promise<string[] | undefined> {
    try {
      const { value } = await this.query(question, nameList, signal);
      return value.map(({ name }) => name);
    } catch (error) {
      if (error instanceof VendorError && saysGone(error)) return undefined;
      throw error;
    }
  }

  async #delete(id: string, params: Record<string, string>, signal: AbortSignal): Promise<void> {
    try {
      await this.#armFor(id).call({ method: "DELETE", path: id, params, signal, purpose: `delete ${relativeId(id)}` });
    } catch (error) {
      if (!(error instanceof VendorError && saysGone(error))) throw error;
    }
  }

  async #get<Answer extends z.ZodType>(
    path: string,
    apiVersion: string,
    purpose: string,
    answer: Answer,
    signal: AbortSignal,
  ): Promise<{ data: z.output<Answer>; date: Date } | undefined> {
    let data: unknown;
    let date: Date;
    try {
      const params = { "api-version": apiVersion, ...wholeOf(path) };
      const response = await this.#armFor(path).call({ method: "GET", path, params, signal, purpose });
      data = response.data;
      date = new Date(Date.parse(String(response.headers.date)) || this.clock.now());
    } catch (error) {
      if (error instanceof VendorError && saysGone(error)) return undefined;
      throw error;
    }
    return { data: this.#understand(data, purpose, answer), date };
  }

  #understand<Answer extends z.ZodType>(data: unknown, purpose: string, answer: Answer): z.output<Answer> {
    const parsed = answer.safeParse(data);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw this.#notUnderstood(purpose, `${issue?.path.join(".")}: ${issue?.message}`);
  }

  #notUnderstood(purpose: string, issue: string): Error {
    return new Error(
      `Could not ${purpose}: the answer does not match Azure's documentation (${issue}). ` +
        `Check that the setting customerio-aep:armUrl (${this.#armUrl}) points to Azure Resource Manager.`,
    );
  }
}

/** Without this parameter, Azure returns a workbook without its content ("Workbooks - Get" in Azure's REST reference). */
function wholeOf(id: string): { readonly canFetchContent?: "true" } {
  return /\/Microsoft\.Insights\/workbooks\/[^/]+$/i.test(id) ? { canFetchContent: "true" } : {};
}

/** An id relative to its resource group: `storageAccounts/cioaep1/queueServices/default/queues/events`. */
function relativeId(id: string): string {
  return id.replace(/^.*?\/providers\/[^/]+\//, "");
}

/** The object's own name in an id of Azure Resource Manager. */
function lastPart(id: string): string {
  return id.split("/").at(-1) ?? id;
}
