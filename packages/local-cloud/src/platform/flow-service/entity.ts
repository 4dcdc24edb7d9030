import type { Connection, Sandbox } from "../state/model.ts";
import type { PlatformState } from "../state/state.ts";
import type { JsonObject } from "../web/json.ts";

/** The attributes that every entity of Flow Service has. */
export function entityAttributes(state: PlatformState, sandbox: Sandbox, entity: Connection): JsonObject {
  return {
    id: entity.id,
    createdAt: entity.createdAt,
    updatedAt: entity.updatedAt,
    ...originAttributes(state, sandbox),
    version: entity.etag,
    etag: entity.etag,
    providerRefId: entity.providerRefId,
  };
}

/** Who made an entity or a run of a flow, and where. */
export function originAttributes(state: PlatformState, sandbox: Sandbox): JsonObject {
  const { clientId, orgId } = state.options.credentials;
  return {
    createdBy: clientId,
    updatedBy: clientId,
    createdClient: clientId,
    updatedClient: clientId,
    sandboxId: sandbox.id,
    sandboxName: sandbox.name,
    imsOrgId: orgId,
  };
}
