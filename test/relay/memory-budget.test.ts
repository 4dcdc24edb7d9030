import { readFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { appNumbers } from "../../relay/core/app-settings.ts";
import { hostBodyLimit, maxBodyBytes } from "../../relay/core/intake/body-limit.ts";
import { memoryBudget } from "../../relay/core/intake/memory-budget.ts";
import { settingsTable } from "../../settings/table.ts";

const sizes = [...settingsTable.instanceMemory.schema.values];
const { least, most } = appNumbers.INSTANCE_MEMORY_MB;

test("an instance of any memory holds as many of the largest bodies as it gets, and would not hold two more", () => {
  const anySize = fc.oneof(fc.constantFrom(...sizes), fc.integer({ min: least, max: most }));
  fc.assert(
    fc.property(anySize, (size) => {
      const { calls, acceptedBytes, uses } = memoryBudget(size);
      const memory = size * 2 ** 20;
      const used = uses.base + uses.arriving + uses.accepted;
      expect(used).toBeLessThanOrEqual(memory);
      // Every body is at least once in the host and once in the relay.
      expect(uses.arriving).toBeGreaterThanOrEqual(calls * hostBodyLimit);
      expect(uses.accepted).toBeGreaterThanOrEqual(acceptedBytes);
      expect(used + (2 * uses.arriving) / calls).toBeGreaterThan(memory);
      // Otherwise nothing, or no body of the largest size, could ever come in.
      expect(calls).toBeGreaterThanOrEqual(1);
      expect(acceptedBytes).toBeGreaterThanOrEqual(maxBodyBytes);
    }),
  );
});

test("no size of instance gets fewer calls at a time than by Azure's default", () => {
  expect(sizes.map((size) => [size, memoryBudget(size).calls])).toEqual([
    [512, 5],
    [2048, 39],
    [4096, 85],
  ]);
});

test("docs/scaling.md names the limits", () => {
  const page = readFileSync(path.resolve(import.meta.dirname, "../../docs/scaling.md"), "utf8").replace(/\s+/g, " ");
  const [small, usual, large] = sizes.map((size) => memoryBudget(size));
  const calls = `${usual?.calls} concurrent calls (${small?.calls} with \`instanceMemory\` 512, ${large?.calls} with 4096)`;
  expect(page).toContain(calls);
  const mib = (budget?: { acceptedBytes: number }) => `${Number(budget?.acceptedBytes) / 2 ** 20} MiB`;
  expect(page).toContain(`${mib(usual)} with the default \`instanceMemory\`, ${mib(small)} with 512`);
  expect(page).toContain(`${mib(large)} with 4096`);
});
