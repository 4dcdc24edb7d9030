import { settingsFence } from "../../relay/azure/delivery/fence.ts";
import { marksReader } from "../../relay/azure/marks-reader.ts";
import { isClosed, isHeld, lookLasts, parseMarks, withMarks } from "../../relay/core/delivery/queue-marks.ts";

const now = new Date("2026-11-20T10:00:00.000Z");
const later = (milliseconds: number) => new Date(now.getTime() + milliseconds);

describe("the marks in a queue's metadata", () => {
  const unmarked = { sending: "free", former: "none" };

  test("of an unmarked queue: open, for any settings", () => {
    expect(parseMarks({})).toEqual({ intake: "open", wanted: undefined, ...unmarked });
    expect(isClosed("open", now)).toBe(false);
  });

  test("are read back as set, beside other metadata, in any capitalization", () => {
    const wanted = { configuration: "abc", since: now };
    const marked = withMarks({ Owner: "team" }, { intake: { closedUntil: later(1) }, wanted });
    const shouted = Object.fromEntries(Object.entries(marked).map(([name, value]) => [name.toUpperCase(), value]));
    expect(parseMarks(shouted)).toEqual({ intake: { closedUntil: later(1) }, wanted, ...unmarked });
    expect(withMarks(marked, { intake: "open" })).toEqual({ ...marked, intake: "open", owner: "team" });
  });

  test("close the intake until a time", () => {
    expect([0, 1, 2].map((at) => isClosed({ closedUntil: later(1) }, later(at)))).toEqual([true, false, false]);
  });

  test("hold a new relay's events until a time, and say where the former relay's notes are", () => {
    const former = { address: "https://old.table.core.windows.net/", keyDigest: "ab".repeat(32) };
    const marked = withMarks({ intake: "open" }, { sending: { heldUntil: later(1) }, former });
    const { sending, ...others } = parseMarks(marked);
    expect([sending, others.former]).toEqual([{ heldUntil: later(1) }, former]);
    expect([0, 1].map((at) => isHeld(sending, later(at)))).toEqual([true, false]);
    expect(parseMarks(withMarks(marked, { sending: "free", former: "none" }))).toMatchObject(unmarked);
    expect(parseMarks({ sending: "held", former: "https://old" })).toMatchObject(unmarked);
  });

  test("that can't be read close it, and demand no settings", () => {
    expect(parseMarks({ intake: "shut", configuration: "abc" })).toEqual({
      intake: "closed",
      wanted: undefined,
      ...unmarked,
    });
    expect(isClosed("closed", now)).toBe(true);
  });
});

describe("an instance's reading of the marks", () => {
  function reader(answers: (string | Error)[]) {
    let time = 0;
    const looks: number[] = [];
    const storage = {
      readMarks: async () => {
        const answer = answers[Math.min(looks.push(time) - 1, answers.length - 1)] ?? "open";
        if (answer instanceof Error) throw answer;
        return { metadata: { intake: answer }, now };
      },
    };
    const marks = marksReader({ storage, monotonic: () => time, budget: 1_000 });
    return { marks, looks, pass: (milliseconds: number) => (time += milliseconds) };
  }

  test("is kept for five seconds, and concurrent calls share one", async () => {
    const { marks, looks, pass } = reader(["open", `closed until ${later(60_000).toISOString()}`]);
    expect(await Promise.all([marks(), marks()])).toMatchObject([{ closed: false }, { closed: false }]);
    pass(lookLasts - 3_000);
    expect((await marks()).closed).toBe(false);
    expect(looks).toEqual([0]);
    pass(3_000);
    expect((await marks()).closed).toBe(true);
  });

  test("is renewed in time during a steady stream of calls, so that none of them waits", async () => {
    const { marks, looks, pass } = reader(["open"]);
    await marks();
    pass(lookLasts / 2);
    await marks();
    expect(looks).toEqual([0, lookLasts / 2]);
  });

  test("that fails is not a permission, and the next call tries again", async () => {
    const { marks } = reader([new Error("away"), "open"]);
    await expect(marks()).rejects.toThrow("away");
    expect((await marks()).closed).toBe(false);
  });
});

describe("which instances may send", () => {
  const minute = 60_000;
  const fence = (configuration: string | undefined, wanted: string | undefined, startedAt: Date, held = false) =>
    settingsFence({
      configuration,
      marks: async () => ({
        closed: false,
        held,
        former: "none",
        wanted: wanted === undefined ? undefined : { configuration: wanted, since: now },
      }),
      startedAt,
      random: () => 0,
    })();

  test.each([
    ["no settings are wanted", "old", undefined, now],
    ["it has the wanted ones", "new", "new", later(-minute)],
    [
      "it started long after the mark, with the settings of an up that has not finished",
      "newer",
      "new",
      later(2 * minute),
    ],
  ])("may: %s", async (_, own, wanted, startedAt) => {
    expect(await fence(own, wanted, startedAt)).toBeUndefined();
  });

  test.each([
    ["its settings have been replaced", "old", later(-minute)],
    ["Azure started it with the former settings just after the mark", "old", later(minute)],
    ["its app settings name no digest", undefined, later(-minute)],
  ])("may not: %s", async (_, own, startedAt) => {
    expect(await fence(own, "new", startedAt)).toEqual({
      seconds: 5,
      why: "newer settings have replaced those of this instance",
    });
  });

  test("none of a new relay that does not yet know what the former one has delivered", async () => {
    expect(await fence("new", "new", now, true)).toEqual({
      seconds: 5,
      why: "the former relay has not yet reported what it delivered",
    });
  });

  test("none while the queue does not answer", async () => {
    const marks = () => Promise.reject(new Error("away"));
    const stopped = await settingsFence({ configuration: "a", marks, startedAt: now, random: () => 0.5 })();
    expect(stopped).toEqual({ seconds: 8, why: expect.stringContaining("away") });
  });
});
