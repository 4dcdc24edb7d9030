import type { QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { queueNames, relayQueuesAmong } from "../../relay/core/names.ts";
import type { StackSource } from "../stack/source.ts";
import { dataRoles, StoragePermission, statusOf } from "./storage-permission.ts";

/** Seconds for which a message that was taken is hidden from the relay and from all others. */
const hiddenSeconds = 300;

/** A message that was taken from a queue of the relay. It returns by itself unless it is deleted. */
export interface TakenMessage {
  /** As the queue holds it: base64. */
  readonly text: string;
  readonly id: string;
  /** Azure's permission to remove it. */
  readonly receipt: string;
  readonly queue: QueueClient;
}

/** The queues of a stack's relay, opened with the caller's own Azure login. */
export class RelayQueues {
  readonly #permission: Pick<StoragePermission, "explain">;
  readonly #queues: readonly QueueClient[];

  /** @param queues in the order in which messages move: the queues of events first */
  constructor(permission: Pick<StoragePermission, "explain">, queues: readonly QueueClient[]) {
    this.#permission = permission;
    this.#queues = queues;
  }

  static async open(source: StackSource): Promise<RelayQueues> {
    return RelayQueues.openAt(await StoragePermission.of(source));
  }

  /** Those of any account. */
  static async openAt(permission: StoragePermission): Promise<RelayQueues> {
    const { QueueServiceClient } = await import("@azure/storage-queue");
    const service = new QueueServiceClient(permission.endpoints.queue, permission.credential);
    const { events, poison } = await listRelayQueues(permission, service);
    return new RelayQueues(
      permission,
      [...events, ...poison].map((name) => service.getQueueClient(name)),
    );
  }

  /** Takes at most 32 messages of one queue. The list is empty if all queues are, or if all messages are hidden until their next attempt. */
  async take(): Promise<TakenMessage[]> {
    for (const queue of this.#queues) {
      const { receivedMessageItems } = await this.#permission.explain(dataRoles.queueContributor, () =>
        queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: hiddenSeconds }),
      );
      if (receivedMessageItems.length === 0) continue;
      return receivedMessageItems.map(({ messageText, messageId, popReceipt }) => ({
        text: messageText,
        id: messageId,
        receipt: popReceipt,
        queue,
      }));
    }
    return [];
  }

  /**
   * Deletes a message that was taken.
   *
   * @returns false if it returned meanwhile, so that another reader may have taken it
   */
  async delete({ queue, id, receipt }: TakenMessage): Promise<boolean> {
    return this.#permission.explain(dataRoles.queueContributor, async () => {
      try {
        await queue.deleteMessage(id, receipt);
        return true;
      } catch (error) {
        // "MessageNotFound" and "PopReceiptMismatch" (Microsoft, "Queue Storage error codes").
        if (statusOf(error) === 404 || statusOf(error) === 400) return false;
        throw error;
      }
    });
  }

  /** About how many messages there are, hidden ones included. */
  async count(): Promise<number> {
    const counts = await this.#permission.explain(dataRoles.queueReader, () =>
      Promise.all(this.#queues.map(async (queue) => (await queue.getProperties()).approximateMessagesCount ?? 0)),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

/** Names of the relay's queues that an account has: see `relayQueuesAmong`. */
export async function listRelayQueues(
  permission: Pick<StoragePermission, "explain">,
  service: QueueServiceClient,
): Promise<ReturnType<typeof relayQueuesAmong>> {
  return permission.explain(dataRoles.queueReader, async () => {
    const names: string[] = [];
    for await (const { name } of service.listQueues({ prefix: queueNames.events })) names.push(name);
    return relayQueuesAmong(names);
  });
}
