import type { Operation } from "pulumi-provider-kit";
import { isClosed, lookLasts, parseMarks } from "../../core/delivery/queue-marks.ts";
import { longestCall } from "../../core/delivery/time-limits.ts";
import type { AzureClient } from "../client/client.ts";
import { graceTime, queueIsGone, wordsOf } from "./refusal.ts";

/** Milliseconds after which no call that arrived while the intake was open can still reach the queue. */
const closingTime = lookLasts + longestCall + 500;
/**
 * Milliseconds for which the intake stays closed if nobody renews the mark: a killed run must not leave a working relay closed. After the
 * last delivery, the function app is deleted within seconds, so a quarter of an hour is enough. A relay that hands its notes over to its
 * successor gets no more calls, so a longer time does no harm there.
 */
export const closedFor = { whileDraining: 10 * 60_000, whileHandingOver: 60 * 60_000, onceDrained: 15 * 60_000 };

/** Opens an intake that an earlier run closed. */
export async function openIntakeAtStart({ client, signal }: Operation<AzureClient>, queueId: string): Promise<void> {
  const found = await client.readQueue(queueId, signal);
  if (found && parseMarks(found.metadata).intake === "open") return;
  const marked = found && (await client.markQueue(queueId, () => ({ intake: "open" }), signal));
  if (!marked) throw new Error(queueIsGone(queueId));
}

/** Closes the intake, and waits until every instance has noticed. Returns false if the queue does not exist. */
export async function closeIntake(operation: Operation<AzureClient>, queueId: string): Promise<boolean> {
  const { client, signal, progress } = operation;
  if ((await keepIntakeClosed(operation, queueId, closedFor.whileDraining)) === "gone") return false;
  if (!client.abandonQueue || !client.abandonDeadLetters) {
    progress("the relay accepts no more events; waiting until all of its instances know");
    await client.clock.sleep(closingTime, signal);
  }
  return true;
}

/** Closes the intake for some time from now. `lapsed`: it was open before. `gone`: the queue does not exist. */
export async function keepIntakeClosed(
  { client, signal }: Operation<AzureClient>,
  queueId: string,
  time: number,
): Promise<"kept" | "lapsed" | "gone"> {
  const until = (now: Date) => new Date(now.getTime() + time);
  const marked = await client.markQueue(queueId, (now) => ({ intake: { closedUntil: until(now) } }), signal);
  if (marked === undefined) return "gone";
  return isClosed(marked.before.intake, marked.now) ? "kept" : "lapsed";
}

/** Opens the intake again, since the relay is not deleted. */
export async function openIntake({ client, signal, warn }: Operation<AzureClient>, queueId: string): Promise<void> {
  const time = signal.aborted ? AbortSignal.timeout(graceTime) : signal;
  try {
    await client.markQueue(queueId, () => ({ intake: "open" }), time);
  } catch (error) {
    const minutes = closedFor.onceDrained / 60_000;
    warn(
      `The relay's intake could not be opened again; it opens by itself within ${minutes} minutes. ${wordsOf(error)}`,
    );
  }
}
