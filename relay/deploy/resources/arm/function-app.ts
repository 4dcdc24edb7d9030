import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { webApiVersion as apiVersion } from "../../api-versions.ts";
import type { AzureClient } from "../../client/client.ts";
import { changedAccess, withoutRestrictions } from "../../drift/site-access.ts";
import { importRefusal } from "../refusal.ts";
import { matchSpelling } from "./arm-resource.ts";
import { putUntilCreated, resourceGroupId } from "./web-resource.ts";

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
    .meta({ description: "Host name that takes deployments; it can't be derived from the app's name." }),
});

type Outputs = z.output<typeof outputs>;

const answer = z.object({
  properties: z.object({
    defaultHostName: z.string(),
    hostNameSslStates: z.array(z.object({ name: z.string(), hostType: z.string() })),
  }),
});

/** Replaces azure-native's app for the same reason as `ArmResource`: a plan has one app, so an app that no state records blocks the next. */
export const functionApp = defineResource<AzureClient>()({
  type: "customerio-aep:index:FunctionApp",
  description:
    "A function app on the Flex Consumption plan, without its code. As with `ArmResource`, an existing app with that name is " +
    "adopted, so after an `up` that was killed, the next one continues. Deleting the app leaves its plan. It can't be imported.",
  inputs,
  inputOnly: ["body"],
  outputs,

  async create(operation, values) {
    const id = `${values.resourceGroupId}/providers/Microsoft.Web/sites/${values.siteName}`;
    return { id, outputs: await write(operation, id, values.body) };
  },

  async read({ client, signal }, id, known, outputs) {
    if (!known) throw importRefusal("customerio-aep:index:FunctionApp");
    const [found, configuration] = await Promise.all([
      client.armGet(id, apiVersion, signal),
      client.armGet(`${id}/config/web`, apiVersion, signal),
    ]);
    const hosts = hostsOf(found) ?? outputs;
    if (!found || !hosts) return undefined;
    const body = matchSpelling(withoutSiteConfig(found), known.body) as typeof known.body;
    return { inputs: { ...known, body: withAccess(body, found, configuration) }, outputs: hosts };
  },

  // Uses the id in the state: an earlier version may have given the app another name.
  update: (operation, id, { news, olds }) => write(operation, id, clearRestrictions(news.body, olds.body)),

  delete: ({ client, signal }, id) => client.deleteSite(id, signal),
});

/** It is undocumented whether Azure removes what a write omits, so removed access restrictions and networks are sent as empty values. */
function clearRestrictions(news: Record<string, unknown>, olds: Record<string, unknown>): Record<string, unknown> {
  const [now, before] = [siteConfigOf(news), siteConfigOf(olds)];
  const gone = Object.entries(withoutRestrictions(before)).filter(([name]) => !(name in now));
  const leaves = propertyOf(olds, "virtualNetworkSubnetId") && !propertyOf(news, "virtualNetworkSubnetId");
  const opens = propertyOf(olds, "publicNetworkAccess") && !propertyOf(news, "publicNetworkAccess");
  if (gone.length === 0 && !leaves && !opens) return news;
  const properties = {
    ...(news.properties as object),
    siteConfig: { ...now, ...Object.fromEntries(gone) },
    ...(leaves ? { virtualNetworkSubnetId: null } : {}),
    ...(opens ? { publicNetworkAccess: "Enabled" } : {}),
  };
  return { ...news, properties };
}

/**
 * The app with Azure's access rules if somebody has changed them. Azure returns the rules only in the app's `config/web`, and the app's
 * public access only if it is disabled.
 */
function withAccess(
  body: Record<string, unknown>,
  found: Record<string, unknown>,
  configuration: unknown,
): Record<string, unknown> {
  const ours = siteConfigOf(body);
  const changed = configuration === undefined ? {} : changedAccess(ours, propertiesOf(configuration));
  const isClosed = propertyOf(found, "publicNetworkAccess") === "Disabled";
  if (Object.keys(changed).length === 0 && !isClosed) return body;
  const properties = {
    ...(body.properties as object),
    siteConfig: { ...ours, ...changed },
    ...(isClosed && { publicNetworkAccess: "Disabled" }),
  };
  return { ...body, properties };
}

function propertiesOf(answer: unknown): Record<string, unknown> {
  return z.object({ properties: z.record(z.string(), z.unknown()) }).safeParse(answer).data?.properties ?? {};
}

function propertyOf(body: Record<string, unknown>, name: string): unknown {
  return propertiesOf(body)[name];
}

function siteConfigOf(body: Record<string, unknown>): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).safeParse(propertyOf(body, "siteConfig")).data ?? {};
}

/** Azure accepts `siteConfig` with an app, and returns null for most of it, which is not a change. */
function withoutSiteConfig(app: Record<string, unknown>): Record<string, unknown> {
  const { properties } = app;
  return typeof properties === "object" ? { ...app, properties: { ...properties, siteConfig: undefined } } : app;
}

function write(operation: Operation<AzureClient>, id: string, body: Record<string, unknown>): Promise<Outputs> {
  return putUntilCreated(operation, { id, body, what: "the function app", outputsIn: hostsOf });
}

/** The app's host names, once Azure reports them. */
function hostsOf(site: unknown): Outputs | undefined {
  const parsed = answer.safeParse(site);
  if (!parsed.success) return undefined;
  const { defaultHostName, hostNameSslStates } = parsed.data.properties;
  const scmHostName = hostNameSslStates.find(({ hostType }) => hostType === "Repository")?.name;
  return scmHostName === undefined ? undefined : { hostName: defaultHostName, scmHostName };
}
