import { z } from "zod";
import { defineResource } from "../kit/resource-definition.ts";
import type { ReportingWebhooks } from "./client.ts";
import { reportingWebhook } from "./reporting-webhook.ts";

/**
 * A stack's claim to a webhook's name and endpoint. A process that is killed while it makes the webhook can't note it in the
 * state; the next `up` finds it by both, but a `destroy` asks nobody about what the state does not hold. It deletes the
 * ownership after the webhook, and with it what is left.
 */
export const ownership = defineResource<ReportingWebhooks>()({
  type: "customerio:index:Ownership",
  description:
    "The ownership of a reporting webhook's name and endpoint; the webhook depends on it (`dependsOn`). It is no object of " +
    "Customer.io. Its deletion, which comes after the webhook's, also deletes a webhook of this name and endpoint that an " +
    "interrupted run made and nobody took over, with a warning. For endpoints that are the stack's own.",
  inputs: z.object({
    name: z.string().min(1).meta({ description: "Name of the webhook." }),
    endpoint: z
      .string()
      .min(1)
      .meta({ description: "Endpoint of the webhook. Secret, as the webhook's own.", secret: true }),
  }),
  outputs: z.object({}),

  create: (_operation, { name }) => Promise.resolve({ id: name, outputs: {} }),

  read: (_operation, id, known) => Promise.resolve(known && { id, inputs: known, outputs: {} }),

  update: () => Promise.resolve({}),

  async delete({ client, signal, warn, isKnown }, _id, { name, endpoint }) {
    const purpose = `look for a reporting webhook "${name}" of an interrupted run`;
    for (const webhook of await client.list(signal, purpose)) {
      const { id, type } = webhook;
      const isOwned = type === "webhook" && webhook.name === name && webhook.endpoint === endpoint;
      if (!isOwned || isKnown(String(id), reportingWebhook.type)) continue;
      warn(`deletes the reporting webhook "${name}" (${id}), which an interrupted run of this stack made`);
      await client.delete(id, signal);
    }
  },
});
