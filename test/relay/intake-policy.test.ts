import { containerNames, queueNames } from "../../relay/core/names.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { eventText, useIntake } from "./support/intake-bed.ts";
import { signedCall } from "./support/invocation.ts";

const bed = useIntake();

describe("filters and personal data", () => {
  const settings = (policy: object) => ({ policy: eventPolicy.parse(policy), maximumAgeSeconds: 0 });

  test("an event that a filter leaves out is answered 200, stored nowhere, and counted with its rule", async () => {
    const post = bed.intake({ settings: settings({ filters: { except: { metrics: ["opened"] } } }) });
    expect(await post(signedCall(eventText("a", { metric: "opened" })))).toMatchObject({
      status: 200,
      lines: [
        { level: "information", outcome: { outcome: "filtered", filtered: 1, rule: "except.metrics", ids: ["a"] } },
      ],
    });
    expect(await post(signedCall(eventText("b", { metric: "clicked" })))).toMatchObject({ status: 200 });
    expect(await bed.azurite.takeEvents()).toMatchObject([[{ id: "b" }]]);
    for (const container of Object.values(containerNames)) expect(await bed.azurite.blobNames(container)).toEqual([]);
  });

  test("dropped and hashed data is never stored, and is counted", async () => {
    const post = bed.intake({ settings: settings({ personalData: { content: "drop", email: "drop" } }) });
    const body = eventText("a", {
      data: { content: "x".repeat(60_000), recipient: "ada@example.org", subject: "Hello" },
    });
    expect(await post(signedCall(body))).toMatchObject({
      status: 200,
      lines: [{ outcome: { outcome: "accepted", accepted: 1, redacted: { content: 1, email: 1 }, ids: ["a"] } }],
    });
    expect(await bed.azurite.takeEvents()).toMatchObject([
      [{ id: "a", body: eventText("a", { data: { content: null, recipient: null, subject: "Hello" } }) }],
    ]);
    expect(await bed.azurite.blobNames(containerNames.claims)).toEqual([]);
  });

  test("attributes that the catalogue lacks are counted by path, in any spelling", async () => {
    const body = eventText("a", { data: { swatch: "red", taste: 1 } }).replace(
      '{"event_id"',
      '{"__proto__":1,"event_id"',
    );
    expect(await bed.intake()(signedCall(body))).toMatchObject({
      status: 200,
      lines: [{ outcome: { outcome: "accepted", accepted: 1, unknownAttributes: 1, ids: ["a"] } }],
    });
    const { lines } = await bed.intake()(signedCall(body));
    expect(Object.entries(lines[0]?.outcome.unknown ?? {})).toEqual([
      ["__proto__", 1],
      ["data.swatch", 1],
      ["data.taste", 1],
    ]);
    await bed.azurite.takeEvents();
  });

  test("without data to remove, an event is forwarded byte by byte", async () => {
    const body = ' {"event_id" : "a", "timestamp":1.0e1, "data":{"n":9007199254740993}}\n';
    await bed.intake()(signedCall(body));
    expect(await bed.azurite.takeEvents()).toMatchObject([[{ body }]]);
  });

  test("with data to remove, the stored event is written from the parsed one", async () => {
    const body = '{"event_id":"a","timestamp":1,"data":{"recipient":"ada@example.org"},"data":{}}';
    await bed.intake({ settings: settings({ personalData: { email: "drop" } }) })(signedCall(body));
    expect(await bed.azurite.takeEvents()).toMatchObject([[{ body: '{"event_id":"a","timestamp":1,"data":{}}' }]]);
  });

  test("an event with data that can't be removed becomes a dead letter, so that it does not hold up others", async () => {
    const nested = `{"event_id":"a","timestamp":1,"data":{"recipient":"ada@example.org","x":${"[".repeat(20_000)}${"]".repeat(20_000)}}}`;
    expect(
      await bed.intake({ settings: settings({ personalData: { email: "hash" } }) })(signedCall(nested)),
    ).toMatchObject({
      status: 200,
    });
    expect(await bed.azurite.deadLetters()).toMatchObject([{ class: "poison", body: nested }]);
  });

  test("with invalid settings no event is accepted: it might be sent where it should not", async () => {
    const problem = "App settings: EVENT_POLICY must be JSON.";
    const { status, jsonBody, lines } = await bed.intake({ settings: { problem } })(signedCall(eventText("a")));
    expect({ status, jsonBody }).toEqual({ status: 503, jsonBody: { error: "the relay's settings can't be used" } });
    expect(lines).toMatchObject([{ level: "error", outcome: { outcome: "unavailable", reason: problem } }]);
    expect(await bed.azurite.waiting(queueNames.events)).toBe(0);
  });
});
