import { isMap, type PropertyValue } from "pulumi-provider-kit";
import { ArmError } from "../../arm/arm-error.ts";
import type { ResourceRequest } from "../../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../../arm/subscription.ts";

/** The months of a period, by its time grain. */
const months: Readonly<Record<string, number>> = { Monthly: 1, Quarterly: 3, Annually: 12 };

/**
 * What Azure refuses about a budget (REST reference of Microsoft.Consumption/budgets; public reports about changed
 * start dates). Only the message about a changed start date is Azure's own.
 */
export function refuseBudget({ inputs, existing }: ResourceRequest, subscription: Subscription): void {
  const amount = plainValueAt(inputs, "amount");
  if (typeof amount !== "number" || amount <= 0) refuseAs("The budget amount must be greater than zero.");
  if (textAt(inputs, "category") !== "Cost") refuseAs(`The category '${textAt(inputs, "category")}' is not supported.`);
  const grain = months[textAt(inputs, "timeGrain")];
  if (grain === undefined) refuseAs(`The time grain '${textAt(inputs, "timeGrain")}' is not supported.`);
  const start = new Date(textAt(inputs, "timePeriod.startDate"));
  if (existing) {
    if (start.getTime() !== new Date(textAt(existing.inputs, "timePeriod.startDate")).getTime()) {
      refuseAs("Start date of budgets cannot be updated. Please delete and create a new budget.");
    }
  } else refuseStart(start, grain, new Date());
  refuseNotifications(plainValueAt(inputs, "notifications"), subscription);
}

function refuseStart(start: Date, grain: number, now: Date): void {
  if (Number.isNaN(start.getTime()) || start.getUTCDate() !== 1 || start.getTime() % 86_400_000 !== 0) {
    refuseAs("The start date must be the first of a month.");
  }
  const period = Math.floor(now.getUTCMonth() / grain) * grain;
  if (start.getTime() < Date.UTC(now.getUTCFullYear(), period)) {
    refuseAs("The start date must not be before the present time grain period.");
  }
  if (start.getTime() > Date.UTC(now.getUTCFullYear() + 1, now.getUTCMonth(), 1)) {
    refuseAs("The start date must not be more than twelve months in the future.");
  }
}

function refuseNotifications(notifications: PropertyValue | undefined, subscription: Subscription): void {
  const all = isMap(notifications) ? Object.values(notifications).filter(isMap) : [];
  if (all.length > 5) refuseAs("A budget can have up to five notifications.");
  for (const { operator, threshold, thresholdType = "Actual", contactEmails, contactGroups } of all) {
    if (!["EqualTo", "GreaterThan", "GreaterThanOrEqualTo"].includes(String(operator))) {
      refuseAs(`The operator '${operator}' is not supported.`);
    }
    if (!["Actual", "Forecasted"].includes(String(thresholdType))) {
      refuseAs(`The threshold type '${thresholdType}' is not supported.`);
    }
    if (typeof threshold !== "number" || threshold < 0 || threshold > 1000) {
      refuseAs("The threshold must be between 0 and 1000.");
    }
    const groups = Array.isArray(contactGroups) ? contactGroups.map(String) : [];
    const emails = Array.isArray(contactEmails) ? contactEmails : [];
    if (groups.length + emails.length === 0) refuseAs("A notification must have a contact email or a contact group.");
    // Azure says so if it finds no action group that the caller may read, for example for a bare name.
    const unknown = groups.find((id) => subscription.get(id)?.type.token !== "azure-native:monitor:ActionGroup");
    if (unknown !== undefined) {
      throw new ArmError(401, "RBACAccessDenied", `The action group '${unknown}' was not found.`);
    }
  }
}

function refuseAs(message: string): never {
  throw new ArmError(400, "400", message);
}
