import { maximumPreviewRecords } from "pulumi-aep/client";
import { samples } from "pulumi-customerio/events";
import { readNamedFile } from "../command/read-named-file.ts";
import { UsageError } from "../command/usage-error.ts";

/** An event to try the mapping on, as Customer.io sends it. */
export interface SampleEvent {
  /** For people: `email`, or `line 3`. */
  readonly name: string;
  /** The JSON text. */
  readonly text: string;
}

/** Reads events from a file: a JSON array, or one JSON object per line. Without a file, one event of every kind. */
export async function readSamples(file: string | undefined): Promise<SampleEvent[]> {
  if (file === undefined) return samples.map(({ name, event }) => ({ name, text: JSON.stringify(event) }));
  const found = parseSamples(await readNamedFile("--samples", file));
  if (found.length === 0) throw new UsageError(`--samples is invalid: ${file} holds no events.`);
  if (found.length > maximumPreviewRecords) {
    throw new UsageError(
      `--samples is invalid: ${file} holds ${found.length} events, and a preview takes ${maximumPreviewRecords} at most.`,
    );
  }
  return found;
}

/** Keeps text that is not JSON: it is reported as an event that the relay can't read. */
export function parseSamples(text: string): SampleEvent[] {
  try {
    const whole: unknown = JSON.parse(text);
    const events = Array.isArray(whole) ? whole : [whole];
    return events.map((event, at) => ({ name: `event ${at + 1}`, text: JSON.stringify(event) }));
  } catch {
    return text
      .split(/\r?\n/)
      .map((line, at) => ({ name: `line ${at + 1}`, text: line.trim() }))
      .filter((line) => line.text !== "");
  }
}
