import { type CustomerIoEvent, customerIoEvent } from "../../events/event.ts";

/** A body that is an event: its text as it came, and what was read from it. */
export interface ClassifiedEvent {
  readonly kind: "event";
  readonly event: CustomerIoEvent;
  readonly text: string;
}

/** A body that is none, and why, in words for people. */
export interface MalformedBody {
  readonly kind: "malformed";
  readonly reason: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Reads the raw body of an authentic call: the event that it is, or why it is none. Unknown metrics are events too. */
export function classify(body: Uint8Array): ClassifiedEvent | MalformedBody {
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    return malformed("The body is not UTF-8 text.");
  }
  return classifyText(text);
}

/** The same for a body that is text already. */
export function classifyText(text: string): ClassifiedEvent | MalformedBody {
  if (text.trim() === "") return malformed("The body is empty.");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return malformed("The body is not JSON.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return malformed("The body is not a JSON object.");
  }
  const parsed = customerIoEvent.safeParse(value);
  if (parsed.success) return { kind: "event", event: parsed.data, text };
  const paths = [...new Set(parsed.error.issues.map(({ path }) => path.join(".")))];
  return malformed(paths.map((path) => propertyProblem(path, value)).join(" "));
}

function propertyProblem(path: string, value: object): string {
  return path in value
    ? `The event's ${path} can't be used: ${requirements[path] ?? "unexpected value"}.`
    : `The event has no ${path}.`;
}

/** What `customerIoEvent` checks, in words; never the value itself, which may be personal data. */
const requirements: Record<string, string> = {
  event_id: "it must be text that isn't empty",
  timestamp: "it must be a time in Unix seconds",
  data: "it must be an object",
};

function malformed(reason: string): MalformedBody {
  return { kind: "malformed", reason };
}
