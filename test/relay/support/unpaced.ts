import type { Sender } from "../../../relay/azure/paced-client.ts";
import type { PlatformClient } from "../../../relay/azure/platform-client.ts";

/** Sends whenever it is asked to. */
export function unpaced(client: Pick<PlatformClient, "send">): Sender {
  return { pause: () => undefined, send: (body) => client.send(body) };
}
