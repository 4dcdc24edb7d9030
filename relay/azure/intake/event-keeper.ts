import type { InvocationContext } from "@azure/functions";
import { blobName } from "../../core/blob-name.ts";
import { type Admission, admit } from "../../core/event/admit.ts";
import { deadBody } from "../../core/event/dead-letter.ts";
import { claimBody, fitsInline, newEvent, type QueuedEvent } from "../../core/event/envelope.ts";
import { GroupCommit } from "../../core/intake/group-commit.ts";
import { verificationPrefix } from "../../core/names.ts";
import type { EventPolicy } from "../../core/policy/policy.ts";
import { runWithinBudget } from "../budget.ts";
import { describeError, logOutcome, type RelayLog } from "../log.ts";
import type { RelayStorageClient } from "../storage/storage.ts";
import { countLabels, type EventLabel, labelsOf } from "./event-labels.ts";

export interface EventKeeperPorts {
  /** Distinguishes events that differ only in removed personal data; see `admit`. */
  readonly digestSecret: string | undefined;
  readonly storage: Pick<RelayStorageClient, "enqueue" | "putClaim" | "putDeadLetter">;
  readonly clock: () => Date;
  /**
   * Milliseconds for the write of one queue message, including retries, and after which it no longer holds up later
   * ones.
   */
  readonly budget: { readonly write: number; readonly patience: number };
  readonly log: RelayLog;
}

/** The call that brought a body. */
interface Call {
  readonly policy: EventPolicy;
  readonly context: InvocationContext;
  readonly signal: AbortSignal;
}

/** Keeps a signed body: in the queue, as a dead letter, or, if a filter leaves it out, as a line in the log. */
export class EventKeeper {
  readonly #ports: EventKeeperPorts;
  readonly #groups: GroupCommit<EventLabel>;

  constructor(ports: EventKeeperPorts) {
    const { storage, budget } = ports;
    this.#ports = ports;
    this.#groups = new GroupCommit({
      write: (message) =>
        runWithinBudget(budget.write, (signal) => storage.enqueue(message, { delaySeconds: 0, signal })),
      whenSlow: (callBack) => {
        const timer = setTimeout(callBack, budget.patience);
        return () => clearTimeout(timer);
      },
    });
  }

  /** @throws the storage's error: nothing was kept, and Customer.io has to repeat the call */
  async keep(body: Uint8Array, call: Call): Promise<void> {
    const now = this.#ports.clock();
    let admission: Admission;
    try {
      admission = admit(body, call.policy, this.#ports.digestSecret);
    } catch (error) {
      // After a 503, it would be repeated for days.
      const reason = `The event's personal data could not be removed: ${describeError(error)}`;
      return this.#bury(body, call, { class: "poison", reason, now });
    }
    switch (admission.kind) {
      case "malformed":
        return this.#bury(body, call, { class: "malformed", reason: admission.reason, now });
      case "filtered":
        logOutcome(
          call.context,
          {
            outcome: "filtered",
            filtered: 1,
            rule: admission.rule,
            ...countTests([admission.id]),
            kinds: { [admission.eventKind]: 1 },
            ids: [admission.id],
          },
          this.#ports.log,
        );
        return;
      case "admitted":
        return this.#enqueue(admission, call, now.toISOString());
    }
  }

  async #bury(
    body: Uint8Array,
    { context, signal }: Call,
    why: { readonly class: "malformed" | "poison"; readonly reason: string; readonly now: Date },
  ): Promise<void> {
    const blob = deadBody(body, { ...why, receivedAt: why.now.toISOString() });
    // A repeated call overwrites its dead letter, and would be counted twice.
    const count = (await this.#ports.storage.putDeadLetter(blob, signal)) ? 1 : 0;
    logOutcome(context, { outcome: "dead", dead: count, setAside: count, reason: why.reason, deadLetter: blob.name });
  }

  async #enqueue(
    admission: Extract<Admission, { kind: "admitted" }>,
    { context, signal }: Call,
    receivedAt: string,
  ): Promise<void> {
    const { id, text, digest } = admission;
    const inline = newEvent({ id, receivedAt, body: text, digest });
    let queued: QueuedEvent = inline;
    if (!fitsInline(inline)) {
      const claim = blobName(inline);
      await this.#ports.storage.putClaim(claim, text, signal);
      queued = claimBody(inline, claim);
    }
    const { first, ids, labels } = await this.#groups.commit(queued, labelsOf(admission));
    if (first) {
      const accepted = ids.length;
      const counts = { ...countTests(ids), ...countLabels(labels) };
      logOutcome(context, { outcome: "accepted", accepted, ...counts, ids }, this.#ports.log);
    }
  }
}

/** How many of the events an operator's `customerio-aep verify` sent. They don't come from Customer.io. */
function countTests(ids: readonly string[]): { readonly tests?: number } {
  const { length: tests } = ids.filter((id) => id.startsWith(verificationPrefix));
  return tests > 0 ? { tests } : {};
}
