import type { Vendor } from "./descriptions.ts";
import { type RunningProxy, startProxy } from "./proxy.ts";
import type { Exchange } from "./validator.ts";

/** Stands between a provider and a stand-in, and neither knows of it: passes each call on and keeps a copy of it. */
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
