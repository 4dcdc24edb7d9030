import fc from "fast-check";
import { Gathering } from "../../relay/core/gathering.ts";

test("an item that arrives alone is processed at once, and those that arrive meanwhile are processed together", async () => {
  const pieces: string[][] = [];
  const ends: PromiseWithResolvers<void>[] = [];
  const gathering = new Gathering<string, string>({
    most: 3,
    work: async (group, items) => {
      pieces.push([group, ...items]);
      const end = Promise.withResolvers<void>();
      ends.push(end);
      await end.promise;
      return items.map((item) => `${item} done`);
    },
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const first = gathering.add("a", "1");
  await settle();
  const rest = ["2", "3", "4", "5"].map((item) => gathering.add("a", item));
  const other = gathering.add("b", "6");
  await settle();
  // Another group does not wait.
  expect(pieces).toEqual([
    ["a", "1"],
    ["b", "6"],
  ]);
  for (let at = 0; at < 4; at += 1) {
    ends[at]?.resolve();
    await settle();
  }
  expect(pieces.slice(2)).toEqual([
    ["a", "2", "3", "4"],
    ["a", "5"],
  ]);
  expect(await Promise.all([first, ...rest, other])).toEqual(
    ["1", "2", "3", "4", "5", "6"].map((item) => `${item} done`),
  );
});

test("each item gets its own result or its own work's error, in any order of arrivals and failures", async () => {
  const item = fc.record({ group: fc.constantFrom("a", "b"), delay: fc.nat(5), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), async (items, most) => {
      let [atWork, mostAtWork] = [0, 0];
      const gathering = new Gathering<(typeof items)[number] & { at: number }, string>({
        most,
        work: async (group, together) => {
          expect(together.length).toBeLessThanOrEqual(most);
          expect(together.every((each) => each.group === group)).toBe(true);
          atWork += 1;
          mostAtWork = Math.max(mostAtWork, atWork);
          for (let tick = 0; tick < 3; tick += 1) await Promise.resolve();
          atWork -= 1;
          if (together.some(({ fails }) => fails)) throw new Error(together.map(({ at }) => at).join(" "));
          return together.map(({ at }) => String(at));
        },
      });
      const ends = items.map(async (each, at) => {
        for (let tick = 0; tick < each.delay; tick += 1) await Promise.resolve();
        return gathering.add(each.group, { ...each, at }).catch((error: Error) => error);
      });
      for (const [at, end] of (await Promise.all(ends)).entries()) {
        if (end instanceof Error) expect(end.message.split(" ")).toContain(String(at));
        else expect([end, items[at]?.fails]).toEqual([String(at), false]);
      }
      expect(mostAtWork).toBeLessThanOrEqual(2);
    }),
  );
});
