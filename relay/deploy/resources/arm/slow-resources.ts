import type { Operation } from "pulumi-provider-kit";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import type { AzureClient } from "../../client/client.ts";
import { type Check, type CheckPace, checkPatiently } from "../../client/patience.ts";

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

/**
 * Waits until Azure has created a resource of the network provider; does not wait for others.
 *
 * @throws if Azure reports a failure, or takes more than 15 minutes
 */
export async function waitUntilCreated(call: Call, id: string, apiVersion: string): Promise<void> {
  if (!isOfNetwork(id)) return;
  const name = id.split("/").slice(-2).join("/");
  const settled = await checkPatiently(call, pace, async (): Promise<Check<string>> => {
    const found = await call.client.armGet(id, apiVersion, call.signal);
    const now = state.safeParse(found).data?.properties.provisioningState ?? (found ? "Succeeded" : "Accepted");
    return ["Succeeded", "Failed", "Canceled"].includes(now)
      ? { done: now }
      : { notYet: `waiting for Azure to create ${name}` };
  });
  if ("done" in settled && settled.done === "Succeeded") return;
  const outcome = "done" in settled ? `says ${settled.done}` : `is not done ${settled.gaveUp}`;
  throw new Error(`Azure ${outcome} of ${id}. See its activity log in the portal, then run: npx pulumi up`);
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
