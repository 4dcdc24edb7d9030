import type { Operation } from "pulumi-provider-kit";
import type { AepClient } from "../../client/client.ts";
import { readStoredData } from "./stored-data.ts";

const keepIt = "set its input keep (npx pulumi config set --path dataset.keep true) and run npx pulumi up";
const forceIt =
  "set its input forceDestroy (npx pulumi config set --path dataset.forceDestroy true) and run npx pulumi up";

/** How to continue after a command that deletes a dataset was refused. */
export const afterwards: readonly string[] = [
  `To keep it in Platform, ${keepIt}; then repeat the command.`,
  `To delete it with all its data, ${forceIt}; then repeat the command.`,
];

/** How to continue after a change of the program or its settings that would delete a dataset was refused. */
export const insteadOfChange: readonly string[] = [
  `To keep it in Platform and no longer use it, first undo the change, ${keepIt}; then make the change again.`,
  `To delete it with all its data, first undo the change, ${forceIt}; then make the change again.`,
];

/**
 * @param dataset `name` is used if Platform does not answer
 * @param because.refused what was refused, as a sentence without its full stop
 * @param because.ways what to do now, each a sentence with its command
 * @returns whether the dataset exists
 * @throws Error if the dataset holds data, or if this can't be determined
 */
export async function requireEmpty(
  {
    client,
    signal,
    warn,
  }: Pick<Operation<AepClient>, "client" | "signal"> & Partial<Pick<Operation<AepClient>, "warn">>,
  { id, name }: { readonly id: string; readonly name?: string },
  { refused, ways }: { readonly refused: string; readonly ways: readonly string[] },
): Promise<boolean> {
  const stored = await readStoredData(client, id, signal, warn).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `The dataset ${name === undefined ? id : `"${name}" (${id})`} may hold data, but this could not be checked. ${refused}. ${reason} ` +
        "Once Platform answers, run the command again.",
    );
  });
  if (typeof stored !== "object") return stored !== "gone";
  const list = ways.map((way) => `\n  - ${way}`).join("");
  throw new Error(
    `The dataset "${stored.name}" (${id}) holds data: ${stored.what}. ${refused}, since Platform can't restore deleted data.${list}`,
  );
}
