import { VendorError } from "pulumi-provider-kit/http";
import type { AepClient } from "../client/client.ts";
import { CredentialRefused } from "../client/ims.ts";
import { requireEmpty } from "./catalog/data-loss.ts";
import { listOfStack } from "./catalog/marked-datasets.ts";
import { stackOf } from "./mark.ts";

/**
 * A changed sandbox or organization would replace all that a stack has made, its datasets too. Refused here, before the engine
 * has noted the change, whatever the datasets' settings: once it is noted, taking it back replaces everything again.
 *
 * @throws Error if a dataset of the stack in the former sandbox holds data, or if that can't be found out
 */
export async function permitMove(former: readonly AepClient[], urn: string, signal: AbortSignal): Promise<void> {
  const refused = "Another sandbox or organization would replace it, so nothing was begun";
  for (const client of former) {
    const found = await listDatasetsIn(client, stackOf(urn), signal);
    for (const dataset of found ?? [])
      await requireEmpty({ client, signal }, dataset, { refused, ways: waysFrom(client) });
    if (found) return;
  }
}

function waysFrom({ sandbox, orgId }: AepClient): string[] {
  return [
    "To feed another sandbox or organization beside this one, make a stack for it: npx pulumi stack init <name>",
    "To move, take the change back, take this stack down (npx pulumi destroy, which says how to keep the dataset or to " +
      "delete its data), then make the change again and run npx pulumi up.",
    `To go on as it is, take the change back: npx pulumi config set aep:sandbox ${sandbox} && ` +
      `npx pulumi config set aep:orgId ${orgId}`,
  ];
}

/**
 * The stack's datasets. Undefined where Platform does not let the former settings in: they may never have been right. Should
 * they have been right once, each deletion is refused later on, since nobody can look.
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
