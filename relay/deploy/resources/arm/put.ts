import type { Operation } from "pulumi-provider-kit";
import type { AzureClient } from "../../client/client.ts";
import { type LookPace, lookPatiently } from "../../client/patience.ts";

/** Azure answers 409 while something else is written in the same account, as by a provider whose engine was killed. */
const busyPace: LookPace = { pauses: [1_000, 2_000, 5_000], limit: 2 * 60_000 };

/** Makes or updates a resource, and answers it as Azure has it then. */
export async function put(
  operation: Pick<Operation<AzureClient>, "client" | "signal" | "progress">,
  id: string,
  { apiVersion: version, body }: { apiVersion: string; body: Record<string, unknown> },
): Promise<Record<string, unknown>> {
  const { client, signal } = operation;
  const made = await lookPatiently(operation, busyPace, () => client.armPut(id, version, body, signal));
  if ("done" in made) return made.done;
  throw new Error(`Azure did not take ${id} ${made.gaveUp}`);
}
