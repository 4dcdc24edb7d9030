import { WebTest } from "@pulumi/azure-native/applicationinsights/webTest.js";
import { MetricAlert } from "@pulumi/azure-native/monitor/metricAlert.js";
import * as pulumi from "@pulumi/pulumi";
import { operatorCommand } from "../../../relay/core/operator-command.ts";
import { azureName } from "../azure/azure-names.ts";
import { type AzurePart, nativePart } from "../azure/azure-parts.ts";
import { metricAlertActions } from "./alert-properties.ts";

export interface AvailabilityTestArgs {
  resourceGroupName: pulumi.Input<string>;
  /** The Application Insights component that keeps the results. */
  componentId: pulumi.Input<string>;
  /** The action groups that get the alert. */
  actionGroupIds: pulumi.Input<string[]>;
  /** The address that must answer 200. */
  url: pulumi.Input<string>;
}

/** Locations of Azure's tests (its "Availability tests", location population tags): two in Europe, one in the US. */
const places = ["emea-nl-ams-azr", "emea-gb-db3-azr", "us-va-ash-azr"];

/**
 * Seconds between two calls from one location. At 15 minutes, three locations make 8,640 calls a month, about $5 at the
 * prices of 2026.
 */
const frequency = 900;

/**
 * Checks from outside whether the relay answers, since a relay that does not start writes no log line. Two of
 * three locations must fail within half an hour, so that one lost call raises no alert.
 */
export class AvailabilityTest extends pulumi.ComponentResource {
  readonly parts: Record<string, AzurePart>;

  constructor(name: string, args: AvailabilityTestArgs, options?: pulumi.ComponentResourceOptions) {
    super("customerio-aep:index:AvailabilityTest", name, {}, options);
    const parent = { parent: this };
    const { resourceGroupName, componentId } = args;
    const test = new WebTest(
      azureName("webTest", name),
      {
        resourceGroupName,
        kind: "standard",
        webTestKind: "standard",
        syntheticMonitorId: azureName("webTest", name),
        description: "Whether the relay answers, and reaches its storage.",
        enabled: true,
        frequency,
        timeout: 60,
        retryEnabled: true,
        locations: places.map((location) => ({ location })),
        request: { requestUrl: args.url, httpVerb: "GET", parseDependentRequests: false, followRedirects: false },
        validationRules: { expectedHttpStatusCode: 200, sSLCheck: false },
        // Azure finds the component of a test only by this tag.
        tags: pulumi.output(componentId).apply((id) => ({ [`hidden-link:${id}`]: "Resource" })),
      },
      parent,
    );
    const alert = new MetricAlert(
      azureName("alert", `${name}-alert`),
      {
        resourceGroupName,
        location: "global",
        description: `The relay does not answer, or can't reach its storage, so Customer.io holds back all events. ${operatorCommand("status")} says what to do.`,
        severity: 1,
        enabled: true,
        autoMitigate: true,
        scopes: [test.id, componentId],
        evaluationFrequency: "PT5M",
        windowSize: "PT30M",
        criteria: {
          odataType: "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria",
          webTestId: test.id,
          componentId,
          failedLocationCount: 2,
        },
        actions: metricAlertActions(args.actionGroupIds, "availability"),
      },
      parent,
    );
    this.parts = { "availability test": nativePart(test), "alert of the availability test": nativePart(alert) };
    this.registerOutputs({});
  }
}
