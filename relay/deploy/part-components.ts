import { config as platform } from "pulumi-aep/settings";
import type { ComponentDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import { dataflowSettings, relaySettings, webhookSettings } from "../../settings/part-settings.ts";
import { type SettingName, settingsSchema } from "../../settings/schema.ts";
import { estimatedCost } from "./cost/schema.ts";
import { partsSchema } from "./resources/relay-parts.ts";
import { secretInputs } from "./secret-inputs.ts";

/** The parts of a source that are useful alone. */
export const partComponents: readonly ComponentDefinition[] = [
  {
    type: "customerio-aep:index:PlatformDataflow",
    description:
      "The dataflow of a source without the rest, for events that something else posts: schema, dataset and dataflow in Platform. Uses the " +
      "provider aep.",
    inputs: settingsOf(dataflowSettings),
    outputs: z.object({
      streamingUrl: z.string().meta({
        description: "Where events are posted. Secret: anyone who has it can write into the dataset.",
        secret: true,
      }),
      readyAt: z.string().meta({
        description:
          "Time from which the dataflow keeps the events that it receives (ISO 8601); events sent in the minutes after a change may be lost.",
      }),
      dataflowId: z.string().meta({ description: "Id of the dataflow." }),
      datasetId: z.string().meta({ description: "Id of the dataset that gets the events." }),
      schemaId: z.string().meta({ description: "$id of the dataset's schema." }),
    }),
    async construct(name, inputs, options) {
      const { PlatformDataflow } = await import("customerio-aep");
      return new PlatformDataflow(name, inputs, options);
    },
  },
  {
    type: "customerio-aep:index:WebhookRelay",
    description:
      "The relay of a source without the rest, for a dataflow that exists already: a function app in Azure that checks, stores and delivers " +
      "what Customer.io sends. Let the sender to its `url` depend on it (option dependsOn), and a `RelayGuard` on the sender, so that a destroy " +
      "stops the sender first, and then waits until the relay has delivered what it holds. Uses the provider azure-native.",
    inputs: settingsOf(relaySettings).extend({
      signingKeys: secretInputs.signingKeys,
      streamingUrl: z.string().meta({
        description: "Where the relay posts events: the streaming endpoint of a dataflow.",
        secret: true,
      }),
      readyAt: z
        .string()
        .optional()
        .meta({
          description:
            "Before this time (ISO 8601), the relay holds events: `readyAt` of a `PlatformDataflow` that the same program creates. Default: it " +
            "sends immediately.",
        }),
      credential: credential().optional().meta({
        description:
          "Credential with which the relay gets access tokens, if the endpoint requires them. Default: it sends without a token.",
      }),
    }),
    outputs: z.object({
      url: z.string().meta({ description: "Where Customer.io posts its events." }),
      hostName: z.string().meta({ description: "Host name of the function app, for the origin of a front door." }),
      healthUrl: z.string().meta({ description: "Address of the relay's health check." }),
      queueId: z.string().meta({ description: "Azure Resource Manager id of the queue in which events wait." }),
      estimatedCost,
      parts: partsSchema.meta({ description: "What a destroy deletes one by one, for a `RelayGuard`." }),
    }),
    async construct(name, inputs, options) {
      const { WebhookRelay } = await import("customerio-aep");
      return new WebhookRelay(name, inputs as ConstructorParameters<typeof WebhookRelay>[1], options);
    },
  },
  {
    type: "customerio-aep:index:ReportingWebhookSubscription",
    description:
      "The reporting webhook of a source without the rest, for an endpoint of your own. A webhook that an interrupted run left is found " +
      "again. Uses the provider customerio.",
    inputs: settingsOf(webhookSettings).extend({
      endpoint: z.string().meta({
        description: "Where Customer.io posts its events, such as `url` of a `WebhookRelay`.",
        secret: true,
      }),
    }),
    outputs: z.object({
      webhookId: z.int().meta({ description: "Id of the reporting webhook in Customer.io." }),
      webhookName: z.string().meta({ description: "What the webhook is called in Customer.io." }),
    }),
    async construct(name, inputs, options) {
      const { ReportingWebhookSubscription } = await import("customerio-aep");
      const args = inputs as ConstructorParameters<typeof ReportingWebhookSubscription>[1];
      return new ReportingWebhookSubscription(name, args, options);
    },
  },
];

function settingsOf(names: readonly SettingName[]): z.ZodObject {
  return z.object(Object.fromEntries(names.map((name) => [name, settingsSchema.shape[name]])));
}

/** Settings of the provider aep, without the environment variables. */
function credential(): z.ZodObject {
  const { clientId, clientSecret, orgId, scopes, imsUrl } = platform.shape;
  const settings = Object.entries({ clientId, clientSecret, orgId, scopes, imsUrl });
  return z.object(
    Object.fromEntries(
      settings.map(([name, setting]) => [name, setting.meta({ description: setting.description ?? "" })]),
    ),
  );
}
