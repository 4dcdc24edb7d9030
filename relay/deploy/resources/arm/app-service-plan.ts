import { defineResource, type Operation } from "pulumi-provider-kit";
import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { webApiVersion as apiVersion } from "../../api-versions.ts";
import type { AzureClient } from "../../client/client.ts";
import { importRefusal } from "../refusal.ts";
import { matchSpelling } from "./arm-resource.ts";
import { putUntilCreated, resourceGroupId } from "./web-resource.ts";

const inputs = z.object({
  resourceGroupId,
  planName: z
    .string()
    .regex(/^[a-z0-9-]{1,60}$/i, "it must have 1 to 60 letters, digits and hyphens")
    .meta({ description: "Name of the plan, unique in the resource group.", replaces: true }),
  body: z.record(z.string(), z.unknown()).meta({
    description:
      "The plan as Azure Resource Manager describes a `Microsoft.Web/serverfarms`: `location`, `kind`, `sku`, `properties`.",
  }),
});

const outputs = z.object({
  location: z.string().meta({ description: "Azure region of the plan, as Azure spells it." }),
});

type Outputs = z.output<typeof outputs>;

const answer = z.object({
  location: z.string(),
  properties: z.object({ provisioningState: z.string().nullish() }).optional(),
});

const site = z.object({ properties: z.object({ serverFarmId: z.string() }) });

/**
 * Replaces azure-native's plan for two reasons: with a random name, a killed `up` would leave a plan beside the next one's; and Azure does
 * not delete a plan that still has an app (409), such as an app that a killed `up` could not record.
 */
export const appServicePlan = defineResource<AzureClient>()({
  type: "customerio-aep:index:AppServicePlan",
  description:
    "The plan of a function app, such as Flex Consumption. As with `ArmResource`, an existing one with that name is adopted. " +
    "Deleting it first deletes, with a warning, an app of the same name that still runs on it: Azure would refuse to delete the plan, and " +
    "an `up` that was killed may have made an app that the state does not know. Other apps on the plan are left alone, and then Azure " +
    "refuses. It can't be imported.",
  inputs,
  inputOnly: ["body"],
  outputs,

  async create(operation, values) {
    const id = `${values.resourceGroupId}/providers/Microsoft.Web/serverfarms/${values.planName}`;
    return { id, outputs: await write(operation, id, values.body) };
  },

  async read({ client, signal }, id, known, state) {
    if (!known) throw importRefusal("customerio-aep:index:AppServicePlan");
    const found = await client.armGet(id, apiVersion, signal);
    if (found === undefined) return undefined;
    const location = answer.safeParse(found).data?.location ?? state?.location ?? "";
    // A plan can't move, and Azure spells its region differently from the group's: "West Europe" for "westeurope".
    const body = matchSpelling({ ...found, location: undefined }, known.body) as typeof known.body;
    return { inputs: { ...known, body }, outputs: { location } };
  },

  // Uses the id in the state: an earlier version may have given the plan another name.
  update: (operation, id, { news }) => write(operation, id, news.body),

  async delete(operation, id) {
    const { client, signal } = operation;
    await deleteAppOfTheName(operation, id);
    await client.armDelete(id, apiVersion, signal);
  },
});

async function write(operation: Operation<AzureClient>, id: string, body: Record<string, unknown>): Promise<Outputs> {
  try {
    return await putUntilCreated(operation, { id, body, what: "the function app's plan", outputsIn: readOutputs });
  } catch (error) {
    throw aboutZones(error, body) ?? error;
  }
}

/** Which regions have zones for which plans changes, so only Azure can tell. */
function aboutZones(error: unknown, body: Record<string, unknown>): Error | undefined {
  const { properties } = z.object({ properties: z.object({ zoneRedundant: z.boolean() }) }).safeParse(body).data ?? {};
  if (!(error instanceof VendorError) || !properties?.zoneRedundant || !/zone/i.test(error.message)) return undefined;
  const remedy =
    "The plan is to be zone-redundant, which not every region offers. For those that do, run: " +
    "az functionapp list-flexconsumption-locations --zone-redundant true. To go without zones, set zoneRedundant to false in the " +
    "setting azure, in the stack's configuration by: npx pulumi config set --path azure.zoneRedundant false";
  return new Error(`${error.message} ${remedy}`, { cause: error });
}

/** @throws if Azure failed to create the plan */
function readOutputs(plan: unknown): Outputs | undefined {
  const parsed = answer.safeParse(plan);
  if (!parsed.success) return undefined;
  const state = parsed.data.properties?.provisioningState ?? "Succeeded";
  if (/^(Failed|Canceled)$/i.test(state)) {
    throw new Error(
      `Azure could not create the function app's plan: its state is ${state}. To try again, run: npx pulumi up`,
    );
  }
  return state.toLowerCase() === "succeeded" ? { location: parsed.data.location } : undefined;
}

/** An app in the state depends on the plan, so it is already deleted. */
async function deleteAppOfTheName({ client, signal, warn }: Operation<AzureClient>, planId: string): Promise<void> {
  const siteId = planId.replace(/\/serverfarms\//i, "/sites/");
  const found = site.safeParse(await client.armGet(siteId, apiVersion, signal));
  if (found.data?.properties.serverFarmId.toLowerCase() !== planId.toLowerCase()) return;
  warn(`deletes the function app ${siteId.split("/").at(-1)}, which an interrupted run of this stack created`);
  await client.deleteSite(siteId, signal);
}
