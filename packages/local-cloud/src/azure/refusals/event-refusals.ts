import { ArmError } from "../arm/arm-error.ts";
import type { ResourceRequest } from "../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../arm/subscription.ts";
import { secretEvents } from "../vault/secret-alerts.ts";

const severities = ["Sev0", "Sev1", "Sev2", "Sev3", "Sev4"];

/**
 * What Azure refuses about an event subscription, as far as these programs use them: alerts about a vault's secrets.
 */
export function refuseEventSubscription({ name, inputs }: ResourceRequest, subscription: Subscription): void {
  const refuse = (message: string) => {
    throw new ArmError(400, "InvalidRequest", message);
  };
  if (!/^[a-z0-9-]{3,64}$/i.test(name)) refuse(`Event subscription name '${name}' is not valid.`);
  const destination = textAt(inputs, "destination.endpointType");
  if (destination !== "MonitorAlert") {
    refuse(`The local cloud delivers events as alerts alone, not to '${destination}'.`);
  }
  // Microsoft, "How to send events to Azure monitor alerts".
  if (subscription.get(textAt(inputs, "scope"))?.type.token !== "azure-native:keyvault:Vault") {
    refuse("The destination MonitorAlert is supported for events of Azure Key Vault only.");
  }
  if (textAt(inputs, "eventDeliverySchema") !== "CloudEventSchemaV1_0") {
    refuse("The destination MonitorAlert supports the event delivery schema CloudEventSchemaV1_0 only.");
  }
  const severity = textAt(inputs, "destination.properties.severity");
  if (!severities.includes(severity)) {
    refuse(`The severity '${severity}' of the destination MonitorAlert is not valid.`);
  }
  const types = plainValueAt(inputs, "filter.includedEventTypes");
  for (const type of Array.isArray(types) ? types.map(String) : []) {
    if (!secretEvents.includes(type)) refuse(`The event type '${type}' is not supported by the topic type.`);
  }
  const groups = plainValueAt(inputs, "destination.properties.actionGroups");
  for (const id of Array.isArray(groups) ? groups.map(String) : []) {
    if (subscription.get(id) === undefined) refuse(`The action group '${id}' was not found.`);
  }
}
