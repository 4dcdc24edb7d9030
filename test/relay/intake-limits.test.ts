import type { HttpRequest } from "@azure/functions";
import type { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { maxBodyBytes } from "../../relay/core/intake/body-limit.ts";
import { ByteBudget } from "../../relay/core/intake/byte-budget.ts";
import { eventText, patientBudget, useIntake } from "./support/intake-bed.ts";
import { call, signedCall } from "./support/invocation.ts";

const bed = useIntake();

test("a body beyond 8 MiB is refused with 413, whether its length is declared or not, and one of 8 MiB is kept", async () => {
  const tooLarge = signedCall(Buffer.alloc(maxBodyBytes + 1, " "));
  const told = call("{}", { "content-length": String(maxBodyBytes + 1) });
  for (const request of [tooLarge, told]) {
    const { status, jsonBody, lines } = await bed.intake()(request);
    expect({ status, jsonBody }).toEqual({ status: 413, jsonBody: { error: "the body has more than 8388608 bytes" } });
    expect(lines).toMatchObject([{ level: "warning", outcome: { outcome: "refused", refused: 1 } }]);
  }
  const padding = " ".repeat(maxBodyBytes - eventText("largest").length);
  expect(await bed.intake({ budget: patientBudget })(signedCall(eventText("largest") + padding))).toMatchObject({
    status: 200,
  });
  expect(await bed.azurite.takeEvents()).toMatchObject([[{ id: "largest" }]]);
});

describe("when the calls under way hold as many bytes as the instance can", () => {
  const event80 = eventText("large", { data: { content: "x".repeat(80_000) } });

  test("others are answered 503 with Retry-After, counted in sums, and accepted once there is room", async () => {
    const written = Promise.withResolvers<void>();
    const slow = {
      enqueue: bed.storage.enqueue.bind(bed.storage),
      putDeadLetter: bed.storage.putDeadLetter.bind(bed.storage),
      putClaim: async (...claim: Parameters<RelayStorageClient["putClaim"]>) => {
        await written.promise;
        await bed.storage.putClaim(...claim);
      },
    };
    const post = bed.intake({ storage: slow, bodies: new ByteBudget(100_000), budget: patientBudget });
    const first = post(signedCall(event80));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const told = signedCall(event80);
    told.headers.set("content-length", String(event80.length));
    const refused = await Promise.all([post(told), post(signedCall(event80)), post(call(event80, {}))]);
    for (const { status, headers, jsonBody } of refused) {
      expect([status, headers, jsonBody]).toEqual([
        503,
        { "retry-after": "1" },
        { error: "too many bytes are being received" },
      ]);
    }
    const reason = "the calls under way hold as many bytes as this instance can";
    expect(refused.flatMap(({ lines }) => lines)).toMatchObject([
      { level: "error", outcome: { outcome: "unavailable", unavailable: 1, reason } },
    ]);
    expect(await post(signedCall(eventText("small")))).toMatchObject({ status: 200 });
    written.resolve();
    expect(await first).toMatchObject({ status: 200 });
    expect(await post(signedCall(event80))).toMatchObject({ status: 200 });
  });

  test("an unsigned body reserves no bytes while the gate is asked", async () => {
    const asked = Promise.withResolvers<undefined>();
    const post = bed.intake({ gate: () => asked.promise, bodies: new ByteBudget(100_000), budget: patientBudget });
    const startRead = async (request: HttpRequest) => {
      const answered = post(request);
      await new Promise((resolve) => setTimeout(resolve, 20));
      return { answered };
    };
    const unsigned: ReturnType<typeof post>[] = [];
    for (let count = 0; count < 5; count += 1) unsigned.push((await startRead(call(event80, {}))).answered);
    const { answered: signed } = await startRead(signedCall(event80));
    asked.resolve(undefined);
    expect((await Promise.all(unsigned)).map(({ status }) => status)).toEqual([401, 401, 401, 401, 401]);
    expect(await signed).toMatchObject({ status: 200 });
  });

  test("a storage that hangs reserves the bytes until the write ends, not until the call is answered", async () => {
    const ended = Promise.withResolvers<void>();
    const hanging = {
      enqueue: bed.storage.enqueue.bind(bed.storage),
      putDeadLetter: bed.storage.putDeadLetter.bind(bed.storage),
      putClaim: () => ended.promise,
    };
    const budget = { call: 50, write: 40, patience: 10 };
    const post = bed.intake({ storage: hanging, bodies: new ByteBudget(100_000), budget });
    expect(await post(signedCall(event80))).toMatchObject({ status: 503 });
    expect((await post(signedCall(event80))).headers).toEqual({ "retry-after": "1" });
    ended.reject(new Error("the connection is gone"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await post(signedCall(event80))).headers).toBeUndefined();
  });
});

test("a flood of unsigned calls is refused one by one and written as one line", async () => {
  const post = bed.intake();
  const answers = await Promise.all(Array.from({ length: 500 }, () => post(call(eventText("a"), {}))));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 401));
  expect(answers.flatMap(({ lines }) => lines)).toMatchObject([{ outcome: { refused: 1, unsigned: 1 } }]);
});
