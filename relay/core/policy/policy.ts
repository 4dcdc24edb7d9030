import * as z from "zod";
import { asciiDomain } from "./email-address.ts";

/** A domain in any script and case. Domains are compared in their DNS form. */
const domain = z.string().transform((text, context) => {
  const ascii = asciiDomain(text);
  if (ascii !== undefined && /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(ascii)) return ascii;
  context.addIssue({ code: "custom", message: "it must be a domain such as example.org" });
  return z.NEVER;
});

/** Values that the catalogue lacks are accepted, since Customer.io adds some without notice; a preview warns of them. */
const name = z.string().trim().min(1, "it is empty");

/** The properties that select events. A list has at least one entry. */
const criteria = z.strictObject({
  objectTypes: z.array(name).min(1).optional().meta({
    description:
      "Object types, such as customer, email, sms or push; the test events of the command verify have the type verify.",
  }),
  metrics: z.array(name).min(1).optional().meta({ description: "Metrics, such as delivered or opened." }),
  campaigns: z.array(z.int()).min(1).optional().meta({ description: "Ids of campaigns." }),
  recipientDomains: z.array(domain).min(1).optional().meta({
    description: "What follows the @ of the recipients' e-mail addresses: those of the message, or that of the person.",
  }),
});

/** Which events go to Platform: those that match every list in `only` and no list in `except`. */
export const eventFilters = z.strictObject({
  only: criteria.optional().meta({ description: "Events must match every list." }),
  except: criteria.optional().meta({ description: "Events must match none of the lists." }),
});

const treatment = z.enum(["keep", "hash", "drop"]);

/** Which personal data Platform gets; see `redact`. */
export const personalData = z.strictObject({
  content: z.enum(["keep", "drop"]).default("keep").meta({ description: "Message bodies: keep or drop." }),
  email: treatment.default("keep").meta({ description: "E-mail addresses of the person: keep, hash or drop." }),
  recipient: treatment
    .default("keep")
    .meta({ description: "Addresses to which messages were sent: keep, hash or drop." }),
});

/** What the relay does to an event before it stores it. */
export const eventPolicy = z.strictObject({
  filters: eventFilters.prefault({}),
  personalData: personalData.prefault({}),
});

/** Whether the settings change no event. */
export function keepsAll(options: PersonalData): boolean {
  return options.content === "keep" && options.email === "keep" && options.recipient === "keep";
}

export type EventFilters = z.output<typeof eventFilters>;
export type PersonalData = z.output<typeof personalData>;
export type EventPolicy = z.output<typeof eventPolicy>;
