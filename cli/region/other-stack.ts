import { UsageError } from "../command/usage-error.ts";
import { PulumiStack } from "../stack/pulumi-stack.ts";
import type { StackSource } from "../stack/source.ts";

/**
 * The source in another stack of the same program that replaces this one: the one of the same name, or its only one. It is this very
 * source if the name is that of its own stack.
 *
 * @param name of the stack, as `--to` gives it
 * @throws UsageError if the stack has no such source, or if that has no relay
 */
export async function readCounterpart(source: StackSource, name: string): Promise<StackSource> {
  const { stack: own, folder } = source.target;
  if (name === own) return source;
  const stack = await PulumiStack.read({ stack: name, folder, secrets: true });
  const [only, ...others] = stack.sources;
  const found = stack.sources.find((one) => one.name === source.name) ?? (others.length === 0 ? only : undefined);
  if (found === undefined) {
    const names = stack.sources.map((one) => one.name).join(", ");
    throw new UsageError(`--to is invalid: the stack ${name} has no source ${source.name}, but: ${names}`);
  }
  if (!found.hasRelay) {
    throw new UsageError(`--to is invalid: the source ${found.name} of the stack ${name} has no relay`);
  }
  return isSameRelay(source, found) ? source : found;
}

/** A stack has several names, such as `prod`, `org/prod` and `org/project/prod`; the account of its events has one id. */
function isSameRelay(one: StackSource, other: StackSource): boolean {
  return one.hasStorage && one.storageAccount.id.toLowerCase() === other.storageAccount.id.toLowerCase();
}

/** A warning if the other stack fills another dataset; undefined if it fills the same one. */
export function explainOtherDataset(from: StackSource, to: StackSource): string | undefined {
  if (from.datasetId === to.datasetId) return undefined;
  return (
    `The stack ${to.target.stack} has a different dataset: rows go to ${to.datasetId}, and not to ${from.datasetId}. ` +
    "To use one dataset for both, set its dataset.existing."
  );
}
