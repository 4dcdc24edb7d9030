import type { Vendor } from "./descriptions.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";
import type { Exchange } from "./validator.ts";

/** A transparent proxy between a provider and a stand-in that records each call. */
export interface RecordingProxy extends RunningProxy {
  /** The calls so far, in the order of their answers; without those of the stand-in's own admin routes. */
  readonly exchanges: readonly Exchange[];
}

export async function startRecordingProxy(vendor: Vendor, target: string): Promise<RecordingProxy> {
  const exchanges: Exchange[] = [];
  const proxy = await startProxy(target, async (request, forward) => {
    const answer = await forward(request);
    if (!request.url.startsWith("/__local/")) exchanges.push({ vendor, request, answer });
    return answer;
  });
  return { ...proxy, exchanges };
}
