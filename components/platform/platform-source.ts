import type * as pulumi from "@pulumi/pulumi";
import * as aep from "pulumi-aep";
import type { Source } from "../../settings/schema.ts";
import type { Settings } from "../settings/setting-types.ts";
import { keepName } from "../title.ts";

export interface PlatformSourceArgs extends Pick<Settings, "sourceConnection"> {
  source: Source;
  title: string;
  /** The parent of everything that is declared. */
  ownership: pulumi.Input<string>;
}

/** The source side of the dataflow: its connection and flow specification. */
export interface PlatformSource {
  readonly sourceConnectionId: pulumi.Input<string>;
  readonly flowSpecId?: string;
}

/**
 * Declares the source connection; for the HTTP API also the base connection, with an endpoint that accepts events only with an access
 * token of the organization.
 */
export function createPlatformSource(
  name: string,
  { source, sourceConnection, title, ownership }: PlatformSourceArgs,
  options: pulumi.CustomResourceOptions,
): PlatformSource {
  const named = {
    name: sourceConnection.name ?? `${title} source`,
    description: sourceConnection.description ?? "Customer.io reporting webhook.",
    ownership,
  };
  const keeping = { ...options, ...keepName("name", sourceConnection.name) };
  if (source === "customerio") {
    return { sourceConnectionId: new aep.SourceConnection(`${name}-source`, named, keeping).id };
  }
  const base = new aep.BaseConnection(
    `${name}-base`,
    { name: `${title} endpoint`, description: "Takes Customer.io's events, by way of the relay.", ownership },
    { ...options, ...keepName("name", undefined) },
  );
  const connection = new aep.SourceConnection(
    `${name}-source`,
    { ...named, connectionSpecId: aep.connectionSpecs.http, baseConnectionId: base.id },
    keeping,
  );
  return { sourceConnectionId: connection.id, flowSpecId: aep.flowSpecs.http };
}
