import { backfillCommand } from "../../cli/backfill/backfill-command.ts";
import {
  auditValues,
  closeStage,
  contextFor,
  flowWithFields,
  happen,
  openStage,
  sourceOf,
  stage,
} from "./audit-stack.ts";
import { blobRole, queueRole, startAccount, type TestAccount, tableRole } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole, tableRole]);
}, 60_000);
afterAll(() => operator.stop());
beforeEach(() => openStage());
afterEach(closeStage);

test("what an audit finds missing goes into the relay's queue, and a message says where it is", async () => {
  const flow = await flowWithFields();
  await happen(flow, "d1", "sent");
  for (const delivery of ["d2", "d3"]) await happen(flow, delivery, "sent", true);
  await happen(flow, "d1", "opened", true);
  await stage.platform.idle();
  const source = await sourceOf(flow, undefined, undefined, operator.source.storageAccount);
  const values = { ...auditValues, folder: stage.folder, metrics: ["sent"], "dry-run": false, revert: false };
  const printed: string[] = [];
  const { ending, json } = await backfillCommand.run(source, values, contextFor(printed));
  expect([ending, json]).toEqual([
    "well",
    { planned: 2, unjudged: 0, sent: 2, stopped: false, kinds: { "email sent": 2 }, impossible: {} },
  ]);
  expect(printed.join("\n")).toMatch(
    /2 events can be rebuilt: about .* at 50 a second, .*, about 4 storage operations\./,
  );
  expect(printed.slice(-2)).toEqual([
    "2 of 2 events are in the relay's queue. Rows appear within the hour; then run the same audit again.",
    "  2 email sent",
  ]);
});
