import { PulumiStack } from "./pulumi-stack.ts";
import type { StackSource } from "./source.ts";

/** Reads a source again, after its stack may have changed. */
export async function rereadSource(source: StackSource): Promise<StackSource> {
  const { stack, folder, configFile } = source.target;
  const read = await PulumiStack.read({ stack, folder, configFile, secrets: true });
  const [found] = read.choose(read.sources.length > 1 ? source.name : undefined);
  if (found === undefined) throw new Error(`The stack ${read.name} no longer has the source ${source.name}.`);
  return found;
}
