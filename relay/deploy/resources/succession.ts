import { createHash, randomBytes } from "node:crypto";
import type { Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { roleApiVersion, storageApiVersion } from "../api-versions.ts";
import type { AzureClient } from "../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../client/patience.ts";
import { putResource } from "./arm/put.ts";
import { roleAssignmentPath, roleAssignmentProperties } from "./arm/role-assignment.ts";
import { abandonQueue, graceTime, refusal, wordsOf } from "./refusal.ts";

/** Milliseconds for which a new relay sends nothing unless the mark is renewed: a killed run must not hold events for long. */
const heldFor = 15 * 60_000;
/** Milliseconds between renewals of the mark. */
const renewEvery = 60_000;
/** A new role takes minutes to propagate, and the new relay's instances see a mark at most five seconds late. */
const pace: CheckPace = { pauses: [2_000, 5_000], limit: 10 * 60_000 };
/** Each partition of notes begins with a hexadecimal digit (`deliveredKeysOf`). A share is all partitions with the same one. */
const shares = [..."0123456789abcdef"];
/** Shares that are copied at a time. An account accepts 20,000 entities per second, and the new relay's own events need some of them. */
const lanes = 4;
/** The role that a new relay's identity gets on the account of the relay that it replaces ("Azure built-in roles" in Microsoft Learn). */
export const takeoverRole = {
  role: "Storage Table Data Reader",
  roleId: "76199698-9eea-4c19-bc75-cec21354c6b6",
} as const;

const storageAccount = z.object({ properties: z.object({ primaryEndpoints: z.object({ table: z.string() }) }) });
const answer = z.object({ copied: z.number(), position: z.unknown().optional() });

/** The inputs of the drain of a relay that remembers delivered events. */
const successorInputs = z.object({ queueId: z.string(), takeoverUrl: z.string(), principalId: z.string() });
type Successor = z.output<typeof successorInputs>;

type SuccessionOperation = Pick<Operation<AzureClient>, "urn" | "client" | "signal" | "progress" | "warn" | "other">;

/** The successions of a run to the same new relay: several if a former `up` was killed before it had deleted the relay that it replaced. */
interface Siblings {
  /** How many are not finished. */
  open: number;
  /** The last copy. The new relay's queue names one former account at a time. */
  copying: Promise<unknown>;
}

const siblingsByClient = new WeakMap<AzureClient, Map<string, Siblings>>();

function siblingsOf(client: AzureClient, queueId: string): Siblings {
  const byQueue = siblingsByClient.get(client) ?? new Map<string, Siblings>();
  siblingsByClient.set(client, byQueue);
  const siblings = byQueue.get(queueId) ?? { open: 0, copying: Promise.resolve() };
  byQueue.set(queueId, siblings);
  return siblings;
}

/**
 * Hands a relay's notes of delivered events over to its replacement in another storage account, so that an event that Customer.io sends
 * again to the new relay is not delivered twice. The new relay copies the notes with its own identity, which the caller's login grants
 * the right to read them. So the caller needs no role on data.
 */
export class Succession {
  readonly #operation: SuccessionOperation;
  readonly #successor: Successor;
  readonly #siblings: Siblings;
  #heldAt = Number.NEGATIVE_INFINITY;

  private constructor(operation: SuccessionOperation, successor: Successor) {
    this.#operation = operation;
    this.#successor = successor;
    this.#siblings = siblingsOf(operation.client, successor.queueId);
    this.#siblings.open += 1;
  }

  /** Undefined if no other relay replaces this one, or if this one remembers no delivered events. */
  static of(operation: SuccessionOperation): Succession | undefined {
    const parsed = successorInputs.safeParse(operation.other?.inputs);
    return parsed.success ? new Succession(operation, parsed.data) : undefined;
  }

  /** Holds the new relay, and grants it the right to read, which takes minutes to propagate in Azure. */
  async begin(formerQueueId: string): Promise<void> {
    await this.hold();
    // Copying the notes reports what is wrong.
    await this.#allowReading(accountOf(formerQueueId)).catch(() => undefined);
  }

  /** Makes the new relay accept events but send none, for some minutes from now. */
  async hold(): Promise<void> {
    const { client, signal } = this.#operation;
    const time = client.clock.now();
    if (time - this.#heldAt < renewEvery) return;
    this.#heldAt = time;
    await holdSending(client, this.#successor.queueId, signal);
  }

  /**
   * Makes the new relay copy the notes, after all events are delivered and noted.
   *
   * @throws if copying fails, unless the former relay's events are given up too
   */
  async handOver(formerQueueId: string): Promise<void> {
    const { client, warn } = this.#operation;
    try {
      await this.takeOver(formerQueueId);
    } catch (error) {
      if (client.abandonQueue) return warn(`gives up the notes of delivered events, since ${wordsOf(error)}`);
      throw new Error(
        `${refusal(this.#operation, `since ${wordsOf(error)}`)} Without its notes, an event that Customer.io sends again may be delivered ` +
          `twice. To discard them, put ${abandonQueue} before the command; this also discards what waits in the former relay's queues.`,
      );
    }
  }

  /**
   * Makes the new relay copy the notes, after those of other former relays. A repeated call copies them again.
   *
   * @throws if copying fails
   */
  takeOver(formerQueueId: string): Promise<void> {
    const copying = this.#siblings.copying.then(() => this.#takeOverNext(formerQueueId));
    this.#siblings.copying = copying.catch(() => undefined);
    return copying;
  }

  async #takeOverNext(formerQueueId: string): Promise<void> {
    const { client, signal, progress } = this.#operation;
    const { queueId } = this.#successor;
    const formerId = accountOf(formerQueueId);
    const former = await client.armGet(formerId, storageApiVersion, signal);
    if (former === undefined) return;
    const { table: address } = storageAccount.parse(former).properties.primaryEndpoints;
    await this.#allowReading(formerId).catch((error: unknown) => {
      const { role, roleId } = takeoverRole;
      throw new Error(`the new relay could not get the role ${role} (${roleId}): ${wordsOf(error)}`);
    });
    const key = randomBytes(32).toString("base64url");
    const keyDigest = createHash("sha256").update(key).digest("hex");
    // A relay without its queue is not a successor: the whole stack is being destroyed.
    if ((await client.markQueue(queueId, () => ({ former: { address, keyDigest } }), signal)) === undefined) return;
    const left = [...shares];
    let copied = 0;
    const lane = async () => {
      for (let share = left.shift(); share !== undefined; share = left.shift()) {
        let position: unknown;
        do {
          await this.hold();
          const step = await this.#copy(key, share, position);
          copied += step.copied;
          position = step.position;
          if (position !== undefined) progress(`the new relay has copied ${copied} notes of delivered events`);
        } while (position !== undefined);
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    await client.markQueue(queueId, () => ({ former: "none" }), signal);
    progress(`the new relay knows what the former one has delivered: ${copied} notes`);
  }

  /** Lets the new relay send, once it has the notes of all former relays. It doesn't throw. */
  async release(): Promise<void> {
    this.#siblings.open -= 1;
    if (this.#siblings.open > 0) return;
    const { client, signal, warn } = this.#operation;
    const time = signal.aborted ? AbortSignal.timeout(graceTime) : signal;
    try {
      await client.markQueue(this.#successor.queueId, () => ({ sending: "free" }), time);
    } catch (error) {
      const minutes = heldFor / 60_000;
      warn(
        `The new relay could not be told to send; it does so by itself within ${minutes} minutes. ${wordsOf(error)}`,
      );
    }
  }

  /** The role assignment is deleted with the former account. */
  async #allowReading(formerId: string): Promise<void> {
    const { principalId } = this.#successor;
    const { roleId } = takeoverRole;
    const id = `${formerId}/${roleAssignmentPath(formerId, principalId, roleId)}`;
    const [, , subscriptionId = ""] = formerId.split("/");
    const properties = roleAssignmentProperties({ principalId, subscriptionId, roleId });
    await putResource(this.#operation, id, { apiVersion: roleApiVersion, body: { properties } });
  }

  /** One step of a share. */
  async #copy(key: string, share: string, position: unknown): Promise<z.output<typeof answer>> {
    const { client, signal } = this.#operation;
    const { takeoverUrl } = this.#successor;
    const call = { headers: { "x-relay-key": key }, body: { share, position } };
    const look = async (): Promise<Check<z.output<typeof answer>>> => {
      const { status, text } = await client.order(takeoverUrl, call, signal);
      if (status === 200) return { done: answer.parse(JSON.parse(text)) };
      return {
        notYet: "waiting until the new relay can read what the former one has delivered",
        detail: `${takeoverUrl} ${status === undefined ? "does not answer" : `answers ${status}`}: ${text}`,
      };
    };
    const step = await checkPatiently(this.#operation, pace, look);
    if ("done" in step) return step.done;
    throw new Error(`the new relay could not copy its notes of delivered events ${step.gaveUp}`);
  }
}

export function accountOf(queueId: string): string {
  return queueId.replace(/\/queueServices\/.*$/i, "");
}

/** Makes a relay accept events but send none, for some minutes from now. */
export async function holdSending(client: AzureClient, queueId: string, signal: AbortSignal): Promise<void> {
  const until = (now: Date) => ({ heldUntil: new Date(now.getTime() + heldFor) });
  await client.markQueue(queueId, (now) => ({ sending: until(now) }), signal);
}
