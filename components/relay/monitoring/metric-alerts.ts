import { MetricAlert } from "@pulumi/azure-native/monitor/metricAlert.js";
import * as pulumi from "@pulumi/pulumi";
import { azureName } from "../azure/azure-names.ts";
import { type AzurePart, nativePart } from "../azure/azure-parts.ts";
import { metricAlertActions } from "./alert-properties.ts";

export interface MetricAlertsArgs {
  resourceGroupName: pulumi.Input<string>;
  storageAccountId: pulumi.Input<string>;
  /** The separate account of the Functions host and the code, if there is one. */
  hostAccountId: pulumi.Input<string> | undefined;
  /** Undefined for an existing vault, since it may refuse other callers. */
  vaultId: pulumi.Input<string> | undefined;
  /** The action groups that get the alerts. */
  actionGroupIds: pulumi.Input<string[]>;
}

/** A metric of Azure's platform, and the threshold of its alert. */
export interface PlatformAlert {
  readonly description: string;
  readonly severity: 1 | 2;
  readonly scope: "storage" | "hostStorage" | "queues" | "vault";
  readonly namespace: string;
  readonly metric: string;
  readonly aggregation: "Average" | "Total" | "Count";
  readonly operator: "GreaterThan" | "LessThan";
  readonly threshold: number;
  /** Values of a dimension that count; absent: all. */
  readonly dimension?: { readonly name: string; readonly values: readonly string[] };
  readonly window: "PT5M" | "PT15M" | "P1D";
  readonly every: "PT1M" | "PT5M" | "PT1H";
}

/**
 * The alerts on Azure's own metrics, by name, which need no log lines of the relay. None is about the function app: for
 * a Flex Consumption app, Microsoft documents only metrics for billing, and none for failed calls, so the availability
 * test watches it. Metrics, aggregations and dimensions are those of Azure Monitor's "supported metrics" for
 * Microsoft.Storage/storageAccounts, its queueServices, and Microsoft.KeyVault/vaults. Each has a section
 * `alert-<name>` in docs/runbooks.md.
 */
export const platformAlerts = {
  "storage-unavailable": {
    description: "The relay's storage account is failing requests, so some events can't be accepted or delivered.",
    severity: 1,
    scope: "storage",
    namespace: "Microsoft.Storage/storageAccounts",
    metric: "Availability",
    aggregation: "Average",
    operator: "LessThan",
    threshold: 99,
    window: "PT15M",
    every: "PT5M",
  },
  "host-storage-unavailable": {
    description:
      "The storage account of the relay's host and code is failing requests. New instances of the relay may not start.",
    severity: 2,
    scope: "hostStorage",
    namespace: "Microsoft.Storage/storageAccounts",
    metric: "Availability",
    aggregation: "Average",
    operator: "LessThan",
    threshold: 99,
    window: "PT15M",
    every: "PT5M",
  },
  "storage-throttled": {
    description: "The relay's storage account is throttling requests. Events are slow, but none is lost.",
    severity: 2,
    scope: "storage",
    namespace: "Microsoft.Storage/storageAccounts",
    metric: "Transactions",
    dimension: {
      name: "ResponseType",
      // The account's limits, and the service's own (Azure Storage, "Metrics dimensions").
      values: ["ClientAccountRequestThrottlingError", "ClientAccountBandwidthThrottlingError", "ServerBusyError"],
    },
    aggregation: "Total",
    operator: "GreaterThan",
    threshold: 100,
    window: "PT15M",
    every: "PT5M",
  },
  "queue-depth": {
    description: "On average over a day, more than 500,000 messages have been waiting in the relay's queues.",
    severity: 2,
    scope: "queues",
    namespace: "Microsoft.Storage/storageAccounts/queueServices",
    metric: "QueueMessageCount",
    // Azure counts messages hourly or only once a day: its documents disagree. So the alert uses the average of a day, and
    // more messages than a blast leaves even if the day's only count happens during it: 20 events or more then share a
    // message.
    aggregation: "Average",
    operator: "GreaterThan",
    threshold: 500_000,
    window: "P1D",
    every: "PT1H",
  },
  "vault-refuses": {
    description: "The vault refused a caller. If it was the relay, its next restart may fail for lack of secrets.",
    severity: 2,
    scope: "vault",
    namespace: "Microsoft.KeyVault/vaults",
    metric: "ServiceApiResult",
    dimension: { name: "StatusCode", values: ["403"] },
    // It does not look back further: while the roles of a first deployment propagate, before this rule exists, the vault
    // refuses calls too.
    aggregation: "Count",
    operator: "GreaterThan",
    threshold: 0,
    window: "PT5M",
    every: "PT1M",
  },
} as const satisfies Record<string, PlatformAlert>;

/** Raises an alert if Azure's metrics show problems of the relay's storage, queues or vault. */
export class MetricAlerts extends pulumi.ComponentResource {
  readonly parts: Record<string, AzurePart> = {};

  constructor(name: string, args: MetricAlertsArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:MetricAlerts", name, {}, options);
    const scopes = {
      storage: args.storageAccountId,
      hostStorage: args.hostAccountId,
      queues: pulumi.interpolate`${args.storageAccountId}/queueServices/default`,
      vault: args.vaultId,
    };
    for (const [alert, definition] of Object.entries<PlatformAlert>(platformAlerts)) {
      const { dimension } = definition;
      const scope = scopes[definition.scope];
      if (scope === undefined) continue;
      const rule = new MetricAlert(
        azureName("alert", `${name}-${alert}`),
        {
          resourceGroupName: args.resourceGroupName,
          location: "global",
          description: definition.description,
          severity: definition.severity,
          enabled: true,
          autoMitigate: true,
          scopes: [scope],
          evaluationFrequency: definition.every,
          windowSize: definition.window,
          criteria: {
            odataType: "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            allOf: [
              {
                criterionType: "StaticThresholdCriterion",
                name: alert,
                metricNamespace: definition.namespace,
                metricName: definition.metric,
                timeAggregation: definition.aggregation,
                operator: definition.operator,
                threshold: definition.threshold,
                ...(dimension
                  ? { dimensions: [{ name: dimension.name, operator: "Include", values: [...dimension.values] }] }
                  : {}),
              },
            ],
          },
          actions: metricAlertActions(args.actionGroupIds, alert),
        },
        { parent: this },
      );
      this.parts[`alert "${alert}"`] = nativePart(rule);
    }
    this.registerOutputs({});
  }
}
