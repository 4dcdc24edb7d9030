import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import type { AzureClient } from "../../client/client.ts";
import { webApiVersion as apiVersion } from "../../web-api-version.ts";
import { importRefusal } from "../refusal.ts";
import { matchSpelling, noteTakenOver } from "./arm-resource.ts";
import { putUntilMade, resourceGroupId } from "./web-resource.ts";

const inputs = z.object({
  resourceGroupId,
  siteName: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,58}[a-z0-9]$/i, "it must have 2 to 60 letters, digits and hyphens")
    .meta({ description: "Name of the app, unique in all of Azure.", replaces: true }),
  body: z.record(z.string(), z.unknown()).meta({
    description:
      "The app as Azure Resource Manager describes a `Microsoft.Web/sites`: `location`, `kind`, `identity`, `properties`. No secrets.",
  }),
});

const outputs = z.object({
  hostName: z.string().meta({ description: "Host name at which the app answers." }),
  scmHostName: z
    .string()
    .meta({ description: "Host name that takes deployments; it can't be guessed from the app's name." }),
});

type Outputs = z.output<typeof outputs>;

const answer = z.object({
  properties: z.object({
    defaultHostName: z.string(),
    hostNameSslStates: z.array(z.object({ name: z.string(), hostType: z.string() })),
  }),
});

/** Not azure-native's, for the reason that `ArmResource` has: a plan takes one app, so one that no state knows is in the way. */
export const functionApp = defineResource<AzureClient>()({
  type: "customerio-aep:index:FunctionApp",
  description:
    "A function app on the Flex Consumption plan, without its code. As with `ArmResource`, one of that name that exists already is " +
    "taken over, so that an `up` that was killed is finished by the next one. Deleting it leaves its plan. It can't be imported.",
  inputs,
  outputs,

  async create(operation, values) {
    const id = `${values.resourceGroupId}/providers/Microsoft.Web/sites/${values.siteName}`;
    await noteTakenOver(operation, id, apiVersion);
    return { id, outputs: await write(operation, id, values.body) };
  },

  async read({ client, signal }, id, known, outputs) {
    if (!known) throw importRefusal("customerio-aep:index:FunctionApp");
    const found = await client.armGet(id, apiVersion, signal);
    const hosts = hostsOf(found) ?? outputs;
    if (!found || !hosts) return undefined;
    const body = matchSpelling(withoutSiteConfig(found), known.body) as typeof known.body;
    return { inputs: { ...known, body }, outputs: hosts };
  },

  // By the id in the state: an app of an earlier version has another name than the program gives it now.
  update: (operation, id, { news, olds }) => write(operation, id, clearRestrictions(news.body, olds.body)),

  async delete({ client, signal, isCurrent }, id) {
    if (!client.takenOver.delete(id) && !isCurrent) await client.deleteSite(id, signal);
  },
});

const noRestrictions: Readonly<Record<string, unknown>> = {
  ipSecurityRestrictions: [],
  ipSecurityRestrictionsDefaultAction: "Allow",
  scmIpSecurityRestrictions: [],
  scmIpSecurityRestrictionsDefaultAction: "Allow",
};

/** No document says that Azure drops what a write leaves out, so access restrictions and a network that are to go are sent as none. */
function clearRestrictions(news: Record<string, unknown>, olds: Record<string, unknown>): Record<string, unknown> {
  const [now, before] = [siteConfigOf(news), siteConfigOf(olds)];
  const gone = Object.entries(noRestrictions).filter(([name]) => name in before && !(name in now));
  const leaves = subnetOf(olds) !== undefined && subnetOf(news) === undefined;
  if (gone.length === 0 && !leaves) return news;
  const siteConfig = { ...now, ...Object.fromEntries(gone) };
  const properties = { ...(news.properties as object), siteConfig, ...(leaves && { virtualNetworkSubnetId: null }) };
  return { ...news, properties };
}

function subnetOf(body: Record<string, unknown>): unknown {
  return z.object({ virtualNetworkSubnetId: z.unknown() }).safeParse(body.properties).data?.virtualNetworkSubnetId;
}

function siteConfigOf(body: Record<string, unknown>): Record<string, unknown> {
  const parsed = z.object({ siteConfig: z.record(z.string(), z.unknown()) }).safeParse(body.properties);
  return parsed.data?.siteConfig ?? {};
}

/** Azure accepts `siteConfig` with an app, and returns null for most of it, which is not a change. */
function withoutSiteConfig(app: Record<string, unknown>): Record<string, unknown> {
  const { properties } = app;
  return typeof properties === "object" ? { ...app, properties: { ...properties, siteConfig: undefined } } : app;
}

function write(operation: Operation<AzureClient>, id: string, body: Record<string, unknown>): Promise<Outputs> {
  return putUntilMade(operation, { id, body, what: "the function app", outputsIn: hostsOf });
}

/** The app's host names, once Azure reports them. */
function hostsOf(site: unknown): Outputs | undefined {
  const parsed = answer.safeParse(site);
  if (!parsed.success) return undefined;
  const { defaultHostName, hostNameSslStates } = parsed.data.properties;
  const scmHostName = hostNameSslStates.find(({ hostType }) => hostType === "Repository")?.name;
  return scmHostName === undefined ? undefined : { hostName: defaultHostName, scmHostName };
}
