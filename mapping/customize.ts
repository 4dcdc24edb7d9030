import { parsePath } from "adobe-data-prep";
import { attributeIfThere, identifierIfGiven } from "../events/direct-mapping.ts";
import type { EventMapping } from "../events/mapping.ts";
import { type DeliveryMode, type MappingPair, type MappingSettings, removes, resolveDestination } from "./settings.ts";
import { sourceFields } from "./source-fields.ts";

/** Attributes that events lack if the workspace identifies people by id alone. */
const otherIdentifiers = ["data.identifiers.email", "data.identifiers.cio_id", "data.identifiers.phone"];

export interface Customization {
  readonly settings: MappingSettings;
  readonly tenantId: string;
  /** Default `relay`. */
  readonly delivery?: DeliveryMode;
}

/** Applies the settings to the automatic mapping: first `remove`, then `set`. */
export function customizeMapping(automatic: readonly EventMapping[], customization: Customization): EventMapping[] {
  const { settings, tenantId, delivery = "relay" } = customization;
  const set = settings.set.map((pair) => mappingOf(pair, tenantId, delivery));
  const overridden = new Set(set.map(({ destination }) => destination));
  const removed = settings.remove.map((entry) => resolveDestination(entry, tenantId));
  const kept = automatic.filter(
    (mapping) =>
      !overridden.has(mapping.destination) &&
      !removed.some((entry) => removes(entry, mapping.destination)) &&
      !(settings.identifiers === "id" && otherIdentifiers.some((path) => reads(mapping, path))),
  );
  return [...kept, ...set];
}

/**
 * A pair of the settings. The relay fills every attribute of the catalogue; Customer.io's own events lack most of them, and any may
 * lack one that is not in the catalogue. A mapping that refers to a missing attribute is an error (Adobe's streaming monitoring docs),
 * so the expression checks for such an attribute first.
 */
function mappingOf(
  { destination, source = "", expression }: MappingPair,
  tenantId: string,
  delivery: DeliveryMode,
): EventMapping {
  const whole = resolveDestination(destination, tenantId);
  if (expression !== undefined) return { sourceType: "EXPRESSION", source: expression, destination: whole };
  const isFilled = delivery === "relay" && sourceFields(delivery).kind(parsePath(source)) !== undefined;
  if (isFilled) return { sourceType: "ATTRIBUTE", source, destination: whole };
  return { sourceType: "EXPRESSION", source: attributeIfThere(source), destination: whole };
}

function reads({ sourceType, source }: EventMapping, path: string): boolean {
  return source === path || (sourceType === "EXPRESSION" && source === identifierIfGiven(path));
}
