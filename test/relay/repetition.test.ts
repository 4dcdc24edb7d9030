import { mayBeRepeated } from "../../relay/core/duplicates/repetition.ts";
import { newEvent, requeueEvent } from "../../relay/core/event/envelope.ts";
import { readCreationTime } from "../../relay/core/event/event-time.ts";

const created = Date.parse("2026-11-20T10:00:00.000Z");
const receivedAfter = (milliseconds: number) =>
  newEvent({ id: "a", receivedAt: new Date(created + milliseconds).toISOString(), body: "{}" });
const fresh = receivedAfter(40);

test.each([
  ["at once", 0],
  ["soon", 2_500],
  ["by a clock that is behind", -500],
])("a call that comes %s is the first with its event", (_, after) => {
  expect(mayBeRepeated(receivedAfter(after), created)).toBe(false);
});

test.each([
  ["comes so late that Customer.io may have repeated the call", receivedAfter(2_501), created],
  ["comes before it was made", receivedAfter(-501), created],
  ["does not say when it was made", fresh, undefined],
  ["failed before", { ...fresh, attempts: 1 }, created],
  ["was put back", { ...fresh, putBack: true as const }, created],
  ["is a replayed dead letter", requeueEvent(fresh, new Date(created + 60_000)), created],
])("an event may be a repetition if it %s", (_, event, createdAt) => {
  expect(mayBeRepeated(event, createdAt)).toBe(true);
});

test("an event was made when its ULID says so, or else its timestamp", () => {
  // The example of the ULID specification.
  expect(readCreationTime("01ARZ3NDEKTSV4RRFFQ69G5FAV", 1)).toBe(1_469_922_850_259);
  expect(readCreationTime("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", 1)).toBe(2 ** 48 - 1);
  for (const id of [
    "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
    "01ARZ3NDEKTSV4RRFFQ69G5FAU",
    "01ARZ3NDEK",
    "01arz3ndektsv4rrffq69g5fav",
    "",
  ]) {
    expect(readCreationTime(id, 1_727_953_200)).toBe(1_727_953_200_000);
  }
  expect(readCreationTime("a", "2024-10-03T11:00:00Z")).toBe(1_727_953_200_000);
  expect(readCreationTime("a", "yesterday")).toBeUndefined();
});
