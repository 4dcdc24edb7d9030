import type { DocumentedEvent } from "pulumi-customerio/events";
import { blobFolder } from "../../relay/core/blob-name.ts";
import { readCreationTime } from "../../relay/core/event/event-time.ts";
import { signatureOf } from "../../relay/core/intake/verify.ts";
import { once } from "../../relay/core/once.ts";
import { operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";
import { judge } from "../../relay/core/policy/filter.ts";
import { signingKeySteps } from "../checks/calls.ts";
import { countQueue, explainHold } from "../checks/queue.ts";
import { describeAnswer } from "../checks/shared-answers.ts";
import { tryParseDeadLetter } from "../dead-letters/dead-letter-filter.ts";
import { countOf } from "../output/count-of.ts";
import { RelayStorageAccount } from "../relay/relay-storage.ts";
import { RelayTables } from "../relay/relay-tables.ts";
import type { StackSource } from "../stack/source.ts";
import { holdEndOf, policyOf, signingKeysOf } from "../stack/source-settings.ts";
import type { Stage } from "./follow.ts";
import { post } from "./post.ts";

/** Milliseconds that Customer.io waits for an answer. */
const customerIoTimeout = 4_000;

/** Posts the event to the relay, signed with the stack's key, as Customer.io would. */
export function relayStage(source: StackSource, event: DocumentedEvent): Stage {
  const { rule } = judge({ ...event }, policyOf(source).filters);
  return {
    part: "relay",
    async look() {
      const [key] = signingKeysOf(source);
      if (key === undefined) {
        return {
          verdict: "broken",
          runbook: "alert-refused",
          found: "The stack has no signing key yet, so the test event can't be signed.",
          todo: signingKeySteps(source.target),
        };
      }
      const body = Buffer.from(JSON.stringify(event));
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = signatureOf(key, { timestamp, body }).toString("hex");
      const headers = { "x-cio-timestamp": timestamp, "x-cio-signature": signature };
      const { status, text, milliseconds } = await post(source.relayUrl, body, headers);
      if (status === undefined || status < 200 || status > 299) {
        return {
          verdict: "broken",
          runbook: "alert-unavailable",
          found: `It ${describeAnswer({ status, text })}.`,
          todo: remedyOf(status, source),
        };
      }
      const slow = milliseconds > customerIoTimeout ? ", longer than Customer.io waits" : "";
      const took = `It accepted the event in ${milliseconds} ms${slow}, signed with the stack's key`;
      if (rule === undefined) return { verdict: "fine", found: `${took}.` };
      const why = rule === "verify" ? "as requested" : `as the stack's filters say (${rule})`;
      return { verdict: "fine", found: `${took}, and left it out ${why}. Nothing goes to Platform.`, end: true };
    },
  };
}

function remedyOf(status: number | undefined, { relayUrl, relayHostName, target }: StackSource): string {
  if (status === 401) {
    return `The relay's signing keys are not those in the stack's settings. Deploy them: ${pulumiCommand("up", target)}`;
  }
  const look = operatorCommand("status", target);
  if (new URL(relayUrl).host === relayHostName) return look;
  return `${look} asks the relay itself. If it is healthy, check what forwards ${relayUrl} on to https://${relayHostName}/customerio`;
}

/**
 * Waits until Platform has answered 2xx to the relay; ends with the reason if the event is a dead letter.
 *
 * @param sentAt the event's time, to the second
 */
export function deliveryStage(source: StackSource, id: string, sentAt: Date): Stage {
  const createdAt = readCreationTime(id, Math.floor(sentAt.getTime() / 1000));
  const opened = once(async () => ({
    storage: await RelayStorageAccount.open(source),
    tables: await RelayTables.open(source),
  }));
  return {
    part: "delivery",
    async look() {
      const { storage, tables } = await opened();
      const delivered = await tables.wasDelivered({ id, createdAt });
      if (delivered) return { verdict: "fine", found: "Platform's inlet has accepted it." };
      const reason = await findDeadLetterReason(storage, id, sentAt);
      if (reason !== undefined) {
        return {
          verdict: "broken",
          runbook: "alert-dead-letters",
          found: `It is a dead letter: ${reason}`,
          todo: `Fix the cause, then: ${operatorCommand("replay --object-type verify", source.target)}`,
        };
      }
      const [waiting, length] = await Promise.all([storage.peekEvents(), countQueue(source)]);
      if (delivered === undefined && length?.events === 0) {
        return {
          verdict: "fine",
          found:
            "The queue is empty, and it is not a dead letter. (The relay does not remember deliveries; see duplicateWindowDays.)",
        };
      }
      const event = waiting.find((candidate) => candidate.id === id);
      const tried = event?.lastError === undefined ? "" : `; the last attempt: ${event.lastError}`;
      const inQueue =
        length === undefined
          ? "the queue can't be counted"
          : `the queue holds about ${countOf(length.events, "message")}`;
      const held = holdEndOf(source, new Date());
      const why = held === undefined ? "" : ` ${explainHold(held)}`;
      return { verdict: "waiting", found: `It is not delivered yet; ${inQueue}${tried}.${why}` };
    },
  };
}

/** Dead letters are named after the day of receipt, which may be the day after the event was created. */
async function findDeadLetterReason(
  storage: RelayStorageAccount,
  id: string,
  receivedAt: Date,
): Promise<string | undefined> {
  const days = [0, 1].map((more) => new Date(receivedAt.getTime() + more * 24 * 60 * 60 * 1000));
  for (const day of days) {
    const prefix = `${blobFolder(day.toISOString())}/${id}-`;
    const [entry] = await storage.listDeadLetters(prefix);
    const read = entry && (await storage.readDeadLetter(entry.name));
    if (read) return tryParseDeadLetter(read.content)?.reason ?? "of an unknown version";
  }
  return undefined;
}
