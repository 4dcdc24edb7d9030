import type { Sender } from "../../../relay/azure/paced-client.ts";
import type { PlatformClient } from "../../../relay/azure/platform-client.ts";
import { verdictOf } from "../../../relay/core/delivery.ts";

/** Sends whenever it is asked to, to a Platform that takes other events. */
export function unpaced(client: Pick<PlatformClient, "send">): Sender {
  const send = async (body: string) => {
    const answer = await client.send(body);
    return { answer, verdict: "status" in answer ? verdictOf(answer) : ("retry" as const) };
  };
  return { pause: () => undefined, isAway: false, millisecondsToProbe: () => 0, turn: async () => ({ send }) };
}
