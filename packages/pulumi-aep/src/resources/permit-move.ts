import { VendorError } from "pulumi-provider-kit/http";
import type { AepClient } from "../client/client.ts";
import { CredentialRefused } from "../client/ims.ts";
import { requireEmpty } from "./catalog/data-loss.ts";
import { listOfStack } from "./catalog/marked-datasets.ts";
import { stackOf } from "./mark.ts";

/**
 * A changed sandbox or organization would replace everything that a stack created, including its datasets. Refuses that before the
 * engine records the change, whatever the datasets' settings: once it is recorded, undoing it replaces everything again.
 *
 * @throws Error if a dataset of the stack in the former sandbox holds data, or if this can't be determined
 */
export async function permitMove(former: readonly AepClient[], urn: string, signal: AbortSignal): Promise<void> {
  const refused = "Another sandbox or organization would replace it, so nothing was changed";
  for (const client of former) {
    const found = await listDatasetsIn(client, stackOf(urn), signal);
    for (const dataset of found ?? []) {
      await requireEmpty({ client, signal }, dataset, { refused, ways: waysFrom(client) });
    }
    if (found) return;
  }
}

function waysFrom({ sandbox, orgId }: AepClient): string[] {
  return [
    "To use another sandbox or organization as well, create a stack for it: npx pulumi stack init <name>",
    "To move, undo the change, take this stack down (npx pulumi destroy says how to keep the dataset or to " +
      "delete its data), then make the change again and run npx pulumi up.",
    `To continue without the change, undo it: npx pulumi config set aep:sandbox ${sandbox} && ` +
      `npx pulumi config set aep:orgId ${orgId}`,
  ];
}

/**
 * The stack's datasets. Undefined if Platform refuses the former settings: they may never have been valid. If they once
 * were, each deletion is refused later, since the datasets can't be checked.
 */
async function listDatasetsIn(client: AepClient, stack: string, signal: AbortSignal) {
  try {
    return await listOfStack(client, stack, signal);
  } catch (error) {
    const isShut = error instanceof VendorError && [400, 401, 403, 404].includes(error.status ?? 0);
    if (isShut || error instanceof CredentialRefused) return undefined;
    throw error;
  }
}
