import type { PropertyMap } from "../../../pulumi-provider-kit/src/engine/values.ts";
import { typeOfId } from "../../src/azure/arm/resource-id.ts";
import { Subscription } from "../../src/azure/arm/subscription.ts";
import { refuseResource } from "../../src/azure/refusals/refusals.ts";
import { defaultAzureSwitches } from "../../src/azure/switches.ts";

const group = "/subscriptions/sub/resourceGroups/group";
const vault = `${group}/providers/Microsoft.KeyVault/vaults/vault`;
const account = `${group}/providers/Microsoft.Storage/storageAccounts/account`;
const people = `${group}/providers/Microsoft.Insights/actionGroups/people`;

const alert = (changes: PropertyMap = {}): PropertyMap => ({
  endpointType: "MonitorAlert",
  properties: { severity: "Sev2", actionGroups: [people], ...changes },
});

/** Azure's answer to a subscription to the events of a scope. */
function refusal(scope: string, inputs: PropertyMap): string {
  const subscription = new Subscription({ subscriptionId: "sub", tenantId: "tenant" });
  for (const id of [group, vault, account, people]) {
    const found = typeOfId(id);
    if (found) subscription.put({ id, type: found.type, name: id.split("/").at(-1) ?? "", inputs: {}, outputs: {} });
  }
  const id = `${scope}/providers/Microsoft.EventGrid/eventSubscriptions/alert`;
  const found = typeOfId(id);
  if (!found) throw new Error(`No type of ${id}`);
  const request = { id, type: found.type, name: "alert", inputs: { ...inputs, ...found.path }, existing: undefined };
  try {
    refuseResource(request, subscription, defaultAzureSwitches);
    return "accepted";
  } catch (error) {
    return (error as Error).message;
  }
}

const fine = {
  eventDeliverySchema: "CloudEventSchemaV1_0",
  filter: { includedEventTypes: ["Microsoft.KeyVault.SecretNearExpiry"] },
  destination: alert(),
};

test("an alert about a vault's events is accepted", () => {
  expect(refusal(vault, fine)).toBe("accepted");
});

test.each<[string, string, PropertyMap, string]>([
  ["of another resource", account, fine, "Azure Key Vault only"],
  ["of a vault that is not there", `${vault}2`, fine, "ParentResourceNotFound"],
  [
    "in Event Grid's own schema",
    vault,
    { ...fine, eventDeliverySchema: "EventGridSchema" },
    "CloudEventSchemaV1_0 only",
  ],
  ["without a schema", vault, { filter: fine.filter, destination: fine.destination }, "CloudEventSchemaV1_0 only"],
  ["without a severity", vault, { ...fine, destination: alert({ severity: "2" }) }, "severity '2'"],
  ["to nobody that exists", vault, { ...fine, destination: alert({ actionGroups: [`${people}2`] }) }, "was not found"],
  [
    "of another type",
    vault,
    { ...fine, filter: { includedEventTypes: ["Microsoft.Storage.BlobCreated"] } },
    "event type",
  ],
  ["to a webhook", vault, { ...fine, destination: { endpointType: "WebHook" } }, "as alerts alone"],
])("an alert %s is refused", (_what, scope, inputs, said) => {
  expect(refusal(scope, inputs)).toContain(said);
});
