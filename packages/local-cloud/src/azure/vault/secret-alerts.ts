import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";

const day = 86_400_000;

/** What a vault reports about secrets (Event Grid, "Azure Key Vault as Event Grid source"). */
export const secretEvents: readonly string[] = ["NewVersionCreated", "NearExpiry", "Expired"].map(
  (name) => `Microsoft.KeyVault.Secret${name}`,
);
const [, nearExpiry = "", expired = ""] = secretEvents;

/** An alert that Azure Monitor raises for an event. */
export interface SecretAlert {
  readonly event: string;
  /** Id of the secret. */
  readonly secretId: string;
  readonly severity: string;
  readonly description: string;
  readonly actionGroups: readonly string[];
}

/**
 * The alerts about secrets that are raised by a given time: 30 days before the current version of a secret expires, and
 * when it has expired. Only versions that are written after the subscription to a vault's events are reported (Key
 * Vault, "Monitoring Key Vault with Azure Event Grid").
 *
 * @param now milliseconds since 1970
 */
export function secretAlerts(subscription: Subscription, now: number): SecretAlert[] {
  return subscription.list("eventgrid:EventSubscription").flatMap(({ inputs, outputs }) => {
    const since = Date.parse(textAt(outputs, "systemData.createdAt"));
    const wanted = listOf(plainValueAt(inputs, "filter.includedEventTypes"));
    const secrets = subscription
      .tree(textAt(inputs, "scope"))
      .filter(({ type }) => type.token === "azure-native:keyvault:Secret");
    return secrets.flatMap((secret) => {
      const present = textAt(secret.outputs, "properties.secretUriWithVersion").split("/").at(-1) ?? "";
      const { createdAt, expires } = subscription.secretVersions.get(`${secret.id}/${present}`.toLowerCase()) ?? {};
      if (createdAt === undefined || expires === undefined || createdAt < since) return [];
      const events = [
        ...(now >= expires * 1000 - 30 * day ? [nearExpiry] : []),
        ...(now >= expires * 1000 ? [expired] : []),
      ];
      return events
        .filter((event) => wanted.includes(event))
        .map((event) => ({
          event,
          secretId: secret.id,
          severity: textAt(inputs, "destination.properties.severity"),
          description: textAt(inputs, "destination.properties.description"),
          actionGroups: listOf(plainValueAt(inputs, "destination.properties.actionGroups")),
        }));
    });
  });
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
