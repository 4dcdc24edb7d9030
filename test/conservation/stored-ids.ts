import { parseDeadLetter } from "../../relay/core/event/dead-letter.ts";

/** The events of a dead letter, from its text. */
export function idsOfDeadLetter(text: string): string[] {
  const { class: why, eventId, body } = parseDeadLetter(text);
  if (eventId !== undefined) return [eventId];
  return why === "unreadable"
    ? idsOfMessage(body)
    : (JSON.parse(body) as { event_id: string }[]).map((one) => one.event_id);
}

/** The events of a queue message, from its text. */
export function idsOfMessage(text: string): string[] {
  return (JSON.parse(text) as { events: { id: string }[] }).events.map(({ id }) => id);
}
