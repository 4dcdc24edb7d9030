import type { DocumentedEvent } from "./event.ts";

/** A sample event; its name is short and unique. */
export interface Sample {
  readonly name: string;
  readonly event: DocumentedEvent;
}

/**
 * Events in the shapes of Customer.io's reporting webhook docs: Adobe's tutorial sample verbatim, one event of
 * each category that Adobe names, WhatsApp, a change of preferences, and the "Send test" event. Together they cover all
 * origins of a message (campaign, API-triggered broadcast, newsletter, transactional) and all sets of identifiers. People,
 * ids and addresses are invented.
 */
export const samples: readonly Sample[] = [
  {
    name: "tutorial",
    event: {
      event_id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
      object_type: "customer",
      metric: "subscribed",
      timestamp: 1613063089,
      data: {
        customer_id: "42",
        email_address: "test@example.com",
        identifiers: { id: "42", email: "test@example.com", cio_id: "d9c106000001" },
      },
    },
  },
  {
    name: "customer",
    event: {
      event_id: "01J9ZK3M5X8QW2R7T4V6B1N0CA",
      object_type: "customer",
      metric: "unsubscribed",
      timestamp: 1727953200,
      data: {
        customer_id: "u-9001",
        email_address: "ada@example.org",
        identifiers: { id: "u-9001", email: "ada@example.org", cio_id: "a3000b000001" },
      },
    },
  },
  {
    name: "email",
    event: {
      event_id: "01J9ZK4A7C2E5G8J1M3P6R9TVX",
      object_type: "email",
      metric: "clicked",
      timestamp: 1727953261,
      data: {
        customer_id: "u-9001",
        identifiers: { id: "u-9001", email: "ada@example.org", cio_id: "a3000b000001" },
        delivery_id: "dgTQ1QQIBAOQ-Zk_7w==",
        campaign_id: 12,
        action_id: 345,
        journey_id: "01J9ZJY0AA11BB22CC33DD44EE",
        parent_action_id: 341,
        trigger_event_id: null,
        recipient: "ada@example.org",
        subject: "Your October invoice",
        href: "https://shop.example.org/invoices/77",
        link_id: 3,
        machine: false,
      },
    },
  },
  {
    // A workspace that identifies people by id alone: no e-mail address, no cio_id.
    name: "sms",
    event: {
      event_id: "01J9ZK5D9F1H4K7N0Q2S5V8WYZ",
      object_type: "sms",
      metric: "bounced",
      timestamp: 1727953300,
      data: {
        customer_id: "u-9002",
        identifiers: { id: "u-9002" },
        delivery_id: "dgTQ1QQIBAOR-aa17g==",
        broadcast_id: 8,
        trigger_id: 2,
        action_id: 51,
        recipient: "+15550100",
        failure_message: "30003: unreachable handset",
      },
    },
  },
  {
    // A person known by e-mail address only.
    name: "push",
    event: {
      event_id: "01J9ZK6G0J3M6P9S2V5Y8B1E4H",
      object_type: "push",
      metric: "sent",
      timestamp: 1727953333,
      data: {
        customer_id: "",
        identifiers: { id: null, email: "bo@example.org", cio_id: "a3000b000007" },
        delivery_id: "dgTQ1QQIBAOS-bb28h==",
        newsletter_id: 40,
        content_id: 61,
        recipients: [
          { device_id: "device-token-1", device_platform: "ios" },
          { device_id: "device-token-2", device_platform: "android", failure_message: "NotRegistered" },
        ],
      },
    },
  },
  {
    name: "in_app",
    event: {
      event_id: "01J9ZK7K4N7R0T3W6Z9C2F5J8M",
      object_type: "in_app",
      metric: "clicked",
      timestamp: 1727953390,
      data: {
        customer_id: "u-9003",
        identifiers: { id: "u-9003", email: null, cio_id: "a3000b000009" },
        delivery_id: "dgTQ1QQIBAOT-cc39i==",
        campaign_id: 13,
        action_id: 402,
        recipient: "u-9003",
        href: "app://plans",
        link_id: 1,
        tracked_response: "Upgrade",
      },
    },
  },
  {
    name: "slack",
    event: {
      event_id: "01J9ZK8P2S5V8Y1B4E7H0K3N6Q",
      object_type: "slack",
      metric: "failed",
      timestamp: 1727953420,
      data: {
        customer_id: "u-9004",
        identifiers: { id: "u-9004" },
        delivery_id: "dgTQ1QQIBAOV-dd40j==",
        campaign_id: 14,
        action_id: 77,
        failure_message: "channel_not_found",
      },
    },
  },
  {
    name: "webhook",
    event: {
      event_id: "01J9ZK9T6W9Z2C5F8J1M4P7S0V",
      object_type: "webhook",
      metric: "sent",
      timestamp: 1727953455,
      data: {
        customer_id: "u-9005",
        identifiers: { id: "u-9005", email: "cy@example.org", cio_id: "a3000b000011" },
        delivery_id: "dgTQ1QQIBAOW-ee51k==",
        campaign_id: 15,
        action_id: 90,
        recipient: "https://crm.example.org/hooks/1",
        content: '{"plan":"pro"}',
      },
    },
  },
  {
    name: "whatsapp",
    event: {
      event_id: "01J9ZKA2R4T6W8Y0B2D4F6H8JM",
      object_type: "whatsapp",
      metric: "replied",
      timestamp: 1727953480,
      data: {
        customer_id: "u-9006",
        identifiers: { id: "u-9006", email: "dee@example.org", cio_id: "a3000b000012" },
        delivery_id: "dgTQ1QQIBAOX-ff62m==",
        campaign_id: 16,
        action_id: 12,
        inbound_event_id: "01J9ZKA1Q3S5V7X9A1C3E5G7HK",
        to: "+15550101",
        recipient: "+15550102",
      },
    },
  },
  {
    name: "transactional",
    event: {
      event_id: "01J9ZKAC7F9H1K3N5Q7S9V1X3Z",
      object_type: "email",
      metric: "opened",
      timestamp: 1727953490,
      data: {
        customer_id: "u-9007",
        identifiers: { id: "u-9007", cio_id: "a3000b000013" },
        delivery_id: "dgTQ1QQIBAOY-gg73n==",
        transactional_message_id: 5,
        recipient: "eve@example.org",
        subject: "Your receipt",
        proxied: true,
        prefetched: true,
        synthetic: false,
      },
    },
  },
  {
    name: "preferences",
    event: {
      event_id: "01J9ZKAX8A1D4G7K0N3R6T9X2B",
      object_type: "customer",
      metric: "cio_subscription_preferences_changed",
      timestamp: 1727953500,
      data: {
        customer_id: "u-9001",
        email_address: "ada@example.org",
        identifiers: { id: "u-9001", email: "ada@example.org", cio_id: "a3000b000001" },
        content: '{"topics":{"topic_1":true,"topic_4":false}}',
      },
    },
  },
  {
    // All that is known: Adobe's tutorial says that it has no cio_id.
    name: "test",
    event: {
      event_id: "01J9ZKB1C3E5G7J9M1P3R5T7W9",
      object_type: "customer",
      metric: "subscribed",
      timestamp: 1727953510,
      data: {
        customer_id: "42",
        email_address: "test@example.org",
        identifiers: { id: "42", email: "test@example.org" },
      },
    },
  },
];

/**
 * A sent e-mail from a webhook with `with_content`: with its whole body and its custom headers. The event id is always
 * the same.
 *
 * @param bytes size of `data.content` in UTF-8; the event as a whole is less than 500 bytes larger
 */
export function largeEmail(bytes: number): DocumentedEvent {
  const paragraph = "<p>Dear Ada, this letter is as long as it was asked to be.</p>";
  return {
    event_id: "01J9ZKB5Z7B9D1F3H5K7N9Q1S3",
    object_type: "email",
    metric: "sent",
    timestamp: 1727953520,
    data: {
      customer_id: "u-9001",
      identifiers: { id: "u-9001", email: "ada@example.org", cio_id: "a3000b000001" },
      delivery_id: "dgTQ1QQIBAOZ-hh84p==",
      newsletter_id: 41,
      content_id: 62,
      recipient: "ada@example.org",
      subject: "The long letter",
      content: paragraph.repeat(Math.ceil(bytes / paragraph.length)).slice(0, bytes),
      headers: { "X-Letter": ["long"], "List-Unsubscribe": ["<https://shop.example.org/unsubscribe>"] },
    },
  };
}
