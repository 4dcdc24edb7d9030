import type * as pulumi from "@pulumi/pulumi";
import { operatorCommand } from "../../../relay/core/operator-command.ts";
import { eventGridApiVersion } from "../../../relay/deploy/api-versions.ts";
import { ArmResource } from "../../../relay/deploy/sdk.ts";
import { alertProperties } from "./alert-properties.ts";

/**
 * What a vault reports about secrets 30 days before they expire, and once they have expired (Event Grid, "Azure Key
 * Vault as Event Grid source").
 */
const reported = ["Microsoft.KeyVault.SecretNearExpiry", "Microsoft.KeyVault.SecretExpired"];

/**
 * Raises an alert 30 days before a secret of a vault expires. No metric or log shows that, only the vault's own events, which Event Grid
 * turns into alerts (Microsoft, "Handle Azure Key Vault events using Azure Monitor alerts").
 *
 * A vault reports only secrets and versions that are written after the subscription.
 */
export function declareSecretExpiryAlert(
  name: string,
  { vaultId, actionGroupIds }: { vaultId: pulumi.Input<string>; actionGroupIds: pulumi.Input<string[]> },
  options: pulumi.CustomResourceOptions,
): ArmResource {
  const { stack, runbook } = alertProperties("secret-expiry");
  return new ArmResource(
    `${name}-secret-expiry`,
    {
      parentId: vaultId,
      path: "providers/Microsoft.EventGrid/eventSubscriptions/customerio-aep",
      apiVersion: eventGridApiVersion,
      body: {
        properties: {
          // The only one for alerts.
          eventDeliverySchema: "CloudEventSchemaV1_0",
          filter: { includedEventTypes: reported },
          destination: {
            endpointType: "MonitorAlert",
            properties: {
              severity: "Sev2",
              actionGroups: actionGroupIds,
              // Such an alert has no other properties.
              description:
                "A secret in the relay's vault expires within 30 days, or has expired. " +
                `${operatorCommand("status")} says which. Stack: ${stack}. What to do: ${runbook}`,
            },
          },
        },
      },
    },
    options,
  );
}
