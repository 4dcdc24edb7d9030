import { z } from "zod";
import { storageApiVersion, vaultApiVersion, webApiVersion } from "../../relay/deploy/api-versions.ts";
import type { AzureClient } from "../../relay/deploy/client/client.ts";
import { changedReach } from "../../relay/deploy/drift/network-access.ts";
import { changedAccess } from "../../relay/deploy/drift/site-access.ts";
import { startTimeLimit } from "../clients.ts";
import type { StackSource } from "../stack/source.ts";
import type { StackResource } from "../stack/state.ts";
import type { Drift } from "./difference.ts";

const site = z.object({ body: z.object({ properties: z.object({ siteConfig: z.unknown() }) }) });
const answered = z.object({ properties: z.record(z.string(), z.unknown()) });

/** Compares from where a relay's app, storage accounts and vault can be reached with what the last `up` left. */
export function findAccessDrifts(client: AzureClient, source: StackSource): Promise<Drift[]>[] {
  return [
    ofSite(client, source.resource("customerio-aep:index:FunctionApp")),
    ...source
      .all("azure-native:storage:StorageAccount")
      .map((account) => ofFirewall(client, account, { written: account.inputs, apiVersion: storageApiVersion })),
    ...source.all("azure-native:keyvault:Vault").map((vault) => {
      return ofFirewall(client, vault, { written: vault.inputs.properties, apiVersion: vaultApiVersion });
    }),
  ];
}

async function ofSite(client: AzureClient, { id, inputs }: StackResource): Promise<Drift[]> {
  const limit = startTimeLimit();
  const [app, configuration] = await Promise.all([
    client.armGet(id, webApiVersion, limit),
    client.armGet(`${id}/config/web`, webApiVersion, limit),
  ]);
  const { siteConfig } = site.parse(inputs).body.properties;
  const rules = Object.keys(changedAccess(siteConfig, propertiesOf(configuration)));
  const isClosed = propertiesOf(app).publicNetworkAccess === "Disabled";
  return describe(id, [...rules, ...(isClosed ? ["publicNetworkAccess"] : [])]);
}

async function ofFirewall(
  client: AzureClient,
  { id }: StackResource,
  { written, apiVersion }: { readonly written: unknown; readonly apiVersion: string },
): Promise<Drift[]> {
  const found = await client.armGet(id, apiVersion, startTimeLimit());
  return found === undefined
    ? [{ part: "access", name: nameOf(id), change: "removed", found: "Azure no longer has it" }]
    : describe(id, changedReach(written, propertiesOf(found)));
}

function describe(id: string, changed: readonly string[]): Drift[] {
  if (changed.length === 0) return [];
  const found = `its network access differs from the stack's: ${changed.join(", ")}`;
  return [{ part: "access", name: nameOf(id), change: "changed", found }];
}

function propertiesOf(answer: unknown): Record<string, unknown> {
  return answered.safeParse(answer).data?.properties ?? {};
}

function nameOf(id: string): string {
  return id.split("/").at(-1) ?? id;
}
