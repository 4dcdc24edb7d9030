import { isDeepStrictEqual } from "node:util";
import { plainSettings, settingDefaults } from "../schema.ts";

/** A setting that direct delivery does not support, and why. */
export interface Hindrance {
  readonly setting: string;
  readonly reason: string;
}

/** Settings by name. Those whose value is known only later count as set. */
type Given = Readonly<Record<string, unknown>> & { readonly delivery: "relay" | "direct" };

/** Settings that need the relay: direct delivery can't fulfill them. */
export function contradictions(settings: Given): Hindrance[] {
  return hindrances(settings, "refused");
}

/** Settings that change nothing with direct delivery, with a warning for each that is set. */
export function withoutEffect(settings: Given): Hindrance[] {
  return hindrances(settings, "ignored");
}

function hindrances(settings: Given, effect: "refused" | "ignored"): Hindrance[] {
  if (settings.delivery === "relay") return [];
  const defaults: Readonly<Record<string, unknown>> = settingDefaults();
  return Object.entries(plainSettings).flatMap(([setting, { direct }]) => {
    const reason = (direct as Partial<Record<typeof effect, string>> | undefined)?.[effect];
    return reason === undefined || isDeepStrictEqual(settings[setting], defaults[setting]) ? [] : [{ setting, reason }];
  });
}

/** A preview's warning about direct delivery. */
export const directWarning =
  "delivery: direct is for trials and sandboxes. Without the relay, nothing checks Customer.io's signature: anyone who knows the " +
  "streaming URL can write into the dataset. Nothing holds events while Platform is down or throttles: Customer.io retries each " +
  "one, and holds back all later ones meanwhile. Events that Platform refuses can't be replayed.";
