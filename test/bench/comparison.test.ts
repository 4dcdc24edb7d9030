import { measure } from "../../bench/comparison/run.ts";

/**
 * Operations on queues and tables for an event of a blast, the host's polls included. One message for each event would take 3 and a note 1
 * more; calls that come at the same time share a message, however slow the machine is.
 */
const operationsBudget = 1;

test("the deployed relay loses and repeats nothing under the comparison's load, with few storage operations", async () => {
  const measured = await measure("relay", { warmUp: 64, alone: 5, blast: 600, crowd: 256 });
  expect(measured).toMatchObject({ refused: 0, lost: 0, twice: 0 });
  expect(measured.operations).toBeGreaterThan(0);
  expect(measured.operations).toBeLessThanOrEqual(operationsBudget);
});
