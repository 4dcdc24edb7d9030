import { fieldGroupBody } from "../../events/field-group.ts";
import { eventFields } from "../../events/fields.ts";
import { type EventMapping, eventMappings } from "../../events/mapping.ts";
import { customizeMapping } from "../../mapping/customize.ts";
import { mappingSettings } from "../../mapping/settings.ts";
import { compileMapping, mapRecord } from "../../packages/local-cloud/src/platform/data-prep/mapper.ts";
import { readMappingItem } from "../../packages/local-cloud/src/platform/data-prep/mapping-item.ts";
import { strictSwitches } from "../../packages/local-cloud/src/platform/state/options.ts";
import type { JsonObject } from "../../packages/local-cloud/src/platform/web/json.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";

const receivedAt = "2026-11-20T10:00:00.500Z";
const schema = {
  type: "object",
  properties: {
    ...fieldGroupBody("acme").definitions.customFields.properties,
    _id: { type: "string" },
    timestamp: { type: "string", format: "date-time" },
    eventType: { type: "string" },
  },
} as unknown as JsonObject;
const automatic = eventMappings({ tenantId: "acme", testMode: false });

/** The row of a sample after relay, mapping and schema. */
function rowOf(sample: string, mappings: readonly EventMapping[] = automatic): JsonObject {
  const event = samples.find(({ name }) => name === sample)?.event;
  const classified = classifyText(JSON.stringify(event));
  if (classified.kind !== "event") throw new Error(classified.reason);
  const source = JSON.parse(enrich(classified, receivedAt)) as JsonObject;
  const compiled = mappings.map((mapping) => compileMapping(readMappingItem({ ...mapping }), schema));
  const { row, warnings, failures } = mapRecord(compiled, { source, now: Date.parse(receivedAt) }, strictSwitches);
  expect({ warnings, failures }).toEqual({ warnings: [], failures: [] });
  return row;
}

/** Fields of each row from the relay. */
const relayed = {
  device_platforms: [],
  device_ids: [],
  device_failures: [],
  headers: [],
  received_at: receivedAt,
  unmapped: [],
  unknown: [],
};

const rows: readonly (readonly [sample: string, id: string, time: string, fields: JsonObject])[] = [
  [
    "customer",
    "01J9ZK3M5X8QW2R7T4V6B1N0CA",
    "2024-10-03T11:00:00.000Z",
    {
      object_type: "customer",
      id: "u-9001",
      email: "ada@example.org",
      cio_id: "a3000b000001",
      metric: "unsubscribed",
      timestamp: 1727953200,
      customer_id: "u-9001",
      email_address: "ada@example.org",
    },
  ],
  [
    "email",
    "01J9ZK4A7C2E5G8J1M3P6R9TVX",
    "2024-10-03T11:01:01.000Z",
    {
      object_type: "email",
      id: "u-9001",
      email: "ada@example.org",
      cio_id: "a3000b000001",
      metric: "clicked",
      timestamp: 1727953261,
      customer_id: "u-9001",
      delivery_id: "dgTQ1QQIBAOQ-Zk_7w==",
      campaign_id: 12,
      action_id: 345,
      parent_action_id: 341,
      journey_id: "01J9ZJY0AA11BB22CC33DD44EE",
      recipient: "ada@example.org",
      subject: "Your October invoice",
      href: "https://shop.example.org/invoices/77",
      link_id: 3,
      machine: false,
    },
  ],
  [
    "sms",
    "01J9ZK5D9F1H4K7N0Q2S5V8WYZ",
    "2024-10-03T11:01:40.000Z",
    {
      object_type: "sms",
      id: "u-9002",
      metric: "bounced",
      timestamp: 1727953300,
      customer_id: "u-9002",
      delivery_id: "dgTQ1QQIBAOR-aa17g==",
      broadcast_id: 8,
      trigger_id: 2,
      action_id: 51,
      recipient: "+15550100",
      failure_message: "30003: unreachable handset",
    },
  ],
  [
    "push",
    "01J9ZK6G0J3M6P9S2V5Y8B1E4H",
    "2024-10-03T11:02:13.000Z",
    {
      object_type: "push",
      email: "bo@example.org",
      cio_id: "a3000b000007",
      metric: "sent",
      timestamp: 1727953333,
      delivery_id: "dgTQ1QQIBAOS-bb28h==",
      newsletter_id: 40,
      content_id: 61,
      device_platforms: ["ios", "android"],
      device_ids: ["device-token-1", "device-token-2"],
      device_failures: ["device-token-2: NotRegistered"],
    },
  ],
  [
    "in_app",
    "01J9ZK7K4N7R0T3W6Z9C2F5J8M",
    "2024-10-03T11:03:10.000Z",
    {
      object_type: "in_app",
      id: "u-9003",
      cio_id: "a3000b000009",
      metric: "clicked",
      timestamp: 1727953390,
      customer_id: "u-9003",
      delivery_id: "dgTQ1QQIBAOT-cc39i==",
      campaign_id: 13,
      action_id: 402,
      recipient: "u-9003",
      href: "app://plans",
      link_id: 1,
      tracked_response: "Upgrade",
    },
  ],
  [
    "slack",
    "01J9ZK8P2S5V8Y1B4E7H0K3N6Q",
    "2024-10-03T11:03:40.000Z",
    {
      object_type: "slack",
      id: "u-9004",
      metric: "failed",
      timestamp: 1727953420,
      customer_id: "u-9004",
      delivery_id: "dgTQ1QQIBAOV-dd40j==",
      campaign_id: 14,
      action_id: 77,
      failure_message: "channel_not_found",
    },
  ],
  [
    "webhook",
    "01J9ZK9T6W9Z2C5F8J1M4P7S0V",
    "2024-10-03T11:04:15.000Z",
    {
      object_type: "webhook",
      id: "u-9005",
      email: "cy@example.org",
      cio_id: "a3000b000011",
      metric: "sent",
      timestamp: 1727953455,
      customer_id: "u-9005",
      delivery_id: "dgTQ1QQIBAOW-ee51k==",
      campaign_id: 15,
      action_id: 90,
      recipient: "https://crm.example.org/hooks/1",
      content: '{"plan":"pro"}',
    },
  ],
  [
    "whatsapp",
    "01J9ZKA2R4T6W8Y0B2D4F6H8JM",
    "2024-10-03T11:04:40.000Z",
    {
      object_type: "whatsapp",
      id: "u-9006",
      email: "dee@example.org",
      cio_id: "a3000b000012",
      metric: "replied",
      timestamp: 1727953480,
      customer_id: "u-9006",
      delivery_id: "dgTQ1QQIBAOX-ff62m==",
      campaign_id: 16,
      action_id: 12,
      inbound_event_id: "01J9ZKA1Q3S5V7X9A1C3E5G7HK",
      to: "+15550101",
      recipient: "+15550102",
    },
  ],
  [
    "preferences",
    "01J9ZKAX8A1D4G7K0N3R6T9X2B",
    "2024-10-03T11:05:00.000Z",
    {
      object_type: "customer",
      id: "u-9001",
      email: "ada@example.org",
      cio_id: "a3000b000001",
      metric: "cio_subscription_preferences_changed",
      timestamp: 1727953500,
      customer_id: "u-9001",
      email_address: "ada@example.org",
      content: '{"topics":{"topic_1":true,"topic_4":false}}',
      topics: ["topic_1"],
      topics_off: ["topic_4"],
    },
  ],
];

test.each(rows)("the sample %s becomes its row", (sample, id, timestamp, fields) => {
  expect(rowOf(sample)).toEqual({ _id: id, timestamp, _acme: { customerio: { event_id: id, ...relayed, ...fields } } });
});

test("the tutorial's seven pairs map its sample", () => {
  const tutorial = eventFields.filter((field) => field.tutorial).map(({ name }) => name);
  const pairs = automatic.filter(({ destination }) => tutorial.includes(destination.replace("_acme.customerio.", "")));
  expect(pairs.map(({ source, destination }) => [destination, source])).toEqual([
    ["timestamp", "relay.occurred_at"],
    ["_acme.customerio.object_type", "object_type"],
    ["_acme.customerio.id", "data.identifiers.id"],
    ["_acme.customerio.email", "data.identifiers.email"],
    ["_acme.customerio.event_id", "event_id"],
    ["_acme.customerio.cio_id", "data.identifiers.cio_id"],
    ["_acme.customerio.metric", "metric"],
    ["_acme.customerio.timestamp", "timestamp"],
  ]);
  expect(rowOf("tutorial", pairs.slice(1))).toEqual({
    _acme: {
      customerio: {
        object_type: "customer",
        id: "42",
        email: "test@example.com",
        event_id: "01E4C4CT6YDC7Y5M7FE1GWWPQJ",
        cio_id: "d9c106000001",
        metric: "subscribed",
        timestamp: 1613063089,
      },
    },
  });
});

test("the settings calculate fields as docs/mapping.md shows", () => {
  const settings = mappingSettings.parse({
    set: [
      { destination: "eventType", expression: 'concat("customerio.", object_type, ".", metric)' },
      { destination: "customerio.email", expression: "lower(data.identifiers.email)" },
    ],
    remove: ["customerio.*"],
  });
  expect(rowOf("webhook", customizeMapping(automatic, { settings, tenantId: "acme" }))).toEqual({
    _id: "01J9ZK9T6W9Z2C5F8J1M4P7S0V",
    timestamp: "2024-10-03T11:04:15.000Z",
    eventType: "customerio.webhook.sent",
    _acme: { customerio: { email: "cy@example.org" } },
  });
});
