import { type PossibleSubscriptionName, subscriptionNames } from "pulumi-customerio/events";
import { nearest } from "pulumi-provider-kit/settings";
import { z } from "zod";

/**
 * A possible name of a Customer.io event. Customer.io adds events without notice, so a name that the catalogue lacks is sent unchanged, and
 * the webhook's own check warns about it; only an impossible name is a mistake.
 */
export const subscription = z.string().regex(/^[a-z][a-z0-9]*(_[a-z0-9]+)+$/, {
  error: ({ input }) => {
    const meant = nearest(String(input), subscriptionNames);
    return `"${String(input)}" can't be the name of a reporting webhook event${meant ? `; did you mean ${meant}?` : ", such as email_sent"}`;
  },
}) as z.ZodType<PossibleSubscriptionName, PossibleSubscriptionName>;
