import { customerioSubjects } from "../../test/subjects/customerio.ts";
import { platformSubjects } from "../../test/subjects/platform.ts";
import { relaySubjects } from "../../test/subjects/relay.ts";
import { resolveReferences } from "../../test/subjects/subject.ts";

/** How to declare a resource, and import it by an id that users can see. */
export interface Example {
  /** Name in the program; other examples refer to it as `${name.property}`. */
  readonly name: string;
  readonly inputs: { readonly [key: string]: unknown };
  /** The kind of id for `pulumi import`, and where to copy it; absent: it can't be imported. */
  readonly imported?: { readonly id: string; readonly where: string };
}

/** The subjects of the tests, with references in the form `${name.property}`. */
const fromSubjects = [...platformSubjects("acme"), ...customerioSubjects, ...relaySubjects].map(
  ({ type, name, inputs, imported }): [string, Example] => [
    type,
    {
      name,
      inputs: resolveReferences(inputs, (reference) => `\${${reference.name}.${reference.property}}`),
      ...(imported && { imported }),
    },
  ],
);

/** One example for each resource, by type token. Together they form a whole program. */
export const examples: Readonly<Record<string, Example>> = {
  ...Object.fromEntries(fromSubjects),
  "customerio-aep:index:CustomerIoSource": {
    name: "events",
    inputs: {
      signingKeys: "${signingKeys}",
      alertEmails: ["oncall@example.com"],
      filters: { except: { recipientDomains: ["example.com"] } },
      personalData: { content: "drop" },
    },
  },
  "customerio-aep:index:PlatformDataflow": {
    name: "platform",
    inputs: { dataset: { name: "Customer.io events", rowExpirationDays: 395 } },
  },
  "customerio-aep:index:WebhookRelay": {
    name: "relay",
    inputs: {
      streamingUrl: "${platform.streamingUrl}",
      readyAt: "${platform.readyAt}",
      signingKeys: "${signingKeys}",
      alertEmails: ["oncall@example.com"],
    },
  },
  "customerio-aep:index:ReportingWebhookSubscription": {
    name: "subscription",
    inputs: { endpoint: "${relay.url}", events: ["email_delivered", "email_bounced"] },
  },
};
