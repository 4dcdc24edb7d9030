import { type PossibleSubscriptionName, subscriptionNames } from "pulumi-customerio/events";
import { nearest } from "pulumi-provider-kit/settings";
import { z } from "zod";

/**
 * A name that Customer.io may have for an event. It adds events without notice, so one that the catalogue lacks is sent as it is, and
 * the webhook's own check warns of it; only what can't be a name is a mistake.
 */
export const subscription = z.string().regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/, {
  error: ({ input }) => {
    const meant = nearest(String(input), subscriptionNames);
    return `"${String(input)}" can't be the name of a reporting webhook event${meant ? `; did you mean ${meant}?` : ", such as email_sent"}`;
  },
}) as z.ZodType<PossibleSubscriptionName, PossibleSubscriptionName>;
