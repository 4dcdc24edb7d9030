import type { Operation } from "pulumi-provider-kit";

/** The environment variable that gives up the events in a relay's queues. */
export const abandonQueue = "RELAY_ABANDON_QUEUE=true";

/** Milliseconds for calls that resume the relay after the operation was stopped. */
export const graceTime = 15_000;

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The operation's stack, for commands in messages. */
export function stackNameOf({ urn }: Pick<Operation<unknown>, "urn">): string {
  return urn.split(":")[2] ?? "";
}

/** The message about why the relay is not deleted, its state, and the remedies. */
export function refusal(operation: Pick<Operation<unknown>, "urn">, reason: string): string {
  return (
    `The relay is not taken down, ${reason}. The relay still works as before, but Customer.io's webhook may already be deleted, or point elsewhere. ` +
    "To continue, run the same command again later. To keep the relay instead, run " +
    `\`npx pulumi up --stack ${stackNameOf(operation)}\` with its previous settings, which points the webhook at it again.`
  );
}

/** The same message before anything was changed or deleted. The caller adds the remedy. */
export function earlyRefusal(reason: string): string {
  return `The relay is not taken down, ${reason}. Nothing has been deleted: the relay still works, and Customer.io's webhook still posts to it.`;
}

/** For resources that the program declares and `up` adopts: an import has nothing to read them from. */
export function importRefusal(type: string): Error {
  return new Error(`A ${type} can't be imported. Declare it in the program and run: npx pulumi up`);
}

/** The message about a queue of the relay that was deleted by hand, with the command that recreates it. */
export function queueIsGone(queueId: string): string {
  return `Azure no longer has the queue "${queueId.split("/").at(-1)}". To recreate it, run: npx pulumi up --refresh`;
}
