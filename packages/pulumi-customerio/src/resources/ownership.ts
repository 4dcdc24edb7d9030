import { defineResource } from "pulumi-provider-kit";
import { z } from "zod";
import { isSameUrl, type ReportingWebhooks } from "../client/client.ts";
import { reportingWebhook } from "./reporting-webhook.ts";

const inputs = z.object({
  name: z.string().min(1).meta({ description: "Name of the webhook." }),
  endpoint: z
    .string()
    .min(1)
    .meta({ description: "Endpoint of the webhook. Secret, like the webhook's own.", secret: true }),
});

const outputs = z.object({
  formerClaims: z
    .array(inputs)
    .default([])
    .meta({ description: "Name and endpoint before each change.", secret: true, volatile: true }),
});

type Claim = z.output<typeof inputs>;

/**
 * A stack's claim to a webhook's name and endpoint. A process that is killed while it creates the webhook can't record it in the
 * state. The next `up` finds it by both, but a `destroy` only handles what the state holds. It deletes the
 * ownership after the webhook, and the ownership deletes what is left, even under a name or endpoint that the program has since changed.
 */
export const ownership = defineResource<ReportingWebhooks>()({
  type: "customerio:index:Ownership",
  description:
    "The ownership of a reporting webhook's name and endpoint; the webhook depends on it (`dependsOn`). It does not exist " +
    "in Customer.io. Its deletion, which comes after the webhook's, also deletes a webhook of this name and endpoint, or of " +
    "former ones, that an interrupted run created and no run adopted, with a warning. Use it only for the stack's own endpoints. It can't " +
    "be imported.",
  inputs,
  outputs,
  onlyInState: true,

  create: (_operation, { name }) => Promise.resolve({ id: name, outputs: { formerClaims: [] } }),

  read(_operation, id, known, noted) {
    if (known) return Promise.resolve({ id, inputs: known, outputs: outputs.parse(noted ?? {}) });
    throw new Error(
      "A customerio:index:Ownership can't be imported, since it does not exist in Customer.io. Declare it in the program and run: npx pulumi up",
    );
  },

  update: (_operation, _id, { news, olds, outputs: noted }) => {
    const claims = [...outputs.parse(noted).formerClaims, olds];
    const formerClaims = claims.filter((claim, index) => {
      const same = (other: Claim) => isSame(other, claim);
      return claims.findIndex(same) === index && !same(news);
    });
    return Promise.resolve({ formerClaims });
  },

  async delete({ client, signal, warn, isKnown }, _id, state) {
    const claims = [state, ...(state.formerClaims ?? [])];
    const purpose = `look for a reporting webhook "${state.name}" of an interrupted run`;
    for (const webhook of await client.list(signal, purpose)) {
      const { id, type, name } = webhook;
      const isOwned = type === "webhook" && claims.some((claim) => isSame(claim, webhook));
      if (!isOwned || isKnown(String(id), reportingWebhook.type)) continue;
      warn(
        `deletes the reporting webhook "${name}" (${id}), which is not in this stack's state: an interrupted run created it, or it was ` +
          "removed from the state",
      );
      await client.delete(id, signal);
    }
  },
});

function isSame(one: Claim, other: Claim): boolean {
  return one.name === other.name && isSameUrl(one.endpoint, other.endpoint);
}
