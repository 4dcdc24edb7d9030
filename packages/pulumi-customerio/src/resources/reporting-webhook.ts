import { defineResource, importCommand, Unfinished } from "pulumi-provider-kit";
import { nearest } from "pulumi-provider-kit/settings";
import { z } from "zod";
import { isSameUrl, type ReportingWebhooks } from "../client/client.ts";
import type { Webhook } from "../client/webhook-answer.ts";
import { subscriptionNames } from "../events/catalogue.ts";

const inputs = z.object({
  name: z
    .string()
    .min(1, "it must not be empty")
    .meta({ description: "Name shown in Customer.io's list of webhooks." }),
  endpoint: z.url({ protocol: /^https?$/, error: "it must be a URL that begins with https:// or http://" }).meta({
    description:
      "URL to which Customer.io posts each event, one event per call. It checks the certificate of an https endpoint. " +
      "Secret, since anyone who knows certain URLs, such as Adobe's streaming URLs, can send to them.",
    secret: true,
  }),
  events: z
    .array(z.string().min(1, "an event's name must not be empty"))
    .min(1, "it must name at least one event")
    .meta({
      description:
        "Names of the events to send, such as `email_delivered`; order and repetitions don't matter. Names that " +
        "this package does not know yet are sent unchanged, since Customer.io adds events without notice.",
    }),
  disabled: z.boolean().default(false).meta({
    description: "Whether to send nothing; default false. Customer.io does not send events of that time later.",
  }),
  fullResolution: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether to send every open and click of a delivery, not just the first; default false. " +
        '"Send frequency" in Customer.io\'s UI.',
    }),
  withContent: z
    .boolean()
    .default(false)
    .meta({
      description:
        "Whether `sent` events carry the message's body, and changes of subscription preferences their topics; " +
        'default false. "Body content" in Customer.io\'s UI.',
    }),
});

const outputs = z.object({
  webhookId: z.number().int().meta({ description: "Id of the webhook in Customer.io." }),
  type: z.string().meta({ description: "Kind of webhook in Customer.io: always `webhook`." }),
});

type Inputs = z.output<typeof inputs>;
type Outputs = z.output<typeof outputs>;

/**
 * A subscription to events of one Customer.io workspace (Customer.io's docs, "Reporting webhooks"; App API,
 * `/v1/reporting_webhooks`). It is created disabled and enabled by a second call, so that it sends nothing while half configured.
 */
export const reportingWebhook = defineResource<ReportingWebhooks>()({
  type: "customerio:index:ReportingWebhook",
  description:
    "A Customer.io reporting webhook: sends the named events of the App API key's workspace to an endpoint. The key " +
    "that signs its calls is shown only in Customer.io's UI. JavaScript webhooks are left alone.",
  inputs,
  inputOnly: ["events"],
  outputs,
  // While both exist, every event would be delivered twice.
  deleteBeforeReplace: true,

  async check({ events = [] }, warn) {
    const known: readonly string[] = subscriptionNames;
    for (const [index, event] of events.entries()) {
      if (known.includes(event)) continue;
      const meant = nearest(event, known);
      warn(
        `events[${index}]: "${event}" is an event that this package does not know. It is sent unchanged to Customer.io, which may ` +
          `refuse it.${meant === undefined ? "" : ` Did you mean ${meant}?`}`,
      );
    }
    return [];
  },

  normalize: (values) => ({ ...values, events: asSet(values.events) }),

  // Names need not be unique, and an interrupted run may have left a webhook, so that this is only a warning.
  async foreseeCreation({ client, signal, warn, isHeld }, { name, disabled }) {
    if (name === undefined || disabled !== false) return;
    const purpose = `check whether there is a reporting webhook "${name}" already`;
    const twin = (await client.list(signal, purpose)).find(
      (webhook) => webhook.name === name && !webhook.disabled && !isHeld(String(webhook.id)),
    );
    if (twin === undefined) return;
    warn(
      `Customer.io already has a reporting webhook "${name}" (${twin.id}), which is enabled. If it is another stack's, such as a colleague's of the ` +
        "same name, Customer.io will send each event to both stacks, and a dataset that both fill gets it twice.",
    );
  },

  async create(operation, values) {
    const { client, signal, warn, isHeld, isKnown, urn } = operation;
    const wanted = settingsOf(values);
    const { webhook, adopted } = await client.createDisabled(wanted, signal, {
      isHeld,
      isDeleted: (id) => isKnown(id, reportingWebhook.type) && !isHeld(id),
      importCommand: (id) => importCommand(urn, id),
    });
    const id = String(webhook.id);
    if (adopted) warn(`adopts the reporting webhook ${id}, which already existed with this name and endpoint`);
    if (!adopted && values.disabled) return { id, outputs: requireAllEvents(webhook, values) };
    try {
      const outputs = requireAllEvents(await client.update(webhook.id, wanted, signal), values);
      return { id, outputs, ...(adopted && { isAdopted: true }) };
    } catch (error) {
      if (error instanceof Unfinished) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw new Unfinished(
        id,
        outputsOf(webhook),
        `The reporting webhook ${id} exists but is not enabled, so it sends nothing yet. ${reason} ` +
          "To finish it, run: npx pulumi up",
      );
    }
  },

  async read({ client, signal, warn }, id, known) {
    const webhook = await client.get(numberOf(id), signal);
    if (!webhook) {
      const remedy = "set customerio:appApiKey to a key of the former workspace before the next up";
      if (known) warn(describeMissing(id, remedy));
      return undefined;
    }
    if (webhook.type !== "webhook") {
      throw new Error(
        `The webhook ${id} is of type "${webhook.type}" (a JavaScript webhook), which can be created and changed only in ` +
          "Customer.io's UI. Import a plain reporting webhook, or let `npx pulumi up` create a new one.",
      );
    }
    const { name, events, disabled, fullResolution, withContent } = webhook;
    // Customer.io returns them in its own order, which a refresh must not report as a change.
    const spelled = known !== undefined && asSet(known.events) === asSet(events) ? known.events : [...events];
    const endpoint = known && isSameUrl(known.endpoint, webhook.endpoint) ? known.endpoint : webhook.endpoint;
    return {
      inputs: { name, endpoint, events: spelled, disabled, fullResolution, withContent },
      outputs: outputsOf(webhook),
    };
  },

  async update(operation, id, { news }) {
    return requireAllEvents(await operation.client.update(numberOf(id), settingsOf(news), operation.signal), news);
  },

  async delete({ client, signal, warn }, id) {
    if (!(await client.delete(numberOf(id), signal))) warn(describeMissing(id, "delete it in Customer.io"));
  },
});

/** No answer of Customer.io's names the workspace of a key, so that a webhook in another workspace looks like one that was deleted. */
function describeMissing(id: string, remedy: string): string {
  return (
    `the workspace of the App API key has no reporting webhook ${id}. If the key belongs to another workspace than before, the webhook ` +
    `still sends from there: ${remedy}`
  );
}

function removeDuplicates(events: readonly string[]): string[] {
  return [...new Set(events)];
}

/** One text, so that a change shows as a change of the whole set, not of positions in a sorted list that nobody wrote. */
function asSet(events: readonly string[]): string {
  return removeDuplicates(events).sort().join(" ");
}

function settingsOf(values: Inputs): Inputs {
  return { ...values, events: removeDuplicates(values.events) };
}

function outputsOf({ id, type }: Webhook): Outputs {
  return { webhookId: id, type };
}

/** Checks that Customer.io subscribed the webhook to all wanted events, and returns the outputs. */
function requireAllEvents(webhook: Webhook, values: Inputs): Outputs {
  const missing = removeDuplicates(values.events).filter((event) => !webhook.events.includes(event));
  if (missing.length === 0 || webhook.events.length === 0) return outputsOf(webhook);
  throw new Unfinished(
    String(webhook.id),
    outputsOf(webhook),
    `Customer.io accepted the reporting webhook ${webhook.id} without these events: ${missing.join(", ")}. ` +
      "Check their spelling in `events`, then run: npx pulumi up",
  );
}

function numberOf(id: string): number {
  if (/^\d+$/.test(id)) return Number(id);
  throw new Error(
    `"${id}" is not the id of a reporting webhook. The id is the number in the webhook's address in Customer.io's UI.`,
  );
}
