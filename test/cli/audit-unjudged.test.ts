import { readFile } from "node:fs/promises";
import path from "node:path";
import { audit, openLedger } from "../../cli/audit/audit.ts";
import { keptRows } from "../../cli/audit/audit-source.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { auditVerdict, describeLastAudit, findLastAudit } from "../../cli/audit/result-file.ts";
import { backfillCommand } from "../../cli/backfill/backfill-command.ts";
import { openUpload, type UploadService } from "../../cli/backfill/batch/uploads.ts";
import { platformOf } from "../../cli/clients.ts";
import { BatchIngestion } from "../../cli/platform/batch-ingestion.ts";
import { batchStates } from "../../packages/local-cloud/src/platform/state/batch-state.ts";
import { event, type RunningFlow } from "../../packages/local-cloud/test/platform/harness.ts";
import {
  auditValues,
  closeStage,
  contextFor,
  flowWithFields,
  happen as happenInStack,
  openStage,
  runAuditCommand,
  sourceOf,
  stage,
} from "./audit-stack.ts";
import { accessTo, batchOf, closeWorld, day, happen, openWorld, partsFor, start, verdictsOf } from "./audit-world.ts";

// What an audit says while something can't be read: it must never take that for a row.

describe("a stack's audit", () => {
  let flow: RunningFlow;

  beforeEach(async () => {
    await openStage();
    flow = await flowWithFields();
  });
  afterEach(closeStage);

  async function batchIds(): Promise<string[]> {
    return Object.keys(
      (await stage.platform.call("GET", `/data/foundation/catalog/batches?dataSet=${flow.dataset}`)).body,
    );
  }

  async function setState(status: string): Promise<void> {
    const [id] = await batchIds();
    const answer = await stage.platform.plain("POST", `/__local/batches/${id}`, {}, JSON.stringify({ status }));
    expect(answer.status).toBe(204);
  }

  test("is unknown while a batch is stalled, ends with 3, and nothing is sent or called complete", async () => {
    for (const delivery of ["d1", "d2"]) await happenInStack(flow, delivery, "sent");
    await stage.platform.idle();
    await setState("stalled");
    const source = await sourceOf(flow);
    const { ending, json, printed } = await runAuditCommand(source);
    expect([ending, json.verdict]).toEqual(["waiting", "unjudged"]);
    expect(json.totals).toMatchObject({ recorded: 2, found: 0, missing: 0, unjudged: 2, unknown: 0 });
    expect(json.reasons).toEqual([{ reason: "1 batch of the dataset is not finished", events: 2, isTemporary: true }]);
    expect(printed).toContain("2 have no row that could be read, and may be missing. Run the same audit again later:");
    expect(printed).not.toContain("Nothing is missing");
    expect(JSON.parse(await readFile(path.join(stage.folder, "result.json"), "utf8"))).toMatchObject({
      verdict: "unjudged",
    });
    const last = await findLastAudit(source, stage.folder);
    expect(last && describeLastAudit(last)).toContain(": 2 can't be judged yet, so run it again (");

    const words: string[] = [];
    const values = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": true, revert: false };
    const backfill = await backfillCommand.run(source, values, contextFor(words));
    expect([backfill.ending, backfill.json]).toMatchObject(["waiting", { planned: 0, unjudged: 2 }]);
    const ofOthers = await backfillCommand.run(source, { ...values, metrics: ["opened"] }, contextFor([]));
    expect([ofOthers.ending, ofOthers.json]).toMatchObject(["well", { planned: 0, unjudged: 0 }]);
    expect(words).toContain(
      "2 events can't be judged yet, so nothing is sent for them. Run the same command again later.",
    );

    await setState("success");
    expect(await runAuditCommand(source)).toMatchObject({ ending: "well", json: { verdict: "complete" } });
  });

  test("leaves out what a batch of an earlier backfill has, while Platform processes it", async () => {
    await happenInStack(flow, "d1", "sent");
    await happenInStack(flow, "d2", "sent", { isDropped: true });
    await stage.platform.idle();
    const source = await sourceOf(flow);
    expect((await runAuditCommand(source)).json.verdict).toBe("missing");
    await stage.platform.plain("POST", "/__local/switches", {}, JSON.stringify({ batchStagingSeconds: 3600 }));
    const ledger = await openLedger(stage.folder);
    const service: UploadService = {
      ledger,
      ingestion: new BatchIngestion(platformOf(source), flow.dataset),
      pause: async () => undefined,
      now: () => new Date(),
      signal: new AbortController().signal,
    };
    const batch = await openUpload(service);
    await ledger.run(`INSERT INTO uploaded VALUES ('${batch}', 0, 'd2', 'email', 'sent')`);
    await service.ingestion.complete(batch, service.signal);
    ledger.close();
    const words: string[] = [];
    const values = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": true, revert: false };
    const backfill = await backfillCommand.run(source, values, contextFor(words));
    expect([backfill.ending, backfill.json]).toMatchObject(["waiting", { planned: 0, unjudged: 1, batches: [batch] }]);
    expect(words).toContain(
      "1 event is in a batch of an earlier run that Platform has not finished. It is not sent again; --via batch waits for the batch.",
    );
    expect(words.join("\n")).not.toContain("Run the same command again later.");
    const others: string[] = [];
    const ofOthers = await backfillCommand.run(source, { ...values, metrics: ["opened"] }, contextFor(others));
    expect([ofOthers.ending, others.at(-1)]).toEqual(["well", "There is nothing to send."]);
  });

  test("a revert of a batch that stays stalled ends with 3, and says what to do", async () => {
    const source = await sourceOf(flow);
    await runAuditCommand(source);
    const ledger = await openLedger(stage.folder);
    const { signal } = new AbortController();
    const ingestion = new BatchIngestion(platformOf(source), flow.dataset);
    const now = () => new Date();
    const batch = await openUpload({ ledger, ingestion, pause: async () => undefined, now, signal });
    await ingestion.complete(batch, signal);
    await stage.platform.plain("POST", `/__local/batches/${batch}`, {}, JSON.stringify({ status: "stalled" }));
    // An earlier run has seen it so.
    await ledger.run(`UPDATE uploads SET stalled_at = ${Math.floor(Date.now() / 1000) - 3_600}`);
    ledger.close();
    const words: string[] = [];
    const values = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": false, revert: true };
    const { ending, json } = await backfillCommand.run(source, values, contextFor(words));
    expect([ending, json]).toMatchObject(["waiting", { reverted: [], stalled: [batch] }]);
    expect(words).toEqual([
      `The batch ${batch} is stalled, so it can't be reverted yet. Ask Adobe's support about it, and run the same command again once Platform has finished it.`,
    ]);
  });

  test("judges a batch in each state of Catalog by whether its rows are there, may come, or never will", async () => {
    await happenInStack(flow, "d1", "sent");
    await stage.platform.idle();
    const source = await sourceOf(flow);
    const verdicts: Record<string, string[]> = { complete: [], unjudged: [], missing: [] };
    for (const status of batchStates) {
      await setState(status);
      verdicts[(await runAuditCommand(source, { folder: path.join(stage.folder, status) })).json.verdict]?.push(status);
    }
    expect(verdicts).toEqual({
      complete: ["success", "active"],
      unjudged: ["processing", "queued", "retrying", "stalled", "loading", "loaded", "staged", "staging"],
      missing: ["failure", "aborted", "abandoned", "inactive", "failed", "deleted"],
    });
  });

  test("forgets the rows of a batch that was deleted since an earlier run", async () => {
    await happenInStack(flow, "d1", "sent");
    await stage.platform.idle();
    const source = await sourceOf(flow);
    expect((await runAuditCommand(source)).json.verdict).toBe("complete");
    await setState("deleted");
    expect((await runAuditCommand(source)).json.verdict).toBe("missing");
  });

  test.each(
    (["metrics", "beside-metrics"] as const).flatMap((batchCounts) =>
      (["own-batch", "in-record-count", "beside-record-count"] as const).map((place) => [batchCounts, place] as const),
    ),
  )(
    "misses no row of an hour with failed records, if Catalog counts %s, and them as %s",
    async (batchCounts, failedRecords) => {
      await stage.platform.plain("POST", "/__local/switches", {}, JSON.stringify({ batchCounts, failedRecords }));
      await happenInStack(flow, "d1", "sent");
      await happenInStack(flow, "d2", "sent", { isDropped: true });
      await stage.platform.send(flow.inletUrl, flow.flow, event({ event_id: null }));
      await stage.platform.idle();
      expect(await batchIds()).toHaveLength(failedRecords === "own-batch" ? 2 : 1);
      const { json } = await runAuditCommand(await sourceOf(flow));
      expect(json.totals).toMatchObject({ found: 1, missing: 1, unjudged: 0 });
    },
  );
});

describe("an unfinished batch", () => {
  afterEach(closeWorld);

  test("leaves judged what happened more than a day after its creation", async () => {
    const recorded = [0, 1, 2, 3].map((at) => happen(`d${at}`, at * day + 60));
    await openWorld(recorded);
    const access = {
      ...accessTo([]),
      async *eachBatch() {
        yield batchOf("open", 0, { createdAt: new Date((start + day) * 1000), status: "retrying" });
      },
    };
    expect(verdictsOf((await audit(partsFor(access))).cells)).toEqual({
      "2026-01-01 email sent": "unjudged",
      "2026-01-02 email sent": "unjudged",
      "2026-01-03 email sent": "missing",
      "2026-01-04 email sent": "missing",
    });
  });

  test("that Catalog no longer has makes its rows forgotten", async () => {
    const recorded = [happen("d0", 0), happen("d1", 60)];
    await openWorld(recorded);
    expect(sumCells((await audit(partsFor(accessTo([recorded.slice(0, 1), recorded.slice(1)])))).cells).found).toBe(2);
    const { cells } = await audit(partsFor(accessTo([recorded.slice(0, 1)])));
    expect(sumCells(cells)).toMatchObject({ found: 1, missing: 1 });
  });
});

test("a retention that can't be read makes old events unknown, and one of several parts is read", () => {
  expect(keptRows(null)).toBeUndefined();
  expect(keptRows("P1Y6M")?.days).toBe(365 + 180);
  expect(keptRows("P7D")?.days).toBe(30);
  expect(keptRows("PT720H")).toEqual({
    days: 30,
    reason: "the dataset keeps rows for PT720H, which this version can't read",
  });
});

test("the console's page has words for every verdict of an audit", async () => {
  const page = await readFile("cli/console/page/settings.js", "utf8");
  const [, words = ""] = page.match(/const verdicts = \{([^}]*)\}/) ?? [];
  expect([...words.matchAll(/(\w+): "/g)].map(([, verdict]) => verdict)).toEqual(auditVerdict.options);
});
