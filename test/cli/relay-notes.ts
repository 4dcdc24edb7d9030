import { DefaultAzureCredential } from "@azure/identity";
import type { AuditedAccount } from "../../cli/audit/sides/relay-side.ts";
import { RelayQueues } from "../../cli/relay/relay-queues.ts";
import { RememberedDuplicates } from "../../relay/azure/delivery/duplicates.ts";
import { Tables } from "../../relay/azure/storage/tables.ts";
import { noteSubject } from "../../relay/core/duplicates/delivery-note.ts";
import { encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import type { Made } from "./audit-world.ts";
import type { TestAccount } from "./storage-account.ts";

/** What is written of an account, and read. */
type NotingAccount = Pick<TestAccount, "endpoints" | "account" | "tables" | "source">;

/** A relay's account as the relay itself writes it, with a clock that a test sets. */
export class NotingRelay {
  /** Days for which deliveries are noted. */
  static readonly windowDays = 90;
  readonly tables: Tables;
  readonly #operator: NotingAccount;
  readonly #duplicates: RememberedDuplicates;
  #now = new Date(0);
  /** What happens while an audit waits to look at the queue again. */
  whileAuditWaits: () => Promise<void> = async () => undefined;

  constructor(operator: NotingAccount) {
    this.#operator = operator;
    this.tables = new Tables(async () => ({
      queueServiceUri: "",
      blobServiceUri: "",
      tableServiceUri: operator.endpoints.table,
      credential: new DefaultAzureCredential(),
    }));
    this.#duplicates = new RememberedDuplicates({
      tables: this.tables,
      windowDays: NotingRelay.windowDays,
      clock: () => this.#now,
    });
  }

  /**
   * Delivers an event once.
   *
   * @param at Unix seconds; default: when it happened
   * @param createdAt Unix seconds of its creation; default: when it happened
   * @param isFirst whether it can't be a repetition, so that it is not looked up
   * @returns whether it was sent; false if it was left out as a repetition
   */
  async deliver(
    made: Made,
    {
      at = made.timestamp,
      createdAt = made.timestamp,
      id = idOf(made),
      body = JSON.stringify(made),
      isFirst = false,
    } = {},
  ): Promise<boolean> {
    this.#now = new Date(at * 1000);
    const sent = await this.#duplicates.deliverOnce(
      { id, body, createdAt: createdAt * 1000, mayBeRepeated: !isFirst, subject: noteSubject({ ...made }) },
      async () => ({ fate: "delivered" }),
      (reason) => {
        throw new Error(reason);
      },
    );
    return sent !== undefined;
  }

  /** Puts an event into the queue, which nothing reads. */
  async queue(made: Made): Promise<void> {
    const received = new Date(made.timestamp * 1000).toISOString();
    const event = newEvent({ id: idOf(made), receivedAt: received, body: JSON.stringify(made) });
    for (const message of encodeEnvelopes([event])) await this.#operator.account.enqueue(message);
  }

  /** What an audit reads of it. */
  async side() {
    const { tables, account: storage, source } = this.#operator;
    const queues = await RelayQueues.open(source);
    const account: AuditedAccount = { tables, storage, queues };
    return { accounts: [account] as const, queues, pause: () => this.whileAuditWaits() };
  }
}

function idOf({ data, metric }: Made): string {
  return `${String(data.delivery_id)}-${metric}`;
}
