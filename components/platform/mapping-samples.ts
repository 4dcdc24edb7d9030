import { samples } from "pulumi-customerio/events";
import { admit } from "../../relay/core/event/admit.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import type { SettingValues } from "../../settings/schema.ts";

/** The time at which the relay receives a sample: later than the events in all of them. */
const receivedAt = "2026-01-01T00:00:00.000Z";

/**
 * One record of every kind of event, as sent to Platform: with direct delivery the event itself, otherwise the relay's record. As
 * JSON texts. Filters are ignored, since they may change later.
 */
export function mappingSamples({ delivery, personalData }: Pick<SettingValues, "delivery" | "personalData">): string[] {
  return samples.map(({ event, name }) => {
    const text = JSON.stringify(event);
    if (delivery === "direct") return text;
    const admitted = admit(text, { filters: {}, personalData });
    if (admitted.kind !== "admitted") {
      throw new Error(`The sample ${name} is not an event: ${JSON.stringify(admitted)}`);
    }
    const classified = classifyText(admitted.text);
    if (classified.kind === "malformed") {
      throw new Error(`The sample ${name} is no longer an event: ${classified.reason}`);
    }
    return enrich(classified, receivedAt);
  });
}
