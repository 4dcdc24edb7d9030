import * as z from "zod";
import { metricsByObjectType } from "../../events/catalogue.ts";
import { verification } from "../../events/verification.ts";

const objectTypes = [...Object.keys(metricsByObjectType), verification.objectType];
const metrics = [...new Set(Object.values(metricsByObjectType).flat())];

const domain = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "it must be a domain such as example.org");

/** What an event can be told by. Each list that is given has one entry at least. */
const criteria = z.strictObject({
  /** `object_type`: customer, email, sms, push, in_app, slack, webhook, whatsapp; and verify, of `ops verify`. */
  objectTypes: z.array(z.enum(objectTypes)).min(1).optional(),
  /** `metric`, such as delivered or opened, as events spell it. */
  metrics: z.array(z.enum(metrics)).min(1).optional(),
  /** `data.campaign_id`. */
  campaigns: z.array(z.int()).min(1).optional(),
  /** What follows the @ of the recipient's e-mail address: that of the message, else that of the person. */
  recipientDomains: z.array(domain).min(1).optional(),
});

/** Which events go to Platform: those that match every list of `only`, and none of `except`. */
export const eventFilters = z.strictObject({ only: criteria.optional(), except: criteria.optional() });

const treatment = z.enum(["keep", "hash", "drop"]);

/** What Platform gets to know of persons; see `redact`. */
export const personalData = z.strictObject({
  content: z.enum(["keep", "drop"]).default("keep"),
  email: treatment.default("keep"),
  recipient: treatment.default("keep"),
});

/** What the relay does with an event before it takes it in. */
export const eventPolicy = z.strictObject({
  filters: eventFilters.prefault({}),
  personalData: personalData.prefault({}),
});

export type EventFilters = z.output<typeof eventFilters>;
export type PersonalData = z.output<typeof personalData>;
export type EventPolicy = z.output<typeof eventPolicy>;
