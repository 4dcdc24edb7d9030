import type { Operation } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../../client/patience.ts";

/** Most resources exist at once; an Event Grid subscription takes seconds, or minutes according to Microsoft's samples. */
const creationPace: CheckPace = { pauses: [1_000, 2_000, 5_000], limit: 10 * 60_000 };

const state = z.object({ properties: z.object({ provisioningState: z.string() }) });

/**
 * Creates or updates a resource, waits while Azure is creating it, and returns the resource.
 *
 * @throws if Azure reports a failure
 */
export async function putResource(
  operation: Pick<Operation<AzureClient>, "client" | "signal" | "progress">,
  id: string,
  { apiVersion: version, body }: { apiVersion: string; body: Record<string, unknown> },
): Promise<Record<string, unknown>> {
  const { client, signal } = operation;
  let latest = await client.armPut(id, version, body, signal);
  const created = await checkPatiently(operation, creationPace, async (): Promise<Check<Record<string, unknown>>> => {
    const is = state.safeParse(latest).data?.properties.provisioningState.toLowerCase();
    if (is === "failed" || is === "canceled") {
      throw new Error(`Azure could not create ${id}: its state is ${is}. To try again, run: npx pulumi up`);
    }
    if (is !== "creating") return { done: latest };
    latest = (await client.armGet(id, version, signal)) ?? latest;
    return { notYet: `waiting for Azure to create ${id.split("/").slice(-2).join(" ")}` };
  });
  if ("done" in created) return created.done;
  throw new Error(`Azure has not created ${id} ${created.gaveUp}. To continue, run: npx pulumi up`);
}
