import { subscriptionOf } from "../../src/customer-io/events/event-body.ts";

const address = { email_address: "ada@example.org" };

test.each([
  ["email", "sent", {}, "email_sent"],
  ["customer", "subscribed", address, "customer_subscribed"],
  ["email", "unsubscribed", address, "customer_unsubscribed"],
  ["email", "unsubscribed", { ...address, delivery_id: "d1" }, "email_unsubscribed"],
  ["sms", "unsubscribed", { delivery_id: "d1" }, "customer_unsubscribed"],
  ["customer", "cio_subscription_preferences_changed", address, "customer_subscription_preferences_changed"],
  [undefined, "cio_subscription_preferences_changed", {}, "customer_subscription_preferences_changed"],
  ["push", "replied", { delivery_id: "d1" }, undefined],
])("%s %s with %j belongs to %s", (object_type, metric, data, name) => {
  expect(subscriptionOf({ event_id: "E1", object_type, metric, data })).toBe(name);
});
