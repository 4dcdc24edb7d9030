import { hex, uuid } from "../web/identifiers.ts";
import { standardResources } from "../xdm/standard-resources.ts";
import type { Sandbox } from "./model.ts";

/** A sandbox with only the global XDM resources. */
export function newSandbox(name: string, now: number): Sandbox {
  return {
    name,
    id: uuid(),
    type: name === "prod" ? "production" : "development",
    created: now,
    resources: new Map(
      standardResources.map(({ kind, id, body }) => [
        id,
        { kind, id, body, container: "global", minor: 0, created: now, modified: now, eTag: hex(64) },
      ]),
    ),
    registryRevision: 0,
    descriptors: new Map(),
    datasets: new Map(),
    mappingSets: new Map(),
    connections: { connections: new Map(), sourceConnections: new Map(), targetConnections: new Map() },
    flows: new Map(),
    runs: new Map(),
    uploadedBatches: new Map(),
  };
}
