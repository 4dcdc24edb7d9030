import { mkdir, mkdtemp, readFile, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { auditCommand } from "../../cli/audit/audit-command.ts";
import { utcDate } from "../../cli/audit/range.ts";
import { auditFolderPrefix, describeLastAudit, findLastAudit, writeAuditResult } from "../../cli/audit/result-file.ts";
import { backfillCommand } from "../../cli/backfill/backfill-command.ts";
import { Progress } from "../../cli/output/progress.ts";
import { StackSource } from "../../cli/stack/source.ts";
import type { StackResource } from "../../cli/stack/state.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import {
  credentials,
  event,
  flowing,
  Platform,
  type RunningFlow,
} from "../../packages/local-cloud/test/platform/harness.ts";

const [from, to] = ["2024-04-30", "2024-05-01"].map((date) => utcDate.parse(date)) as [number, number];
const timestamp = Date.parse("2024-05-01T11:59:00Z") / 1000;

let platform: Platform;
let customerIo: CustomerIoStandIn;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "audit-command-"));
  platform = await Platform.start();
  const workspaces = [{ name: "shop", appApiKey: "audit-key", signingKey: "signing-key" }];
  customerIo = await startCustomerIo({ workspaces, switches: { messageDelaySeconds: 0 } });
});
afterEach(async () => {
  await customerIo.close();
  await platform.close();
  await rm(folder, { recursive: true });
});

const text = { title: "Text", type: "string" };
const long = { title: "Number", type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 };
const properties = { delivery_id: text, object_type: text, metric: text, timestamp: long };
const mappings = ["object_type", "metric", "timestamp", "data.delivery_id"].map((source) => ({
  ...{ sourceType: "ATTRIBUTE", source },
  destination: `_acme.customerio.${source.replace("data.", "")}`,
}));

/** Records an event in Customer.io and, unless it is dropped, sends it to the dataflow. */
async function happen(flow: RunningFlow, delivery: string, metric: string, isDropped = false) {
  const made = { object_type: "email", metric, timestamp, data: { delivery_id: delivery } };
  const body = JSON.stringify({ events: [made], reported: false });
  await fetch(`${customerIo.url}/__local/events`, { method: "POST", body });
  const id = `${delivery}-${metric}`;
  if (!isDropped) await platform.send(flow.inletUrl, flow.flow, event({ event_id: id, ...made }));
}

async function sourceOf({ dataset, flow }: RunningFlow, given = mappings): Promise<StackSource> {
  const created = await fetch(`${customerIo.url}/v1/reporting_webhooks`, {
    method: "POST",
    headers: { Authorization: "Bearer audit-key" },
    body: JSON.stringify({
      name: "relay",
      endpoint: "https://relay.example.com",
      events: ["email_sent", "email_opened"],
    }),
  });
  const { id } = (await created.json()) as { id: number };
  const resource = (type: string, resourceId: string, outputs: object = {}): StackResource => ({
    ...{ type, id: resourceId, urn: `urn:pulumi:dev::events::${type}::it`, name: "it", parent: undefined },
    ...{ provider: undefined, dependencies: [], delete: false, modifiedAt: undefined, inputs: {} },
    outputs: { ...outputs },
  });
  return new StackSource({
    ...{ name: "events", target: { stack: "dev" }, component: undefined, providers: new Map() },
    members: [
      resource("customerio:index:ReportingWebhook", String(id)),
      resource("aep:index:Dataflow", flow),
      resource("aep:index:TargetConnection", "target", { datasetId: dataset }),
      resource("aep:index:MappingSet", "mapping", { mappings: given }),
    ],
    settings: {
      ...{ "customerio:appApiKey": "audit-key", "customerio:appApiUrl": customerIo.url },
      ...{ "aep:clientId": credentials.clientId, "aep:clientSecret": credentials.clientSecret[0] },
      ...{
        "aep:orgId": credentials.orgId,
        "aep:sandbox": "dev",
        "aep:imsUrl": platform.url,
        "aep:platformUrl": platform.url,
      },
    },
  });
}

const shared = { stack: "dev", json: false, debug: false };

function contextFor(printed: string[]) {
  return {
    ...{ print: (...lines: string[]) => void printed.push(...lines), progress: new Progress(undefined) },
    printJson: () => undefined,
    ...{ isOneOfSeveral: false, isJson: false, signal: new AbortController().signal },
  };
}

async function run(source: StackSource) {
  const printed: string[] = [];
  const values = {
    ...shared,
    from,
    to,
    lookback: 1,
    folder,
    heal: false,
    via: "relay" as const,
    rate: 50,
    "into-profile": false,
  };
  const { ending, json } = await auditCommand.run(source, values, contextFor(printed));
  expect(auditCommand.json.safeParse(json).error).toBeUndefined();
  return { ending, json, printed: printed.join("\n") };
}

async function runBackfill(source: StackSource, isDry: boolean) {
  const printed: string[] = [];
  const values = { ...shared, from, to, lookback: 1, folder, via: "relay" as const, rate: 50, "into-profile": false };
  const chosen = { ...values, metrics: undefined, "dry-run": isDry, revert: false };
  const { ending, json } = await backfillCommand.run(source, chosen, contextFor(printed));
  return { ending, json, printed: printed.join("\n") };
}

test("a stack's audit finds what was dropped, and leaves out what its webhook does not send", async () => {
  const flow = await flowing(platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
  for (const delivery of ["d1", "d2"]) await happen(flow, delivery, "sent");
  await happen(flow, "d1", "opened");
  await happen(flow, "d2", "opened", true);
  await happen(flow, "d2", "clicked", true);
  await platform.idle();
  const { ending, json, printed } = await run(await sourceOf(flow));
  expect(ending).toBe("broken");
  expect(json.totals).toMatchObject({ recorded: 5, found: 3, missing: 1, leftOut: 1, extra: 0, unknown: 0 });
  expect(printed).toContain("2024-05-01  email opened           MISSING (1 missing)");
  const ids = (await readFile(json.missingFile ?? "", "utf8")).trim().split("\n");
  expect(ids.map((line) => JSON.parse(line))).toEqual([
    { delivery: "d2", object_type: "email", metric: "opened", timestamp, state: "missing", stage: "unknown" },
  ]);
});

test("a stack with a row for everything is complete", async () => {
  const flow = await flowing(platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
  await happen(flow, "d1", "sent");
  await platform.idle();
  const { ending, json, printed } = await run(await sourceOf(flow));
  expect([ending, json.verdict, json.missingFile]).toEqual(["well", "complete", undefined]);
  expect(printed).toContain("Nothing is missing, as far as it can be known.");
});

test("status names the last audit of the working directory", async () => {
  const source = { target: { stack: "org/prod" }, name: "events" } as StackSource;
  const before = process.cwd();
  process.chdir(folder);
  try {
    expect(await findLastAudit(source)).toBeUndefined();
    const prefix = auditFolderPrefix(source);
    expect(prefix).toBe("audit-org-prod-events-");
    const totals = { missing: 2, held: 1 };
    for (const [name, verdict, at] of [
      ["old", "complete", 1],
      ["new", "missing", 2],
    ] as const) {
      await mkdir(`${prefix}${name}`);
      await writeAuditResult(`${prefix}${name}`, { verdict, from: "2026-10-01", to: "2026-10-31", totals });
      await utimes(`${prefix}${name}/result.json`, at, at);
    }
    // Still under way.
    await mkdir(`${prefix}open`);
    const last = await findLastAudit(source);
    expect(last && describeLastAudit(last)).toBe(
      "Last audit, of 2026-10-01 to 2026-10-31, on 1970-01-01: 2 missing and 1 dead letters (audit-org-prod-events-new)",
    );
  } finally {
    process.chdir(before);
  }
});

test("a mapping that leaves out what is compared is an error", async () => {
  const flow = await flowing(platform);
  await expect(run(await sourceOf(flow, mappings.slice(0, 2)))).rejects.toThrow(
    "does not fill the field customerio.delivery_id",
  );
});

test("a dry run of a backfill says what would be sent, and a dataset of Profile is not filled without a word", async () => {
  const flow = await flowing(platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
  await happen(flow, "d1", "sent");
  await happen(flow, "d2", "sent", true);
  await platform.idle();
  const source = await sourceOf(flow);
  const { ending, json, printed } = await runBackfill(source, true);
  expect([ending, json]).toEqual(["well", { planned: 1, sent: 0, kinds: {}, impossible: {}, stopped: false }]);
  expect(printed).toContain("1 event can be rebuilt");
  expect(printed).toContain("  1 email sent");

  const registry = `/data/foundation/schemaregistry/tenant/schemas/${encodeURIComponent(flow.schema)}`;
  await platform.call("PATCH", registry, {
    body: [
      { op: "add", path: "/allOf/-", value: { $ref: "https://ns.adobe.com/xdm/context/identitymap" } },
      { op: "add", path: "/meta:immutableTags", value: ["union"] },
    ],
  });
  const patch = [{ op: "add", path: "/tags/unifiedProfile", value: ["enabled:true"] }];
  const answer = await platform.call("PATCH", `/data/foundation/catalog/dataSets/${flow.dataset}`, {
    body: patch,
    headers: { "Content-Type": "application/json-patch+json" },
  });
  expect(answer.status).toBe(200);
  await expect(runBackfill(source, false)).rejects.toThrow("The dataset feeds Real-Time Customer Profile.");
});

test("--heal needs a relay", async () => {
  const flow = await flowing(platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
  const source = await sourceOf(flow);
  const values = {
    ...shared,
    from,
    to,
    lookback: 1,
    folder,
    heal: true,
    via: "relay" as const,
    rate: 50,
    "into-profile": false,
  };
  expect(() => auditCommand.checkSources?.(values, [source])).toThrow("the source events has none");
});
