import { isMap, type PropertyMap } from "pulumi-provider-kit";
import { ArmError } from "../../arm/arm-error.ts";
import type { ResourceRequest } from "../../arm/resource-request.ts";
import { plainValueAt, type Subscription, textAt } from "../../arm/subscription.ts";

/** Minutes (Azure Monitor, "Create a log search alert rule"): aggregation granularity up to two days, frequency up to one. */
const logWindows = [1, 5, 10, 15, 30, 45, 60, 120, 180, 240, 300, 360, 1440, 2880];
const logFrequencies = logWindows.filter((minutes) => minutes <= 1440);
/** Minutes (Azure Monitor REST API, metric alerts). */
const metricWindows = [1, 5, 15, 30, 60, 360, 720, 1440];
const metricFrequencies = [1, 5, 15, 30, 60];

export function refuseLogAlert({ inputs }: ResourceRequest): void {
  const [window, frequency] = [minutesOf(inputs, "windowSize"), minutesOf(inputs, "evaluationFrequency")];
  refuseOthers("windowSize", window, logWindows);
  refuseOthers("evaluationFrequency", frequency, logFrequencies);
  if (window < frequency) refuseAs("The windowSize must not be smaller than the evaluationFrequency.");
  const conditions = plainValueAt(inputs, "criteria.allOf");
  if (!Array.isArray(conditions) || conditions.length === 0) refuseAs("The rule has no condition.");
  if (textAt(inputs, "muteActionsDuration") !== "" && plainValueAt(inputs, "autoMitigate") !== false) {
    refuseAs("A rule that mutes its actions must not resolve automatically: set autoMitigate to false.");
  }
}

export function refuseMetricAlert({ inputs }: ResourceRequest, subscription: Subscription): void {
  const [window, frequency] = [minutesOf(inputs, "windowSize"), minutesOf(inputs, "evaluationFrequency")];
  refuseOthers("windowSize", window, metricWindows);
  refuseOthers("evaluationFrequency", frequency, metricFrequencies);
  if (window < frequency) refuseAs("The windowSize must not be smaller than the evaluationFrequency.");
  if (textAt(inputs, "criteria.odataType") === "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria") {
    const [scopes, criteria] = [plainValueAt(inputs, "scopes"), plainValueAt(inputs, "criteria.allOf")];
    if (!Array.isArray(scopes) || scopes.length !== 1) refuseAs("A rule of one resource must have one scope.");
    if (!Array.isArray(criteria) || criteria.length === 0) refuseAs("The rule has no criterion.");
  }
  if (textAt(inputs, "criteria.odataType") !== "Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria") return;
  const ids = [textAt(inputs, "criteria.webTestId"), textAt(inputs, "criteria.componentId")];
  const scopes = plainValueAt(inputs, "scopes");
  const named = (Array.isArray(scopes) ? scopes : []).map((scope) => String(scope).toLowerCase());
  if (ids.some((id) => !named.includes(id.toLowerCase()))) {
    refuseAs("The scopes of a web test's alert must be the web test and its component.");
  }
  if (ids.some((id) => !subscription.exists(id))) refuseAs("The web test or its component does not exist.");
}

/** Refuses web tests like Application Insights (its REST reference; the tag's message is from public reports). */
export function refuseWebTest({ inputs }: ResourceRequest, subscription: Subscription): void {
  const tags = plainValueAt(inputs, "tags");
  const linked = (isMap(tags) ? Object.entries(tags) : []).filter(([tag]) => tag.startsWith("hidden-link:"));
  const component = linked[0]?.[0].slice("hidden-link:".length) ?? "";
  if (linked.length !== 1 || linked[0]?.[1] !== "Resource" || !subscription.exists(component)) {
    const found = linked.length === 0 ? "none" : linked.map(([tag]) => tag).join(", ");
    refuseAs(`A single 'hidden-link' tag pointing to an existing AI component is required. Found ${found}.`);
  }
  if (!["300", "600", "900"].includes(String(plainValueAt(inputs, "frequency") ?? 300))) {
    refuseAs("The frequency of a web test must be 300, 600 or 900 seconds.");
  }
  const timeout = Number(plainValueAt(inputs, "timeout") ?? 30);
  if (!(timeout > 0 && timeout <= 120)) refuseAs("The timeout of a web test must be at most 120 seconds.");
  const locations = plainValueAt(inputs, "locations");
  if (!Array.isArray(locations) || locations.length === 0) refuseAs("A web test needs a location.");
  if (textAt(inputs, "webTestKind") === "standard" && !/^https?:\/\//.test(textAt(inputs, "request.requestUrl"))) {
    refuseAs("A standard web test needs request.requestUrl.");
  }
}

/** Minutes of an ISO 8601 duration; NaN if it is not a duration. */
function minutesOf(inputs: PropertyMap, name: string): number {
  const [found, days, hours, minutes] = textAt(inputs, name).match(/^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/) ?? [];
  if (found === undefined) return Number.NaN;
  return Number(days ?? 0) * 1440 + Number(hours ?? 0) * 60 + Number(minutes ?? 0);
}

function refuseOthers(name: string, minutes: number, allowed: readonly number[]): void {
  if (!allowed.includes(minutes)) {
    refuseAs(`The ${name} must be one of these numbers of minutes: ${allowed.join(", ")}.`);
  }
}

function refuseAs(message: string): never {
  throw new ArmError(400, "BadRequest", message);
}
