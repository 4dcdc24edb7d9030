import type { Operation } from "pulumi-provider-kit";
import { operatorCommand, pulumiCommand } from "../../core/operator-command.ts";
import type { AzureClient } from "../client/client.ts";
import { type Look, type Pace, patiently } from "../client/patience.ts";
import { refusal, stackNameOf } from "./refusal.ts";
import { askHealth } from "./relay-health.ts";

/** A relay that was idle starts first, and one answer of its health check counts for five seconds. */
const pace: Pace = { pauses: [2_000, 5_000], limit: 60_000 };

type DeadLetterOperation = Pick<Operation<AzureClient>, "client" | "signal" | "progress" | "warn" | "urn">;

interface DeadLetters {
  readonly count: number;
  /** Whether there are others, which were not counted. */
  readonly more: boolean;
}

/** @throws if there are dead letters, or if they can't be counted within a minute */
export async function refuseDeadLetters(operation: DeadLetterOperation, healthUrl: string | undefined): Promise<void> {
  if (healthUrl === undefined) return warnOfNoAddress(operation);
  const counted = await patiently(operation, pace, () => count(operation, healthUrl));
  if ("done" in counted && counted.done.count === 0) return;
  const stack = stackNameOf(operation);
  const ways =
    `To deliver them, fix their reason, run \`${operatorCommand("replay", { stack })}\`, and then the same command again. To keep a ` +
    `copy, run \`${operatorCommand("export --folder <folder>", { stack })}\`. To lose them for good, put ` +
    "RELAY_ABANDON_DEAD_LETTERS=true before the command.";
  if ("done" in counted) {
    const what = counted.done.count === 1 ? "is 1 dead letter" : `are ${numberOf(counted.done)} dead letters`;
    const reason = `since there ${what}: events that Platform refused or that could not be delivered, which would go with its storage account`;
    throw new Error(`${refusal(operation, reason)} ${ways}`);
  }
  throw new Error(
    `${refusal(operation, `since its dead letters could not be counted ${counted.gaveUp}`)} A relay of an earlier version can't count ` +
      `them: update it first with \`${pulumiCommand("up", { stack })}\`. To see them, run ` +
      `\`${operatorCommand("replay --dry-run", { stack })}\`. ${ways}`,
  );
}

/** Says how many dead letters are lost, where anybody can tell. */
export async function giveUpDeadLetters(operation: DeadLetterOperation, healthUrl: string | undefined): Promise<void> {
  if (healthUrl === undefined) return warnOfNoAddress(operation);
  const counted = await count(operation, healthUrl);
  if ("done" in counted && counted.done.count === 0) return;
  const number = "done" in counted ? numberOf(counted.done) : "not counted";
  operation.warn(`gives up the dead letters (${number}), as RELAY_ABANDON_DEAD_LETTERS asks`);
}

async function count({ client, signal }: DeadLetterOperation, healthUrl: string): Promise<Look<DeadLetters>> {
  const said = await askHealth(client, healthUrl, signal);
  if ("failure" in said) return { notYet: said.failure, detail: said.detail };
  return said.deadLetters ? { done: said.deadLetters } : { notYet: `${healthUrl} does not say how many there are` };
}

function numberOf({ count: number, more }: DeadLetters): string {
  return more ? `more than ${number}` : String(number);
}

function warnOfNoAddress({ warn }: DeadLetterOperation): void {
  warn("does not look for dead letters, since it was made by a version that did not know the relay's address");
}
