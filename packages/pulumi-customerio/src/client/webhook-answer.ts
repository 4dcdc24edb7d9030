import { z } from "zod";

/** The wanted settings of a reporting webhook. */
export interface WebhookSettings {
  readonly name: string;
  readonly endpoint: string;
  readonly events: readonly string[];
  readonly disabled: boolean;
  readonly fullResolution: boolean;
  readonly withContent: boolean;
}

/** A reporting webhook in Customer.io. */
export interface Webhook extends WebhookSettings {
  readonly id: number;
  /** `webhook`, or `js` for a JavaScript webhook, which only Customer.io's UI can create and this client never touches. */
  readonly type: string;
}

// A missing field gets the API's default; unknown fields may appear without notice.
const webhookAnswer = z.object({
  id: z.int().or(z.string().regex(/^\d+$/).transform(Number)),
  type: z.string().nullish(),
  name: z.string().nullish(),
  endpoint: z.string().nullish(),
  events: z.array(z.string()).nullish(),
  disabled: z.boolean().nullish(),
  full_resolution: z.boolean().nullish(),
  with_content: z.boolean().nullish(),
});
// Other people's webhooks may have other forms, such as the nested events of an earlier API, and must not make the list unreadable.
const listedWebhook = z.object({
  id: webhookAnswer.shape.id,
  type: webhookAnswer.shape.type.catch("unknown"),
  name: webhookAnswer.shape.name.catch(undefined),
  endpoint: webhookAnswer.shape.endpoint.catch(undefined),
  events: webhookAnswer.shape.events.catch(undefined),
  disabled: webhookAnswer.shape.disabled.catch(undefined),
  full_resolution: webhookAnswer.shape.full_resolution.catch(undefined),
  with_content: webhookAnswer.shape.with_content.catch(undefined),
});
const listAnswer = z.object({ reporting_webhooks: z.array(z.looseObject({})).nullish() });

/** In Customer.io's description the answer is the webhook itself; its Go client expects it under `reporting_webhook`. */
export function readWebhook(answer: unknown): Webhook | undefined {
  const wrapped = z.object({ reporting_webhook: z.unknown() }).safeParse(answer);
  const parsed = webhookAnswer.safeParse(wrapped.success ? wrapped.data.reporting_webhook : answer);
  return parsed.data && withDefaults(parsed.data);
}

/** The webhooks of a list; undefined if the answer is not one. Those of others may even have ids of another form, and are left out. */
export function readWebhooks(answer: unknown): Webhook[] | undefined {
  const { data } = listAnswer.safeParse(answer);
  return (
    data &&
    (data.reporting_webhooks ?? []).flatMap((webhook) => {
      const listed = listedWebhook.safeParse(webhook);
      return listed.success ? [withDefaults(listed.data)] : [];
    })
  );
}

function withDefaults(answer: z.output<typeof webhookAnswer>): Webhook {
  const { id, type, name, endpoint, events, disabled, full_resolution, with_content } = answer;
  return {
    id,
    type: type ?? "webhook",
    name: name ?? "",
    endpoint: endpoint ?? "",
    events: events ?? [],
    disabled: disabled ?? false,
    fullResolution: full_resolution ?? false,
    withContent: with_content ?? false,
  };
}
