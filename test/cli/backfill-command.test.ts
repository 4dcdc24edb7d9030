import path from "node:path";
import { backfillCommand } from "../../cli/backfill/backfill-command.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import { newEvent } from "../../relay/core/event/envelope.ts";
import {
  auditValues,
  closeStage,
  contextFor,
  flowWithFields,
  forgetMessages,
  happen,
  openStage,
  runAuditCommand,
  sourceOf,
  stage,
  timestamp,
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
  for (const delivery of ["d2", "d3"]) await happen(flow, delivery, "sent", { isDropped: true });
  await happen(flow, "d1", "opened", { isDropped: true });
  await stage.platform.idle();
  const source = await sourceOf(flow, { relay: operator.source });
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

test("an audit that heals ends well if it has sent everything, and with 1 if a dead letter is left", async () => {
  const flow = await flowWithFields();
  await happen(flow, "d1", "sent");
  // Others than those that the test before has left in the queue.
  for (const delivery of ["d6", "d7"]) await happen(flow, delivery, "sent", { isDropped: true });
  await stage.platform.idle();
  const source = await sourceOf(flow, { relay: operator.source });

  const healed = await runAuditCommand(source, { heal: true });
  expect([healed.ending, healed.json.verdict, healed.json.backfill?.sent]).toEqual(["well", "missing", 2]);

  await happen(flow, "d4", "sent", { isDropped: true });
  const body = JSON.stringify({ object_type: "email", metric: "sent", timestamp, data: { delivery_id: "d4" } });
  const event = newEvent({ id: "d4", receivedAt: new Date().toISOString(), body });
  const { name, document } = deadEvent(event, body, { class: "refused", reason: "400", now: new Date() });
  await operator.account.addDeadLetter(name, Buffer.from(JSON.stringify(document)));
  const folder = path.join(stage.folder, "again");
  const left = await runAuditCommand(source, { heal: true, folder });
  expect([left.ending, left.json.totals.held]).toEqual(["broken", 1]);
});

test("an audit that heals ends with 1 if Customer.io no longer has what is missing", async () => {
  const flow = await flowWithFields();
  await happen(flow, "d1", "sent");
  await happen(flow, "d5", "sent", { isDropped: true });
  await stage.platform.idle();
  const stackSource = () => sourceOf(flow, { relay: operator.source });
  await runAuditCommand(await stackSource());
  await forgetMessages();
  const { ending, json } = await runAuditCommand(await stackSource(), { heal: true });
  expect([ending, json.totals.missing, json.backfill?.sent]).toEqual(["broken", 1, 0]);
});
