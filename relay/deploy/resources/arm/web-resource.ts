import type { Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { webApiVersion as apiVersion } from "../../api-versions.ts";
import type { AzureClient } from "../../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../../client/patience.ts";
import { putResource } from "./put.ts";

const readyPace: CheckPace = { pauses: [1_000, 2_000, 5_000], limit: 10 * 60_000 };

export const resourceGroupId = z
  .string()
  .regex(/^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+$/i, "it must be the id of a resource group")
  .meta({ description: "Azure Resource Manager id of the resource group (`ResourceGroup.id`).", replaces: true });

/** A PUT: id and body, the resource's name in messages, and the outputs from its answer once Azure has finished. */
interface Wanted<Outputs> {
  readonly id: string;
  readonly body: Record<string, unknown>;
  readonly what: string;
  /** Undefined until Azure has finished. */
  readonly outputsIn: (answer: unknown) => Outputs | undefined;
}

/**
 * Creates or updates a resource of `Microsoft.Web` by one PUT, and waits until Azure has finished.
 *
 * @throws if Azure takes more than ten minutes
 */
export async function putUntilCreated<Outputs>(
  operation: Operation<AzureClient>,
  { id, body, what, outputsIn }: Wanted<Outputs>,
): Promise<Outputs> {
  const { client, signal } = operation;
  let made = outputsIn(await putResource(operation, id, { apiVersion, body }));
  const ready = await checkPatiently(operation, readyPace, async (): Promise<Check<Outputs>> => {
    made ??= outputsIn(await client.armGet(id, apiVersion, signal));
    return made === undefined ? { notYet: `waiting for Azure to create ${what}` } : { done: made };
  });
  if ("done" in ready) return ready.done;
  throw new Error(`Azure has not created ${what} (${id}) ${ready.gaveUp}. To continue, run: npx pulumi up`);
}
