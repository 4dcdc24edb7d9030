import { z } from "zod";
import { appSettings } from "../../relay/core/app-settings.ts";
import type { RelayShape } from "../../relay/deploy/cost/usage.ts";
import { azureChoices } from "../../settings/azure-settings.ts";
import type { StackSource } from "../stack/source.ts";

const account = z.object({ sku: z.object({ name: z.string() }) });
const plan = z.object({ body: z.object({ properties: z.object({ zoneRedundant: z.boolean().default(false) }) }) });
const app = z.object({
  body: z.object({
    properties: z.object({
      functionAppConfig: z.object({
        scaleAndConcurrency: z.object({
          instanceMemoryMB: z.number(),
          alwaysReady: z.array(z.object({ instanceCount: z.number() })).default([]),
        }),
      }),
    }),
  }),
});
const armResource = z.object({ path: z.string() });
const workspace = z.object({ retentionInDays: z.number() });

/**
 * How a stack's relay was set up by the last `npx pulumi up`.
 *
 * @throws if the stack has no complete relay
 */
export function relayShapeOf(source: StackSource): RelayShape {
  const inputs = (type: string) => source.resource(type).inputs;
  const { sku } = account.parse(source.storageAccount.inputs);
  const { scaleAndConcurrency } = app.parse(inputs("customerio-aep:index:FunctionApp")).body.properties
    .functionAppConfig;
  const written = source.appSettings;
  const [ownWorkspace] = source.all("azure-native:operationalinsights:Workspace");
  const paths = source
    .all("customerio-aep:index:ArmResource")
    .flatMap((resource) => armResource.safeParse(resource.inputs).data?.path ?? []);
  const count = (type: string) => paths.filter((path) => path.split("/").at(-2) === type).length;
  return {
    redundancy: azureChoices.shape.storageRedundancy.parse(sku.name.split("_").at(-1)),
    zoneRedundant: plan.parse(inputs("customerio-aep:index:AppServicePlan")).body.properties.zoneRedundant,
    instanceMemory: scaleAndConcurrency.instanceMemoryMB,
    alwaysReady: scaleAndConcurrency.alwaysReady.reduce((sum, { instanceCount }) => sum + instanceCount, 0),
    hostStorage: source.all("azure-native:storage:StorageAccount").length > 1,
    duplicateWindowDays: appSettings.DUPLICATE_WINDOW_DAYS.parse(written.DUPLICATE_WINDOW_DAYS),
    eventQueues: source.eventQueues,
    logDetail: appSettings.LOG_DETAIL.parse(written.LOG_DETAIL),
    logRetentionDays: ownWorkspace && workspace.parse(ownWorkspace.inputs).retentionInDays,
    privateEndpoints: count("privateEndpoints"),
    privateZones: count("privateDnsZones"),
  };
}
