import { type Gate, intakeGate } from "../../relay/azure/intake/gate.ts";
import { intakeBudget, intakeHandler } from "../../relay/azure/intake/intake.ts";
import { call, invocation, linesAtOnce, signedCall, signingKey, takeAll } from "./support/invocation.ts";

const now = new Date("2026-11-20T10:00:00.000Z");
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds);
const body = JSON.stringify({ event_id: "a", timestamp: 1_727_953_200 });

const gate = (configuration: string | undefined, startedAt: Date, { wanted = "new", closed = false } = {}): Gate =>
  intakeGate({
    configuration,
    startedAt,
    marks: async () => ({
      closed,
      held: true,
      former: "none" as const,
      wanted: wanted === "" ? undefined : { configuration: wanted, since: now },
    }),
  });

/** The intake's answer, how many messages it has written, and what it logs about the call. */
async function post(port: Gate, request: Parameters<ReturnType<typeof intakeHandler>>[0]) {
  let written = 0;
  const enqueue = async () => void written++;
  const handler = intakeHandler({
    signingKeys: [signingKey],
    settings: takeAll,
    gate: port,
    clock: () => now,
    budget: intakeBudget,
    storage: { enqueue, putClaim: enqueue, putDeadLetter: async () => true },
    refusals: linesAtOnce(),
  });
  const { context, lines } = invocation();
  const { status } = (await handler(request, context)) as { status: number };
  return { status, written, outcome: lines[0]?.outcome.outcome };
}

const forgedCall = () => call(body, { "x-cio-timestamp": "1717430405", "x-cio-signature": "0".repeat(64) });

test.each([
  ["has the wanted settings, though it must not send yet", gate("new", later(-1))],
  ["started after the mark, with the settings of an up that has not finished", gate("newer", later(1))],
  ["is of a queue that nobody has marked", gate(undefined, later(-1), { wanted: "" })],
])("an instance that %s accepts events, and refuses calls without a valid signature", async (_, open) => {
  expect(await post(open, signedCall(body))).toEqual({ status: 200, written: 1, outcome: "accepted" });
  expect(await post(open, forgedCall())).toEqual({ status: 401, written: 0, outcome: "refused" });
});

test.each([
  ["has settings that were replaced", gate("old", later(-1))],
  ["names no digest of its settings", gate(undefined, later(-1))],
  ["is taken down", gate("new", later(-1), { closed: true })],
])("an instance that %s accepts nothing, and answers 503, not 401: its keys may be outdated", async (_, shut) => {
  const refusal = { status: 503, written: 0, outcome: "closed" };
  expect(await post(shut, signedCall(body))).toEqual(refusal);
  expect(await post(shut, forgedCall())).toEqual(refusal);
});

test("if the storage does not answer, a call with a valid signature gets 503, and one without is refused", async () => {
  const away: Gate = () => Promise.reject(new Error("away"));
  expect(await post(away, signedCall(body))).toEqual({ status: 503, written: 0, outcome: "unavailable" });
  expect(await post(away, forgedCall())).toEqual({ status: 401, written: 0, outcome: "refused" });
});
