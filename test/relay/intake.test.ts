import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { eventText, intakeTime, useIntake } from "./support/intake-bed.ts";
import { call, signedCall, signingKey, takeAll } from "./support/invocation.ts";

const bed = useIntake();

const receivedAt = intakeTime.toISOString();

test("each sample is in the queue unchanged before it is answered, and never expires", async () => {
  const post = bed.intake();
  for (const { event } of samples) expect(await post(signedCall(JSON.stringify(event)))).toMatchObject({ status: 200 });
  const messages = await bed.azurite.take(queueNames.events);
  expect(messages.map(({ message }) => message)).toEqual(
    samples.map(({ event }) => ({
      version: 1,
      events: [{ id: event.event_id, receivedAt, attempts: 0, body: JSON.stringify(event) }],
    })),
  );
  expect(messages[0]?.expiresOn.getUTCFullYear()).toBe(9999);
});

test("concurrent calls share messages, and the log has each event once", async () => {
  const post = bed.intake();
  const ids = Array.from({ length: 100 }, (_, at) => `e${at}`);
  const answers = await Promise.all(ids.map((id) => post(signedCall(eventText(id)))));
  expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
  const messages = await bed.azurite.takeEvents();
  expect(messages.length).toBeLessThan(20);
  expect(
    messages
      .flat()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([...ids].sort());
  const logged = answers.flatMap(({ lines }) => lines.map(({ outcome }) => outcome));
  expect(logged).toHaveLength(messages.length);
  expect(logged.flatMap(({ ids }) => ids).sort()).toEqual([...ids].sort());
});

test("a large body becomes a claim, and its message points to it", async () => {
  const body = eventText("large", { data: { content: "ë".repeat(100_000) } });
  expect(await bed.intake()(signedCall(body))).toMatchObject({ status: 200 });
  const [claim] = await bed.azurite.blobNames(containerNames.claims);
  expect(claim).toMatch(/^2026\/11\/20\/large-[0-9a-f]{32}\.json$/);
  expect(await bed.azurite.takeEvents()).toEqual([
    [{ id: "large", receivedAt, attempts: 0, claim, claimBytes: Buffer.byteLength(body) }],
  ]);
  expect(await bed.storage.readClaim(claim ?? "", AbortSignal.timeout(5_000))).toBe(body);
});

test("a signed body that is not an event becomes a dead letter, and gets 200 so that it does not hold up others", async () => {
  const bytes = Buffer.from([0x7b, 0xff]);
  for (const body of [Buffer.from("[{}]"), bytes, Buffer.from("")]) {
    expect(await bed.intake()(signedCall(body))).toMatchObject({
      status: 200,
      lines: [{ level: "error", outcome: { outcome: "dead", dead: 1 } }],
    });
  }
  const found = (await bed.azurite.deadLetters()).map(({ class: why, reason, encoding, body }) => [
    why,
    reason,
    encoding,
    body,
  ]);
  expect(found.sort()).toEqual([
    ["malformed", "The body is empty.", "utf8", ""],
    ["malformed", "The body is not UTF-8 text.", "base64", bytes.toString("base64")],
    ["malformed", "The body is not a JSON object.", "utf8", "[{}]"],
  ]);
  expect(await bed.azurite.waiting(queueNames.events)).toBe(0);
});

test("repeating a malformed call overwrites its dead letter, and it is counted once", async () => {
  const countSetAside = async () => (await bed.intake()(signedCall("[]"))).lines.map(({ outcome }) => outcome.setAside);
  expect([await countSetAside(), await countSetAside()]).toEqual([[1], [0]]);
  expect(await bed.azurite.blobNames(containerNames.deadLetters)).toHaveLength(1);
});

test("a call without a valid signature is refused with 401 and leaves nothing behind", async () => {
  const calls = [
    signedCall(eventText("a"), "another key"),
    call(eventText("a"), {}),
    call(eventText("a"), { "x-cio-timestamp": "1", "x-cio-signature": "zz" }),
  ];
  for (const request of calls) {
    const { status, jsonBody, lines } = await bed.intake()(request);
    expect({ status, jsonBody }).toEqual({ status: 401, jsonBody: { error: "the signature is missing or wrong" } });
    expect(lines).toMatchObject([{ level: "warning", outcome: { outcome: "refused" } }]);
  }
  expect(await bed.azurite.waiting(queueNames.events)).toBe(0);
});

test("any of several keys is valid", async () => {
  expect(await bed.intake({ signingKeys: ["new key", signingKey] })(signedCall(eventText("a")))).toMatchObject({
    status: 200,
  });
});

test("without a signing key every call gets 503, however it is signed", async () => {
  const { status, jsonBody, lines } = await bed.intake({ signingKeys: [] })(signedCall(eventText("a"), ""));
  expect({ status, jsonBody }).toEqual({ status: 503, jsonBody: { error: "no signing key is configured" } });
  expect(lines).toMatchObject([
    { level: "error", outcome: { reason: "CUSTOMERIO_SIGNING_KEYS holds no signing key" } },
  ]);
});

test("with a time window set, a call signed outside of it is refused with 401", async () => {
  const { policy } = takeAll;
  const signedAt = new Date(1_717_430_405_000);
  const post = (clock: Date) => bed.intake({ settings: { policy, maximumAgeSeconds: 300 }, clock: () => clock });
  expect(await post(signedAt)(signedCall(eventText("a")))).toMatchObject({ status: 200 });
  const late = await post(new Date(signedAt.getTime() + 301_000))(signedCall(eventText("b")));
  expect(late).toMatchObject({
    status: 401,
    lines: [{ level: "warning", outcome: { reason: "X-CIO-Timestamp is not within 300 seconds of the time now" } }],
  });
  expect(await bed.azurite.takeEvents()).toMatchObject([[{ id: "a" }]]);
});

test("neither log nor answer ever holds the body, the key or the signature", async () => {
  const secret = "ada@example.org";
  const requests = [
    signedCall(eventText("a", { data: { recipient: secret } })),
    signedCall(JSON.stringify({ recipient: secret })),
    signedCall(`not JSON ${secret}`),
    signedCall(eventText("a", { data: { recipient: secret } }), "another key"),
  ];
  for (const request of requests) {
    const signature = request.headers.get("x-cio-signature") ?? "";
    const said = JSON.stringify(await bed.intake()(request));
    for (const hidden of [secret, signingKey, signature]) expect(said).not.toContain(hidden);
  }
});
