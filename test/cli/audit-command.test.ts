import { mkdir, readFile, utimes } from "node:fs/promises";
import { auditCommand } from "../../cli/audit/audit-command.ts";
import { auditFolderPrefix, describeLastAudit, findLastAudit, writeAuditResult } from "../../cli/audit/result-file.ts";
import { backfillCommand } from "../../cli/backfill/backfill-command.ts";
import { UsageError } from "../../cli/command/usage-error.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { contentType, flowing } from "../../packages/local-cloud/test/platform/harness.ts";
import {
  auditValues,
  closeStage,
  contextFor,
  flowWithFields,
  happen,
  mappings,
  openStage,
  runAuditCommand,
  sendRow,
  sourceOf,
  stage,
  timestamp,
} from "./audit-stack.ts";

const never = new AbortController().signal;

beforeEach(() => openStage());
afterEach(closeStage);

async function planDryBackfill(source: StackSource) {
  const printed: string[] = [];
  const values = { ...auditValues, folder: stage.folder };
  const chosen = { ...values, metrics: undefined, "dry-run": true, revert: false };
  const { ending, json } = await backfillCommand.run(source, chosen, contextFor(printed));
  return { ending, json, printed: printed.join("\n") };
}

test("a stack's audit finds what was dropped, and leaves out what its webhook does not send", async () => {
  const flow = await flowWithFields();
  for (const delivery of ["d1", "d2"]) await happen(flow, delivery, "sent");
  await happen(flow, "d1", "opened");
  await happen(flow, "d2", "opened", { isDropped: true });
  await happen(flow, "d2", "clicked", { isDropped: true });
  await stage.platform.idle();
  const { ending, json, printed } = await runAuditCommand(await sourceOf(flow));
  expect(ending).toBe("broken");
  expect(json.totals).toMatchObject({ recorded: 5, found: 3, missing: 1, leftOut: 1, extra: 0, unknown: 0 });
  expect(printed).toContain("2024-05-01  email opened           MISSING (1 missing)");
  const ids = (await readFile(json.missingFile ?? "", "utf8")).trim().split("\n");
  expect(ids.map((line) => JSON.parse(line))).toEqual([
    { delivery: "d2", object_type: "email", metric: "opened", timestamp, state: "missing", stage: "unknown", rows: 0 },
  ]);
});

test("a stack with a row for everything is complete", async () => {
  const flow = await flowWithFields();
  await happen(flow, "d1", "sent");
  await stage.platform.idle();
  const { ending, json, printed } = await runAuditCommand(await sourceOf(flow));
  expect([ending, json.verdict, json.missingFile]).toEqual(["well", "complete", undefined]);
  expect(printed).toContain("Nothing is missing, as far as can be known.");
});

test("a folder belongs to one source and its dataset, whether it is audited or a backfill is reverted", async () => {
  const flow = await flowWithFields();
  await runAuditCommand(await sourceOf(flow));
  const other = await sourceOf(flow, { stack: "prod" });
  const words = (stack: string) =>
    `the source events of the stack ${stack} in the project events, with the dataset ${flow.dataset}`;
  const refusal = `The folder ${stage.folder} holds the audit of ${words("dev")}, and not of ${words("prod")}. Choose another --folder.`;
  await expect(runAuditCommand(other)).rejects.toThrow(new UsageError(refusal));
  const values = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": false, revert: true };
  await expect(backfillCommand.run(other, values, contextFor([]))).rejects.toThrow(new UsageError(refusal));
});

test("status names the last audit of the working directory", async () => {
  const source = { target: { stack: "org/prod" }, name: "events" } as StackSource;
  const before = process.cwd();
  process.chdir(stage.folder);
  try {
    expect(await findLastAudit(source)).toBeUndefined();
    const prefix = auditFolderPrefix(source);
    expect(prefix).toBe("audit-org-prod-events-");
    const totals = { missing: 2, held: 1 };
    const [old, recent] = ["2026-09-01-2026-09-30", "2026-10-01-2026-10-31"];
    for (const [name, verdict, at] of [
      [old, "complete", 1],
      [recent, "missing", 2],
      // Of a source with the name events-eu.
      [`eu-${recent}`, "complete", 3],
    ] as const) {
      await mkdir(`${prefix}${name}`);
      await writeAuditResult(`${prefix}${name}`, { verdict, from: "2026-10-01", to: "2026-10-31", totals });
      await utimes(`${prefix}${name}/result.json`, at, at);
    }
    // Still under way.
    await mkdir(`${prefix}2026-11-01-2026-11-30`);
    const last = await findLastAudit(source);
    expect(last && describeLastAudit(last)).toBe(
      "Last audit, of 2026-10-01 to 2026-10-31, on 1970-01-01: 2 missing and 1 dead letter (audit-org-prod-events-2026-10-01-2026-10-31)",
    );
  } finally {
    process.chdir(before);
  }
});

test("with a webhook that was deleted, an audit uses what the stack has subscribed to, and nothing is sent", async () => {
  const flow = await flowWithFields();
  for (const metric of ["sent", "clicked"]) await happen(flow, "d1", metric, { isDropped: true });
  await stage.platform.idle();
  const source = await sourceOf(flow);
  const webhook = source.resource("customerio:index:ReportingWebhook");
  const address = `${stage.customerIo.url}/v1/reporting_webhooks/${webhook.id}`;
  await fetch(address, { method: "DELETE", headers: { Authorization: "Bearer audit-key" } });
  const { json } = await runAuditCommand(source);
  expect(json.totals).toMatchObject({ recorded: 2, missing: 1, leftOut: 1 });
  const refused = `The workspace of the App API key has no reporting webhook ${webhook.id}. Either the key belongs to another workspace`;
  const sending = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": false, revert: false };
  await expect(backfillCommand.checkSources?.(sending, [source], never)).rejects.toThrow(refused);
  await expect(
    backfillCommand.checkSources?.({ ...sending, "dry-run": true }, [source], never),
  ).resolves.toBeUndefined();
});

test("an audit with the key of another workspace is an error that names the webhook", async () => {
  const flow = await flowWithFields();
  await happen(flow, "d1", "sent", { isDropped: true });
  await sendRow(flow, "d2", "sent");
  await stage.platform.idle();
  const source = await sourceOf(flow);
  const { id } = source.resource("customerio:index:ReportingWebhook");
  const address = `${stage.customerIo.url}/v1/reporting_webhooks/${id}`;
  await fetch(address, { method: "DELETE", headers: { Authorization: "Bearer audit-key" } });
  await expect(runAuditCommand(source)).rejects.toThrow(
    `The workspace of the App API key has no reporting webhook ${id}. Either the key belongs to another workspace: check ` +
      "customerio:appApiKey. Or the webhook was deleted: npx pulumi up --refresh --stack dev. No message of that workspace has a row in the dataset (1 message read).",
  );
});

test("a mapping that leaves out what is compared is an error", async () => {
  const flow = await flowing(stage.platform);
  await expect(runAuditCommand(await sourceOf(flow, { given: mappings.slice(0, 2) }))).rejects.toThrow(
    "does not fill the field customerio.delivery_id",
  );
});

test("a dry run of a backfill says what would be sent, and a dataset of Profile is not filled without a word", async () => {
  const flow = await flowWithFields();
  await happen(flow, "d1", "sent");
  await happen(flow, "d2", "sent", { isDropped: true });
  await stage.platform.idle();
  const source = await sourceOf(flow);
  const { ending, json, printed } = await planDryBackfill(source);
  expect([ending, json]).toEqual([
    "well",
    { planned: 1, unjudged: 0, sent: 0, kinds: {}, impossible: {}, stopped: false },
  ]);
  expect(printed).toContain("1 event can be rebuilt");
  expect(printed).toContain("  1 email sent");

  const registry = `/data/foundation/schemaregistry/tenant/schemas/${encodeURIComponent(flow.schema)}`;
  await stage.platform.call("PATCH", registry, {
    body: [
      { op: "add", path: "/allOf/-", value: { $ref: "https://ns.adobe.com/xdm/context/identitymap" } },
      { op: "add", path: "/meta:immutableTags", value: ["union"] },
    ],
  });
  const patch = [{ op: "add", path: "/tags/unifiedProfile", value: ["enabled:true"] }];
  const answer = await stage.platform.call("PATCH", `/data/foundation/catalog/dataSets/${flow.dataset}`, {
    body: patch,
    headers: { "Content-Type": "application/json-patch+json" },
  });
  expect(answer.status).toBe(200);
  const chosen = { ...auditValues, folder: stage.folder, metrics: undefined, "dry-run": false, revert: false };
  const check = (...sources: StackSource[]) => backfillCommand.checkSources?.(chosen, sources, never);
  const schemaRef = { id: flow.schema, contentType };
  const made = await stage.platform.call("POST", "/data/foundation/catalog/dataSets", {
    body: { name: "Another", schemaRef },
  });
  const another = await sourceOf({ ...flow, dataset: String(made.json).replace("@/dataSets/", "") });
  // It is asked before anything is sent for the first of them.
  await expect(check(another, source)).rejects.toThrow("feeds Real-Time Customer Profile.");
  await check(another);
});

test("--heal needs a relay", async () => {
  const flow = await flowWithFields();
  const source = await sourceOf(flow);
  const values = { ...auditValues, folder: stage.folder, heal: true };
  await expect(auditCommand.checkSources?.(values, [source], never)).rejects.toThrow("the source events has none");
});
