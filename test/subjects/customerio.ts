import type { Subject } from "./subject.ts";

const claim = { name: "Adobe Experience Platform (dev)", endpoint: "https://relay.example.com/customerio" };

/** The types of the package `customerio`. The webhook's ownership is identified by its name and endpoint, and needs no reference. */
export const customerioSubjects: readonly Subject[] = [
  {
    type: "customerio:index:Ownership",
    name: "claim",
    inputs: claim,
    unswept: "its life is part of the webhook's",
    change: (inputs) => ({ ...inputs, name: "Renamed" }),
  },
  {
    type: "customerio:index:ReportingWebhook",
    name: "webhook",
    inputs: { ...claim, events: ["email_delivered", "email_opened", "customer_unsubscribed"] },
    change: (inputs) => ({ ...inputs, events: ["sms_sent"], withContent: true }),
    list: {
      path: "/v1/reporting_webhooks",
      items: ({ reporting_webhooks: webhooks }) =>
        (webhooks as { id: number }[]).map((webhook) => [String(webhook.id), { ...webhook }]),
    },
    imported: { id: "12", where: "Customer.io > Data & Integrations > the webhook: the number in the page's address" },
  },
];
