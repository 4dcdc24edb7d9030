import type { Operation } from "pulumi-provider-kit";
import { operatorCommand, pulumiCommand } from "../../core/operator-command.ts";
import type { AzureClient } from "../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../client/patience.ts";
import { stackNameOf } from "./refusal.ts";
import { ageOf, askHealth, millisecondsToNextCheck } from "./relay-health.ts";

/** An idle relay has to start first. */
const pace: CheckPace = { pauses: [2_000, 5_000], limit: 60_000 };

type DeadLetterOperation = Pick<Operation<AzureClient>, "client" | "signal" | "progress" | "warn" | "urn">;

/** The relay to ask. */
interface Relay {
  /** Undefined in states of versions that did not record the address. */
  readonly healthUrl: string | undefined;
  /** Whether its intake was closed; earlier counts are then outdated. */
  readonly isClosed: boolean;
  /** Since when its queues have been empty (`clock.monotonic()`): an event that left them before may have become a dead letter just then. */
  readonly emptySince?: number | undefined;
}

interface DeadLetters {
  readonly count: number;
  /** Whether there are further dead letters that were not counted. */
  readonly more: boolean;
}

/**
 * @param refused turns the reason into an error message
 * @throws if there are dead letters, or if they can't be counted within a minute
 */
export async function refuseDeadLetters(
  operation: DeadLetterOperation,
  relay: Relay,
  refused: (reason: string) => string,
): Promise<void> {
  const counted = await count(operation, relay);
  if ("gaveUp" in counted) {
    const stack = stackNameOf(operation);
    throw new Error(
      `${refused(`since its dead letters could not be counted ${counted.gaveUp}`)} A relay of an earlier version can't count ` +
        `them: update it first with \`${pulumiCommand("up", { stack })}\`. To see them, run ` +
        `\`${operatorCommand("replay --dry-run", { stack })}\`. ${remedies(operation)}`,
    );
  }
  if (counted.done.count > 0) throw new Error(`${refused(reasonOf(counted.done))} ${remedies(operation)}`);
}

/**
 * The same check before a change that would replace or delete a relay. If the relay does not answer, the change continues with a warning:
 * it may replace a broken relay, and the deletion at its end needs the count anyway.
 *
 * @param isSure whether the change certainly removes the relay; if not, dead letters only cause a warning
 */
export async function permitChange(
  operation: DeadLetterOperation,
  { healthUrl, isSure }: { readonly healthUrl: string | undefined; readonly isSure: boolean },
  refused: (reason: string) => string,
): Promise<void> {
  const counted = await count(operation, { healthUrl, isClosed: false });
  if ("gaveUp" in counted) {
    operation.warn(
      `The relay's dead letters could not be counted ${counted.gaveUp}. If there are any, the change won't delete the relay at its end.`,
    );
  } else if (counted.done.count > 0) {
    const message = `${refused(reasonOf(counted.done))} ${remedies(operation)}`;
    if (isSure) throw new Error(message);
    operation.warn(`If this change replaces the relay, it will fail: ${message}`);
  }
}

/** Reports how many dead letters are lost, if known. */
export async function giveUpDeadLetters(operation: DeadLetterOperation, healthUrl: string | undefined): Promise<void> {
  const said = healthUrl === undefined ? undefined : await askHealth(operation.client, healthUrl, operation.signal);
  const dead = said && "deadLetters" in said ? said.deadLetters : undefined;
  if (dead?.count === 0) return;
  const number = dead ? numberOf(dead) : "not counted";
  operation.warn(`gives up the dead letters (${number}), as RELAY_ABANDON_DEAD_LETTERS asks`);
}

async function count(
  operation: DeadLetterOperation,
  { healthUrl, isClosed, emptySince }: Relay,
): Promise<{ done: DeadLetters } | { gaveUp: string }> {
  if (healthUrl === undefined) return { gaveUp: "(this stack does not know the relay's address yet)" };
  // The health may be cached for other callers.
  const since = emptySince ?? (isClosed ? Number.NEGATIVE_INFINITY : operation.client.clock.monotonic());
  return checkPatiently(operation, pace, () => look(operation, { healthUrl, isClosed, since }));
}

/** @param since when a count must have begun at the earliest (`clock.monotonic()`) */
async function look(
  { client, signal }: DeadLetterOperation,
  { healthUrl, isClosed, since }: { readonly healthUrl: string; readonly isClosed: boolean; readonly since: number },
): Promise<Check<DeadLetters>> {
  const asked = client.clock.monotonic();
  const said = await askHealth(client, healthUrl, signal);
  if ("failure" in said) return { notYet: said.failure, detail: said.detail };
  if (!said.deadLetters) return { notYet: `${healthUrl} does not say how many there are` };
  const isCurrent = asked - ageOf(said) >= since && (!isClosed || said.intake === "closed");
  if (isCurrent) return { done: said.deadLetters };
  return { notYet: "waiting until the relay counts its dead letters again", pause: millisecondsToNextCheck(said) };
}

function reasonOf(dead: DeadLetters): string {
  const what = dead.count === 1 ? "is 1 dead letter" : `are ${numberOf(dead)} dead letters`;
  return `since there ${what}: events that Platform refused or that could not be delivered, which would be deleted with its storage account`;
}

function remedies(operation: DeadLetterOperation): string {
  const stack = stackNameOf(operation);
  return (
    `To deliver them, fix the cause, run \`${operatorCommand("replay", { stack })}\`, and then the same command again. To keep a ` +
    `copy, run \`${operatorCommand("export --folder <folder>", { stack })}\`. To lose them for good, put ` +
    "RELAY_ABANDON_DEAD_LETTERS=true before the command."
  );
}

function numberOf({ count: number, more }: DeadLetters): string {
  return more ? `more than ${number}` : String(number);
}
