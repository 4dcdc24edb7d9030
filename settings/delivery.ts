import { z } from "zod";
import type { Delivery } from "../mapping/settings.ts";
import type { EventFilters, PersonalData } from "../relay/core/policy.ts";
import type { Source } from "./source.ts";

/** Whether Customer.io posts to the relay, or straight to Platform as in Adobe's tutorial. */
export const delivery = z.enum(["relay", "direct"], { error: "it must be relay or direct" });

interface Choices {
  readonly delivery: Delivery;
  readonly source: Source;
  readonly filters: EventFilters;
  readonly personalData: PersonalData;
}

/** Settings that only the relay can keep to, so that direct delivery would break a promise: the setting, and why. */
export function contradictions(choices: Choices): { readonly setting: string; readonly reason: string }[] {
  const { delivery, source, filters, personalData } = choices;
  if (delivery === "relay") return [];
  const all: { setting: string; reason: string }[] = [];
  if (source === "http") {
    all.push({
      setting: "source",
      reason: "the HTTP API source's endpoint asks for an access token, which Customer.io can't send",
    });
  }
  if (Object.keys(filters).length > 0) {
    all.push({
      setting: "filters",
      reason: "every event that Customer.io sends goes to Platform; use events to choose",
    });
  }
  if (Object.values(personalData).some((choice) => choice !== "keep")) {
    all.push({
      setting: "personalData",
      reason: "nothing stands between Customer.io and Platform that could take it out",
    });
  }
  return all;
}

/** Settings of the relay. They have no effect without one. */
const ofTheRelay = [
  "maximumCallAgeSeconds",
  "duplicateWindowDays",
  "maximumRequestsPerSecond",
  "drainTimeoutSeconds",
  "nodeVersion",
  "instanceMemory",
  "maximumInstances",
  "alwaysReadyInstances",
  "alertEmails",
  "silenceAlertHours",
  "logRetentionDays",
];

/** Settings that change nothing with this delivery, and why; whoever set one is told. */
export function withoutEffect({ delivery }: Choices): { readonly setting: string; readonly reason: string }[] {
  if (delivery === "relay") return [];
  const reason = "it is the relay's, and there is none with delivery: direct";
  return [
    ...ofTheRelay.map((setting) => ({ setting, reason })),
    { setting: "testMode", reason: "with delivery: direct, cio_id is mapped for those events only that have it" },
  ];
}

/** What a preview says of direct delivery. */
export const directWarning =
  "delivery: direct is for trials and sandboxes. Without the relay nobody checks Customer.io's signature: whoever knows the " +
  "streaming URL can write into the dataset. Nobody holds events while Platform is away or throttles: Customer.io tries each " +
  "again itself, and holds back all later ones meanwhile. And what Platform refuses can't be replayed.";
