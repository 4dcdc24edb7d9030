import type { ComponentDefinition } from "pulumi-provider-kit";
import { z } from "zod";
import { settingsSchema } from "../../settings/schema.ts";
import { estimatedCost } from "./cost/schema.ts";
import { secretInputs } from "./secret-inputs.ts";

/** The source's component for programs in other languages; TypeScript programs use the class. */
export const customerIoSource: ComponentDefinition = {
  type: "customerio-aep:index:CustomerIoSource",
  description:
    "Every event of a Customer.io workspace in a dataset of Adobe Experience Platform: schema, dataset and dataflow in Platform, the " +
    "relay in Azure, and the reporting webhook in Customer.io. Uses the providers aep, customerio and azure-native.",
  inputs: settingsSchema.extend(secretInputs),
  outputs: z.object({
    relayUrl: z
      .string()
      .optional()
      .meta({ description: "Where Customer.io posts its events; absent where it posts straight to Platform." }),
    relayHostName: z.string().optional().meta({
      description:
        "Host name of the relay's function app, for the origin of a front door of your own; absent without a relay.",
    }),
    estimatedCost: estimatedCost.optional(),
    streamingUrl: z.string().meta({
      description: "Where events are posted to Platform. Secret: anyone who has it can write into the dataset.",
      secret: true,
    }),
    dataflowId: z.string().meta({ description: "Id of the dataflow." }),
    datasetId: z.string().meta({ description: "Id of the dataset that gets the events." }),
    schemaId: z.string().meta({ description: "$id of the dataset's schema." }),
    webhookId: z.int().meta({ description: "Id of the reporting webhook in Customer.io." }),
    nextSteps: z.array(z.string()).meta({ description: "What you still have to do, if anything." }),
  }),
  async construct(name, inputs, options) {
    // The package itself: its classes need the SDK, which this plugin loads only here.
    const { CustomerIoSource } = await import("customerio-aep");
    return new CustomerIoSource(name, inputs, options);
  },
};
