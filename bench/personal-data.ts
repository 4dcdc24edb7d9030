import { randomBytes } from "node:crypto";
import type { CustomerIoEvent } from "../packages/pulumi-customerio/src/events/index.ts";
import { personalData } from "../relay/core/policy/policy.ts";
import { redact } from "../relay/core/policy/redact.ts";
import { type Figure, median } from "./statistics.ts";

const dropAll = personalData.parse({ content: "keep", email: "drop", recipient: "drop" });
const times = 5;

/** Measures hiding personal data: for people with many devices, and in long messages. The time should be linear in the event's size. */
export function measurePersonalData(): Figure[] {
  const byDevices = [1_000, 10_000].map((count) => ({ count, took: timeOf(eventOfDevices(count)) }));
  const byLength = [100_000, 1_000_000].map((length) => ({ length, took: timeOf(longMessage(length)) }));
  return [
    ...byDevices.map(({ count, took }) => figure(`hiding ${count} devices, each named by a failure`, took)),
    growth("ten times the devices", byDevices),
    ...byLength.map(({ length, took }) => figure(`hiding in ${length / 1_000} KB of HTML`, took)),
    growth("ten times the length", byLength),
  ];
}

function figure(what: string, milliseconds: number): Figure {
  return { what, value: `${milliseconds.toFixed(1)} ms` };
}

function growth(what: string, [small, large]: readonly { took: number }[]): Figure {
  const ratio = (large?.took ?? Number.NaN) / (small?.took ?? Number.NaN);
  return { what: `hiding: ${what} take`, value: `${ratio.toFixed(1)} times as long`, target: "10 times" };
}

/** A push message to a person whose devices all fail: each one's id is in its failure too, and in one long list. */
function eventOfDevices(count: number): CustomerIoEvent {
  const ids = Array.from({ length: count }, () => randomBytes(80).toString("base64url"));
  const recipients = ids.map((id) => ({ device_id: id, failure_message: `unregistered: ${id}` }));
  const data = { recipients, failure_message: ids.map((id) => encodeURIComponent(`<${id}>`)).join(" ") };
  return { event_id: "bench", object_type: "push", metric: "failed", data };
}

/** An e-mail of that many characters, with links that name the recipient. */
function longMessage(length: number): CustomerIoEvent {
  const recipient = "ada.lovelace+news@example.org";
  const link = `<p class="x">Dear Ada &amp; co,</p><a href="https://x.example/?to=${encodeURIComponent(recipient)}&amp;n=1">caf\u00e9</a>\n`;
  const content = link.repeat(Math.ceil(length / link.length));
  const data = { recipient, identifiers: { email: recipient }, content };
  return { event_id: "bench", object_type: "email", metric: "sent", data };
}

function timeOf(event: CustomerIoEvent): number {
  return median(
    Array.from({ length: times }, () => {
      const start = performance.now();
      redact(event, dropAll);
      return performance.now() - start;
    }),
  );
}
