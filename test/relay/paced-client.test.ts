import { PacedClient } from "../../relay/azure/paced-client.ts";
import type { PlatformAnswer } from "../../relay/azure/platform-answer.ts";
import { Pace } from "../../relay/core/pace.ts";

const ok: PlatformAnswer = { status: 200, retryAfter: null, detail: "" };

function paced(answers: PlatformAnswer[], requestsPerSecond = 1000) {
  const sent: string[] = [];
  let now = 0;
  const client = new PacedClient({
    client: {
      send: async (body) => {
        sent.push(body);
        return answers.shift() ?? ok;
      },
    },
    pace: new Pace({ requestsPerSecond, random: () => 0 }),
    instances: async () => 1,
    monotonic: () => now,
    clock: () => new Date("2026-11-20T10:00:00.000Z"),
  });
  const pass = (milliseconds: number) => {
    now += milliseconds;
  };
  return { client, sent, pass };
}

test("hands on what Platform answers", async () => {
  const { client } = paced([{ status: 503, retryAfter: null, detail: "busy" }]);
  expect(await client.send("{}")).toEqual({ status: 503, retryAfter: null, detail: "busy" });
  expect(await client.send("{}")).toEqual(ok);
});

test("sends nothing more after five failures, until a probe finds Platform back", async () => {
  const { client, sent, pass } = paced(Array.from({ length: 5 }, () => ({ failure: "no answer" })));
  for (let at = 0; at < 5; at += 1) await client.send(`${at}`);
  const pause = { reason: "retry", seconds: 3, why: "Platform took nothing lately, and is left alone for a while" };
  expect(client.pause()).toEqual(pause);
  expect(await client.send("5")).toEqual(pause);
  expect(sent).toHaveLength(5);
  pass(3_000);
  expect(client.pause()).toBeUndefined();
  expect(await client.send("6")).toEqual(ok);
  expect(await client.send("7")).toEqual(ok);
});

test("obeys a Retry-After for all events of the instance", async () => {
  const { client } = paced([{ status: 429, retryAfter: "Fri, 20 Nov 2026 10:02:00 GMT", detail: "" }]);
  await client.send("0");
  expect(await client.send("1")).toMatchObject({ seconds: 123 });
});

test("an event that waits for its turn while Platform fails is not sent", async () => {
  const { client, sent } = paced([{ status: 429, retryAfter: "60", detail: "" }], 10);
  const answers = await Promise.all(["0", "1", "2", "3"].map((body) => client.send(body)));
  expect(answers.map((answer) => "seconds" in answer)).toEqual([false, false, true, true]);
  expect(sent).toEqual(["0", "1"]);
});
