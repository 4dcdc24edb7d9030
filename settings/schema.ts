import { subscriptionNames } from "pulumi-customerio/events";
import { nearest } from "pulumi-provider-kit/settings";
import { z } from "zod";
import { longestSilence } from "../components/relay-alerts.ts";
import { mappingSettings } from "../mapping/settings.ts";
import { defaults } from "../relay/core/defaults.ts";
import { eventFilters, personalData } from "../relay/core/policy.ts";
import { delivery } from "./delivery.ts";
import { platformSettings } from "./platform-settings.ts";
import { source } from "./source.ts";

/**
 * A name that Customer.io may have for an event. It adds events without notice, so one that the catalogue lacks is sent as it is, and
 * the webhook's own check warns of it; only what can't be a name is a mistake.
 */
const subscription = z.string().regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/, {
  error: ({ input }) => {
    const meant = nearest(String(input), subscriptionNames);
    return `"${String(input)}" can't be the name of a reporting webhook event${meant ? `; did you mean ${meant}?` : ", such as email_sent"}`;
  },
});

/** The defaults are those of Pulumi.yaml, for programs that have no such file. */
export const settingsSchema = z.strictObject({
  events: z
    .array(subscription)
    .default([])
    .transform((names) => (names.length > 0 ? names : [...subscriptionNames]))
    .meta({
      description:
        "Reporting webhook events to subscribe to, such as email_delivered. Empty means every event there is.",
    }),
  fullResolution: z.boolean().default(false).meta({
    description: 'Customer.io\'s "Send frequency": true sends every open and click, false the first of each delivery.',
  }),
  withContent: z
    .boolean()
    .default(false)
    .meta({ description: 'Customer.io\'s "Body content": true adds the message body to the sent events.' }),
  testMode: z.boolean().default(false).meta({
    description: "Leaves cio_id unmapped, as Adobe asks while Customer.io's test events are sent, which carry none.",
  }),
  mapping: mappingSettings.prefault({}).meta({
    description:
      "What is changed of the automatic mapping: {set: [{destination, source or expression}], remove: [destinations], identifiers: all or id}. Checked against schema and event catalogue before anything is made.",
  }),
  ...platformSettings,
  webhook: z
    .strictObject({
      name: z.string().trim().min(1, "it is empty").optional().meta({ description: "What Customer.io calls it." }),
    })
    .prefault({})
    .meta({ description: "name of the reporting webhook in Customer.io." }),
  source: source.default("customerio").meta({
    description:
      "The source of Platform's catalogue: customerio, Adobe's own for Customer.io, which is a beta; or http, the HTTP API source, for organisations that don't have the beta.",
  }),
  delivery: delivery.default("relay").meta({
    description:
      "relay, which checks, holds and replays events; or direct: the webhook posts straight to Platform, as in Adobe's tutorial, and nothing is made in Azure. Direct is for trials and sandboxes.",
  }),
  filters: eventFilters.prefault({}).meta({
    description:
      "Which events go to Platform: {only: {...}, except: {...}}, each with any of objectTypes, metrics, campaigns (ids) and recipientDomains. An event has to match every list of only, and none of except. Empty means every event. The test events of `npx customerio-aep verify` have the object type verify, and are subject to except alone.",
  }),
  personalData: personalData.prefault({}).meta({
    description:
      "Personal data that the relay takes out before it stores anything: content (keep or drop), email and recipient (keep, hash or drop). Empty means that all is kept.",
  }),
  maximumCallAgeSeconds: z.int().min(0).max(604_800).default(0).meta({
    description:
      "Seconds that the timestamp of a call's signature may be off; 0 is any time. Nobody documents whether Customer.io signs a repeated call anew, and a call refused for its age would hold up all later ones.",
  }),
  duplicateWindowDays: z.int().min(0).max(90).default(defaults.duplicateWindowDays).meta({
    description:
      "Days for which delivered events are remembered, so that those sent again are left out; 0 sends them again.",
  }),
  maximumRequestsPerSecond: z.int().min(1).max(10_000).default(defaults.requestsPerSecond).meta({
    description:
      "Most requests a second to Platform, over all instances. Adobe's guidance is 1000 for an organisation.",
  }),
  dataflowActivationSeconds: z.int().min(0).max(3600).default(300).meta({
    description:
      "Seconds after a change of the dataflow in which the relay holds events back; Adobe asks for some five minutes.",
  }),
  drainTimeoutSeconds: z
    .int()
    .min(1)
    .max(86_400)
    .default(1800)
    .meta({ description: "Seconds that `npx pulumi destroy` waits for the relay to deliver what it still holds." }),
  nodeVersion: z
    .literal([22, 24])
    .default(22)
    .meta({ description: "Node.js version of the relay in Azure, 22 or 24." }),
  instanceMemory: z
    .literal([512, 2048, 4096])
    .default(2048)
    .meta({ description: "Memory of a relay instance in MB, 512, 2048 or 4096." }),
  maximumInstances: z
    .int()
    .min(1)
    .max(1000)
    .default(40)
    .meta({ description: "Most instances of each function group, 40 to 1000." }),
  alwaysReadyInstances: z.int().min(0).max(40).default(1).meta({
    description:
      "Instances kept warm for Customer.io's calls, which wait 4 seconds at most. 0 accepts cold starts and costs nothing.",
  }),
  alertEmails: z
    .array(z.email())
    .default([])
    .meta({ description: "E-mail addresses that are told of dead letters, events held back and a relay in trouble." }),
  silenceAlertHours: z.int().min(0).max(longestSilence).default(24).meta({
    description:
      "Hours without any call of Customer.io's, after earlier ones, after which an alert says so, 1 to 47. 0 switches the alert off, such as for a workspace that is quiet for days.",
  }),
  logRetentionDays: z
    .int()
    .min(30)
    .max(730)
    .default(30)
    .meta({ description: "Days that Azure keeps the relay's logs, 30 to 730." }),
});
