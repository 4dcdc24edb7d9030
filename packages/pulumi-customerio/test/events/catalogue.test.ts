import fc from "fast-check";
import {
  metricsByObjectType,
  type SubscriptionName,
  subscriptionName,
  subscriptionNames,
} from "../../src/events/catalogue.ts";

describe("subscriptionNames", () => {
  test("has 72 names, each once", () => {
    expect(subscriptionNames).toHaveLength(72);
    expect(new Set(subscriptionNames).size).toBe(72);
  });

  test("has the right number for each object type", () => {
    const counts = Object.entries(metricsByObjectType).map(([objectType, metrics]) => [objectType, metrics.length]);
    expect(Object.fromEntries(counts)).toEqual({
      customer: 3,
      email: 14,
      sms: 11,
      push: 11,
      in_app: 8,
      slack: 6,
      webhook: 7,
      whatsapp: 12,
    });
  });

  test("spells the change of preferences as subscriptions do, not as payloads do", () => {
    expect(subscriptionNames.slice(0, 3)).toEqual([
      "customer_subscribed",
      "customer_unsubscribed",
      "customer_subscription_preferences_changed",
    ]);
  });
});

describe("subscriptionName", () => {
  test("names every pair of the catalogue, in the catalogue's order", () => {
    const pairs = Object.entries(metricsByObjectType).flatMap(([object_type, metrics]) =>
      metrics.map((metric) => ({ object_type, metric })),
    );
    expect(pairs.map(subscriptionName)).toEqual(subscriptionNames);
  });

  test.each<[string | undefined, string, SubscriptionName]>([
    ["customer", "cio_subscription_preferences_changed", "customer_subscription_preferences_changed"],
    ["email", "cio_subscription_preferences_changed", "customer_subscription_preferences_changed"],
    [undefined, "cio_subscription_preferences_changed", "customer_subscription_preferences_changed"],
    ["email", "subscribed", "customer_subscribed"],
    ["whatsapp", "unsubscribed", "customer_unsubscribed"],
    ["email", "unsubscribed", "email_unsubscribed"],
  ])("names (%s, %s) %s", (object_type, metric, name) => {
    expect(subscriptionName({ object_type, metric })).toBe(name);
  });

  test.each<[unknown, unknown]>([
    ["email", "summoned"],
    ["inbox", "sent"],
    ["inbox", "subscribed"],
    ["push", "replied"],
    ["in", "app_sent_twice"],
    ["toString", "subscribed"],
    ["", "subscribed"],
    [undefined, "subscribed"],
    ["email", undefined],
    [7, "sent"],
    [["email"], "sent"],
  ])("does not know (%p, %p)", (object_type, metric) => {
    expect(subscriptionName({ object_type, metric })).toBeUndefined();
  });

  test("returns a known name or undefined for any payload", () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (object_type, metric) => {
        expect([undefined, ...subscriptionNames]).toContain(subscriptionName({ object_type, metric }));
      }),
    );
  });
});
