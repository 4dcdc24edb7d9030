import type { AepClient } from "pulumi-aep/client";
import {
  type MappingDraft,
  type MappingVerdict,
  type PreviewedRecord,
  previewMappings,
  validateMappings,
} from "pulumi-aep/client";
import { admit } from "../../relay/core/event/admit.ts";
import { classifyText } from "../../relay/core/event/classify.ts";
import { enrich } from "../../relay/core/event/enrich.ts";
import { unknownAttributes } from "../../relay/core/event/unknown-attributes.ts";
import type { EventPolicy } from "../../relay/core/policy/policy.ts";
import { startTimeLimit } from "../clients.ts";
import type { SampleEvent } from "./sample-events.ts";

/** The result for one sample. */
export type MappedEvent =
  | {
      readonly fate: "mapped";
      readonly sample: SampleEvent;
      readonly mapped: PreviewedRecord;
      /** Paths of the attributes that the event catalogue has no field for. */
      readonly unknown: readonly string[];
    }
  /** The stack's filters leave it out. */
  | { readonly fate: "filtered"; readonly sample: SampleEvent; readonly rule: string }
  /** It would be a dead letter. */
  | { readonly fate: "malformed"; readonly sample: SampleEvent; readonly reason: string };

export type Preview =
  | { readonly events: readonly MappedEvent[] }
  /** Data Prep refuses these mappings, so nothing can be mapped. */
  | { readonly invalid: readonly MappingVerdict[] };

type Prepared =
  | Exclude<MappedEvent, { fate: "mapped" }>
  | {
      readonly fate: "ready";
      readonly sample: SampleEvent;
      readonly record: Record<string, unknown>;
      readonly unknown: readonly string[];
    };

/**
 * Lets Platform map samples as the stack's dataflow would.
 *
 * @param policy what the relay does to an event before it sends it on; undefined without a relay
 */
export async function mapSamples(
  client: AepClient,
  draft: MappingDraft,
  samples: readonly SampleEvent[],
  policy: EventPolicy | undefined,
): Promise<Preview> {
  const verdicts = await validateMappings(client, draft, startTimeLimit());
  const invalid = verdicts.filter(({ errors }) => errors.length > 0);
  if (invalid.length > 0) return { invalid };
  const prepared = samples.map((sample) => prepare(sample, policy));
  const records = prepared.flatMap((one) => (one.fate === "ready" ? [one.record] : []));
  const rows = (await previewMappings(client, draft, records, startTimeLimit())).values();
  const events: MappedEvent[] = [];
  for (const one of prepared) {
    if (one.fate !== "ready") {
      events.push(one);
      continue;
    }
    const { value: mapped } = rows.next();
    if (mapped) events.push({ fate: "mapped", sample: one.sample, mapped, unknown: one.unknown });
  }
  return { events };
}

/** The body that Platform would get. */
function prepare(sample: SampleEvent, policy: EventPolicy | undefined): Prepared {
  const read = policy === undefined ? undefined : admit(sample.text, policy);
  if (read?.kind === "filtered") return { fate: "filtered", sample, rule: read.rule };
  if (read?.kind === "malformed") return { fate: "malformed", sample, reason: read.reason };
  const classified = classifyText(read?.text ?? sample.text);
  if (classified.kind === "malformed") return { fate: "malformed", sample, reason: classified.reason };
  const text = policy === undefined ? classified.text : enrich(classified, new Date().toISOString());
  return { fate: "ready", sample, record: JSON.parse(text), unknown: unknownAttributes(classified.event) };
}
