import type { Operation } from "pulumi-provider-kit";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AzureClient } from "../../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../../client/patience.ts";
import { putResource } from "./put.ts";

type Call = Pick<Operation<AzureClient>, "client" | "signal" | "progress">;

const state = z.object({ properties: z.object({ provisioningState: z.string().optional() }) });

const pace: CheckPace = { pauses: [1_000, 2_000, 5_000], limit: 15 * 60_000 };

/**
 * Whether a resource belongs to Azure's network provider, which answers before it has finished, and until then refuses resources that
 * depend on this one.
 */
export function isOfNetwork(id: string): boolean {
  return /\/providers\/Microsoft\.Network\//i.test(id);
}

/** Most writes of a resource that Azure then fails to create, and the milliseconds between two. */
const failures = { mostWrites: 4, pause: 15_000 };

/**
 * Creates or updates a resource, and waits until Azure has finished if it is one of the network provider.
 *
 * Azure may fail to create a private endpoint because something else changes its storage account or network meanwhile
 * (Azure/bicep-registry-modules#6001, terraform-provider-azurerm#21293). The resource then says `Failed` without a reason, and another write
 * helps.
 *
 * @throws if Azure still reports a failure, or takes more than 15 minutes
 */
export async function putAndWait(
  call: Call,
  id: string,
  { apiVersion, body }: { apiVersion: string; body: Record<string, unknown> },
): Promise<void> {
  if (!isOfNetwork(id)) {
    await putResource(call, id, { apiVersion, body });
    return;
  }
  const name = id.split("/").slice(-2).join("/");
  for (let writes = 1; ; writes++) {
    // The answer may say `Failed` already; so does the resource, which `settle` reads.
    await call.client.armPut(id, apiVersion, body, call.signal);
    const settled = await settle(call, id, { apiVersion, name });
    if ("done" in settled && settled.done === "Succeeded") return;
    if ("gaveUp" in settled || writes === failures.mostWrites || call.signal.aborted) {
      const outcome = "done" in settled ? `says ${settled.done}` : `is not done ${settled.gaveUp}`;
      throw new Error(`Azure ${outcome} of ${id}. See its activity log in the portal, then run: npx pulumi up`);
    }
    call.progress(`Azure could not create ${name}; trying again`);
    await call.client.clock.sleep(failures.pause, call.signal);
  }
}

function settle(call: Call, id: string, { apiVersion, name }: { apiVersion: string; name: string }) {
  return checkPatiently(call, pace, async (): Promise<Check<string>> => {
    const found = await call.client.armGet(id, apiVersion, call.signal);
    const now = state.safeParse(found).data?.properties.provisioningState ?? (found ? "Succeeded" : "Accepted");
    return ["Succeeded", "Failed", "Canceled"].includes(now)
      ? { done: now }
      : { notYet: `waiting for Azure to create ${name}` };
  });
}

/**
 * Deletes a resource of the network provider and waits until it is gone. Azure frees a function app's subnet some minutes after the app's
 * deletion, and refuses to delete the subnet until then.
 */
export async function deleteSlowly(call: Call, id: string, apiVersion: string): Promise<void> {
  const name = id.split("/").slice(-2).join("/");
  const gone = await checkPatiently(call, pace, async (): Promise<Check<true>> => {
    try {
      await call.client.armDelete(id, apiVersion, call.signal);
    } catch (error) {
      if (!(error instanceof VendorError && error.code === "InUseSubnetCannotBeDeleted")) throw error;
      return { notYet: `waiting for Azure to free ${name}`, detail: error.message };
    }
    const found = await call.client.armGet(id, apiVersion, call.signal);
    return found === undefined ? { done: true } : { notYet: `waiting for Azure to delete ${name}` };
  });
  if ("gaveUp" in gone) {
    throw new Error(`Azure has not deleted ${id} ${gone.gaveUp}. To try again, run the command again`);
  }
}
