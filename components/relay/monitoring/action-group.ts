import { ActionGroup } from "@pulumi/azure-native/monitor/actionGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { derive } from "../../settings/inputs.ts";
import type { Settings } from "../../settings/setting-types.ts";
import { azureName } from "../azure/azure-names.ts";

/** Who gets the alerts. */
export type AlertReceivers = Pick<Settings, "alertEmails" | "alertWebhooks">;

/** Declares the group of people and webhooks that get the alerts. */
export function declareActionGroup(
  name: string,
  {
    alertEmails,
    alertWebhooks,
    ...placed
  }: AlertReceivers & { resourceGroupName: pulumi.Input<string>; actionGroupName?: pulumi.Input<string> },
  options: pulumi.CustomResourceOptions,
): ActionGroup {
  return new ActionGroup(
    azureName("actionGroup", name),
    {
      resourceGroupName: placed.resourceGroupName,
      ...(placed.actionGroupName === undefined ? {} : { actionGroupName: placed.actionGroupName }),
      location: "Global",
      groupShortName: "cio-relay",
      enabled: true,
      // Azure refuses two receivers of one name.
      emailReceivers: derive(alertEmails, (emails) =>
        distinct(emails).map((emailAddress) => ({ name: emailAddress, emailAddress, useCommonAlertSchema: true })),
      ),
      // Anyone who knows the address of such a webhook can raise alerts, so it is kept as a secret.
      webhookReceivers: derive(alertWebhooks, (addresses) =>
        addresses.map((serviceUri, index) => ({
          name: `webhook ${index + 1}`,
          serviceUri: pulumi.secret(serviceUri),
          useCommonAlertSchema: true,
        })),
      ),
    },
    options,
  );
}

/** Each address once, whatever its spelling. */
function distinct(emails: readonly string[]): string[] {
  return [...Map.groupBy(emails, (email) => email.toLowerCase()).values()].map(([first = ""]) => first);
}
