import { audit } from "../../cli/audit/audit.ts";
import { sumCells } from "../../cli/audit/report.ts";
import type { RelaySide } from "../../cli/audit/sides/relay-side.ts";
import { backfillCommand } from "../../cli/backfill/backfill-command.ts";
import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import { RelayTables } from "../../cli/relay/relay-tables.ts";
import { StoragePermission } from "../../cli/relay/storage-permission.ts";
import { deadEvent } from "../../relay/core/event/dead-letter.ts";
import {
  auditValues,
  closeStage,
  contextFor,
  flowWithFields,
  happen as happenInStack,
  openStage,
  runAuditCommand,
  type StorageAccounts,
  sourceOf,
  stage,
  timestamp,
} from "./audit-stack.ts";
import { accessTo, closeWorld, happen, now, openWorld, partsFor } from "./audit-world.ts";
import { NotingRelay } from "./relay-notes.ts";
import { blobRole, queueRole, startAccount, type TestAccount, tableRole } from "./storage-account.ts";

// An audit of events that are on their way: from dead letters to the queue or back, or in the account of a relay that was replaced.

const absent = happen("absent", 0);
const body = JSON.stringify(absent);
const event = { id: "absent", receivedAt: now.toISOString(), attempts: 3, body };
const { name, document } = deadEvent(event, body, { class: "expired", reason: "503", now });

/** An audit in which something happens after it has looked at the queue, which was empty. */
async function totalsWhile(letters: Map<string, object>, happens: () => void) {
  await openWorld([absent]);
  const relay: RelaySide = {
    accounts: [
      {
        tables: { eachDeliveryNote: async () => happens(), readCounts: () => Promise.reject(new Error("not needed")) },
        queues: { count: async () => 0 },
        storage: { peekMessages: async () => new Map(), readClaim: async () => undefined },
      },
    ],
    pause: async () => undefined,
  };
  const deadLetters = {
    async *eachDeadLetter() {
      for (const one of letters.keys()) yield { name: one, writtenAt: now };
    },
    readDeadLetter: async (one: string) =>
      letters.has(one) ? { etag: "", content: Buffer.from(JSON.stringify(letters.get(one))) } : undefined,
    readClaim: async () => undefined,
  };
  try {
    return sumCells((await audit(partsFor(accessTo([]), { relay, deadLetters }))).cells);
  } finally {
    await closeWorld();
  }
}

test("a dead letter that is replayed during an audit is not missing", async () => {
  const letters = new Map<string, object>([[name, document]]);
  expect(await totalsWhile(letters, () => letters.delete(name))).toMatchObject({ held: 1, missing: 0 });
});

test("an event that becomes a dead letter during an audit is not missing", async () => {
  const letters = new Map<string, object>();
  expect(await totalsWhile(letters, () => letters.set(name, document))).toMatchObject({ held: 1, missing: 0 });
});

describe("a stack's audit", () => {
  let operator: TestAccount;
  beforeAll(async () => {
    operator = await startAccount([blobRole, queueRole, tableRole], { isReplacing: true });
  }, 60_000);
  afterAll(() => operator.stop());
  beforeEach(() => openStage());
  afterEach(closeStage);

  test("knows what the account of a replaced relay holds and has delivered, as long as it exists", async () => {
    const flow = await flowWithFields();
    for (const delivery of ["queued", "delivered", "lost"]) {
      await happenInStack(flow, delivery, "sent", { isDropped: true });
    }
    const [permission] = await StoragePermission.ofReplaced(operator.source);
    if (permission === undefined) throw new Error("There is no other account.");
    const { endpoints } = permission;
    const former = { account: await RelayStorageAccount.openAt(permission), tables: RelayTables.openAt(permission) };
    const relay = new NotingRelay({ ...operator, ...former, endpoints });
    const made = (delivery: string) => ({
      object_type: "email",
      metric: "sent",
      timestamp,
      data: { delivery_id: delivery },
    });
    await relay.queue(made("queued"));
    const at = Math.floor(Date.now() / 1000) - 3_600;
    await relay.deliver(made("delivered"), { at });
    const totalsOf = async (relay: StorageAccounts, folder: string) =>
      (
        await runAuditCommand(await sourceOf(flow, { relay }), {
          folder: `${stage.folder}/${folder}`,
        })
      ).json;
    const both = await totalsOf(operator.source, "both");
    expect(both.totals).toMatchObject({ missing: 1, waiting: 1, young: 1 });
    // Only the notes of the current relay have no gap.
    expect(both.notesSince).toBeUndefined();
    const { storageAccount } = operator.source;
    const alone = await totalsOf({ storageAccount, replacedStorageAccounts: [] }, "alone");
    expect(alone.totals).toMatchObject({ missing: 3 });
  });

  test("is refused while the relay is incomplete, since events may be in it, and so is a backfill", async () => {
    const flow = await flowWithFields();
    await happenInStack(flow, "absent", "sent", { isDropped: true });
    const source = await sourceOf(flow, { relay: operator.source, hasCode: false });
    const refusal =
      "The relay of the source events is incomplete: its storage account exists, but not its code, as after an interrupted up or destroy. So " +
      "nobody can tell which events it has delivered, or still holds. First finish what was interrupted: npx pulumi up --stack dev, or " +
      "npx pulumi destroy --stack dev.";
    await expect(runAuditCommand(source)).rejects.toThrow(refusal);
    const values = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": false, revert: false };
    await expect(backfillCommand.run(source, values, contextFor([]))).rejects.toThrow(refusal);
  });
});
