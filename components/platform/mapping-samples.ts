import { samples } from "pulumi-customerio/events";
import { admit } from "../../relay/core/event/admit.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import type { SettingValues } from "../../settings/schema.ts";

/** Stands for the time at which the relay receives a sample: later than any of them happened. */
const receivedAt = "2026-01-01T00:00:00.000Z";

/**
 * One record of every kind of event, as Platform gets it: with direct delivery the event itself, else what the relay makes of it. As
 * JSON texts. Filters don't matter here: what they leave out today, they may let through tomorrow.
 */
export function mappingSamples({ delivery, personalData }: Pick<SettingValues, "delivery" | "personalData">): string[] {
  return samples.map(({ event, name }) => {
    const text = JSON.stringify(event);
    if (delivery === "direct") return text;
    const admitted = admit(text, { filters: {}, personalData });
    if (admitted.kind !== "admitted")
      throw new Error(`The sample ${name} is not an event: ${JSON.stringify(admitted)}`);
    const classified = classifyText(admitted.text);
    if (classified.kind === "malformed")
      throw new Error(`The sample ${name} is not an event any more: ${classified.reason}`);
    return enrich(classified, receivedAt);
  });
}
