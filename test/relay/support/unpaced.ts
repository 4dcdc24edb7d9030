import { retryAfterSeconds } from "pulumi-provider-kit/http";
import type { Sender } from "../../../relay/azure/delivery/paced-client.ts";
import type { PlatformClient } from "../../../relay/azure/delivery/platform-client.ts";
import { verdictOf } from "../../../relay/core/delivery/delivery.ts";

/** Sends without a rate limit, to a Platform that accepts other events. */
export function withoutPace(client: Pick<PlatformClient, "send">, clock = () => new Date()): Sender {
  const send = async (body: string) => {
    const answer = await client.send(body);
    if ("why" in answer) return { milliseconds: answer.seconds * 1000, ...answer };
    if (!("status" in answer)) return { answer, verdict: "retry" as const, retryAfter: undefined };
    return { answer, verdict: verdictOf(answer), retryAfter: retryAfterSeconds(answer.retryAfter, clock()) };
  };
  return {
    pause: () => undefined,
    isAway: false,
    forgivenFailures: 0,
    millisecondsToProbe: () => 0,
    newRank: () => 0,
    turn: async () => ({ send }),
  };
}
