import { defineResource, type Operation } from "pulumi-provider-kit";
import { z } from "zod";
import { pulumiCommand } from "../../core/operator-command.ts";
import type { AzureClient } from "../client/client.ts";
import { permitChange, refuseDeadLetters } from "./dead-letter-check.ts";
import { earlyRefusal, stackNameOf } from "./refusal.ts";
import { partsSchema, requirePresent } from "./relay-parts.ts";
import { accountOf } from "./succession.ts";

const inputs = z.object({
  delivery: z.enum(["relay", "direct"]).meta({
    description:
      "`relay`: there is a relay to guard. `direct`: there is no relay. A change from `relay` to `direct` fails while the relay has dead letters.",
  }),
  queueId: z.string().optional().meta({
    description:
      "Azure Resource Manager id of the relay's storage queue (`Queue.id`). If its storage account no longer exists, neither does the relay.",
  }),
  healthUrl: z.string().optional().meta({
    description: "Address of the relay's health check, which reports how many dead letters there are.",
  }),
  parts: partsSchema.optional().meta({
    description:
      "Parts of the relay that a destroy deletes one by one, by any name. The guard checks whether they exist when it is created, which happens " +
      "after each interrupted destroy, since the guard is the first resource that a destroy deletes. It also checks when `delivery` changes back to `relay`.",
    creation: true,
    packed: true,
  }),
});

/**
 * Refuses because of dead letters while everything still works. The drain counts them too, but only after the webhook was deleted or
 * redirected; it catches events that become dead letters in between.
 */
export const relayGuard = defineResource<AzureClient>()({
  type: "customerio-aep:index:RelayGuard",
  description:
    "Stops a `npx pulumi destroy`, and a change to direct delivery, before anything is taken down, if the relay has dead letters. It does " +
    "not exist in Azure. With a relay, let it depend on the webhook (resource option dependsOn), so that a destroy deletes it first. Without " +
    "a relay, let the webhook depend on it, so that it checks before the webhook is redirected. RELAY_ABANDON_DEAD_LETTERS=true discards dead letters.",
  inputs,
  inputOnly: ["parts", "queueId"],
  outputs: z.object({}),
  onlyInState: true,

  // During previews, too: after a killed destroy, an `up` would trust the state about parts that no longer exist.
  permitCreation: (operation, { parts = {} }) => requirePresent(operation, parts),

  create: ({ name }) => Promise.resolve({ id: name, outputs: {} }),

  read(_operation, _id, known) {
    if (known) return Promise.resolve({ inputs: known, outputs: {} });
    throw new Error(
      "A customerio-aep:index:RelayGuard can't be imported, since it does not exist in Azure. Declare it in the program and run: npx pulumi up",
    );
  },

  async permit(operation, _id, { olds, news }) {
    // After a change to direct delivery that was killed while it deleted the relay.
    if (olds.delivery === "direct" && news.delivery === "relay") return requirePresent(operation, news.parts ?? {});
    if (olds.delivery !== "relay" || news.delivery !== "direct" || operation.client.abandonDeadLetters) return;
    await permitChange(operation, { healthUrl: olds.healthUrl, isSure: true }, earlyRefusal);
  },

  update: () => Promise.resolve({}),

  async delete(operation, _id, { delivery, queueId, healthUrl }) {
    const { client, signal } = operation;
    if (delivery === "direct" || client.abandonDeadLetters) return;
    if (queueId !== undefined && (await client.readQueue(queueId, signal)) === undefined) {
      // Somebody deleted the relay by hand, with its dead letters.
      if ((await client.listQueueNames(accountOf(queueId), signal)) === undefined) return;
      throw new Error(refuseWithoutQueue(operation, queueId));
    }
    await refuseDeadLetters(operation, { healthUrl, isClosed: false }, earlyRefusal);
  },
});

/** A relay without its queue does not answer, but its account may hold dead letters. */
function refuseWithoutQueue(operation: Pick<Operation<AzureClient>, "urn">, queueId: string): string {
  const up = pulumiCommand("up --refresh", { stack: stackNameOf(operation) });
  return (
    `The relay is not taken down, since its dead letters can't be counted: Azure no longer has its queue "${queueId.split("/").at(-1)}". ` +
    `Nothing has been deleted. First recreate the queue with \`${up}\`. To lose the dead letters for good, put ` +
    "RELAY_ABANDON_DEAD_LETTERS=true before the command."
  );
}
