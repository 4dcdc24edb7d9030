import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { auditCommand } from "../../cli/audit/audit-command.ts";
import { utcDate } from "../../cli/audit/range.ts";
import { Progress } from "../../cli/output/progress.ts";
import { StackSource } from "../../cli/stack/source.ts";
import type { StackResource } from "../../cli/stack/state.ts";
import { type CustomerIoStandIn, startCustomerIo } from "../../packages/local-cloud/src/customer-io/customer-io.ts";
import type { PlatformOptions } from "../../packages/local-cloud/src/platform/platform.ts";
import {
  credentials,
  event,
  flowing,
  Platform,
  type RunningFlow,
} from "../../packages/local-cloud/test/platform/harness.ts";
import { stackResource } from "./stack-resource.ts";

const [from, to] = ["2024-04-30", "2024-05-01"].map((date) => utcDate.parse(date)) as [number, number];
export const timestamp = Date.parse("2024-05-01T11:59:00Z") / 1000;

const text = { title: "Text", type: "string" };
const long = { title: "Number", type: "integer", minimum: -9007199254740992, maximum: 9007199254740992 };
const properties = { delivery_id: text, object_type: text, metric: text, timestamp: long };
export const mappings = ["object_type", "metric", "timestamp", "data.delivery_id"].map((source) => ({
  sourceType: "ATTRIBUTE",
  source,
  destination: `_acme.customerio.${source.replace("data.", "")}`,
}));

/** What the options of a command with an audit are, unless a test says otherwise. */
export const auditValues = {
  stack: "dev",
  json: false,
  debug: false,
  from,
  to,
  lookback: 1,
  sql: false,
  heal: false,
  via: "relay" as const,
  rate: 50,
  "into-profile": false,
};

/** A folder for audits, and the stand-ins of Platform and Customer.io. */
export const stage = {} as { folder: string; platform: Platform; customerIo: CustomerIoStandIn };

export async function openStage(options: Partial<PlatformOptions> = {}): Promise<void> {
  stage.folder = await mkdtemp(path.join(tmpdir(), "audit-command-"));
  stage.platform = await Platform.start(options);
  stage.customerIo = await startWorkspace();
}

function startWorkspace(): Promise<CustomerIoStandIn> {
  const workspaces = [{ name: "shop", appApiKey: "audit-key", signingKey: "signing-key" }];
  return startCustomerIo({ workspaces, switches: { messageDelaySeconds: 0 } });
}

/** Customer.io no longer has any message. */
export async function forgetMessages(): Promise<void> {
  await stage.customerIo.close();
  stage.customerIo = await startWorkspace();
}

export async function closeStage(): Promise<void> {
  await stage.customerIo.close();
  await stage.platform.close();
  await rm(stage.folder, { recursive: true });
}

/** A dataflow into a dataset that has the fields which an audit compares. */
export function flowWithFields(): Promise<RunningFlow> {
  return flowing(stage.platform, mappings, { customerio: { title: "Customer.io", type: "object", properties } });
}

/** Records an event in Customer.io and, unless it is dropped, sends it to the dataflow. */
export async function happen(
  flow: RunningFlow,
  delivery: string,
  metric: string,
  { isDropped = false } = {},
): Promise<void> {
  const made = { object_type: "email", metric, timestamp, data: { delivery_id: delivery } };
  const body = JSON.stringify({ events: [made], reported: false });
  await fetch(`${stage.customerIo.url}/__local/events`, { method: "POST", body });
  if (!isDropped) await sendRow(flow, delivery, metric);
}

/** Sends an event to the dataflow, whether or not Customer.io has recorded it. */
export async function sendRow(flow: RunningFlow, delivery: string, metric: string): Promise<void> {
  const made = { object_type: "email", metric, timestamp, data: { delivery_id: delivery } };
  await stage.platform.send(flow.inletUrl, flow.flow, event({ event_id: `${delivery}-${metric}`, ...made }));
}

/** Storage accounts as a stack has them. */
export type StorageAccounts = Pick<StackSource, "storageAccount" | "replacedStorageAccounts">;

interface SourceParts {
  readonly given?: typeof mappings;
  readonly stack?: string;
  /** The storage accounts of its relay; without them the source has none. */
  readonly relay?: StorageAccounts;
  /** Whether the relay is complete. */
  readonly hasCode?: boolean;
}

/** A source whose webhook sends to that dataflow. */
export async function sourceOf(
  { dataset, flow }: RunningFlow,
  { given = mappings, stack = "dev", relay, hasCode = true }: SourceParts = {},
): Promise<StackSource> {
  const { customerIo, platform } = stage;
  const events = ["email_sent", "email_opened"];
  const created = await fetch(`${customerIo.url}/v1/reporting_webhooks`, {
    method: "POST",
    headers: { Authorization: "Bearer audit-key" },
    body: JSON.stringify({ name: "relay", endpoint: "https://relay.example.com", events }),
  });
  const { id } = (await created.json()) as { id: number };
  const resource = (type: string, rest: Partial<StackResource>) =>
    stackResource(type, { urn: `urn:pulumi:${stack}::events::${type}::it`, name: "it", ...rest });
  return new StackSource({
    name: "events",
    target: { stack },
    component: undefined,
    providers: new Map(),
    members: [
      resource("customerio:index:ReportingWebhook", { id: String(id), inputs: { events } }),
      resource("aep:index:Dataflow", { id: flow }),
      resource("aep:index:TargetConnection", { outputs: { datasetId: dataset } }),
      resource("aep:index:MappingSet", { outputs: { mappings: given } }),
      ...(relay
        ? [
            resource("azure-native:storage:StorageAccount", partsOf(relay.storageAccount)),
            ...relay.replacedStorageAccounts.map((replaced) =>
              resource("azure-native:storage:StorageAccount", { ...partsOf(replaced), delete: true }),
            ),
            ...(hasCode ? [resource("customerio-aep:index:FunctionCode", {})] : []),
            resource("azure-native:web:WebAppApplicationSettings", { inputs: { properties: {} } }),
          ]
        : []),
    ],
    settings: {
      "customerio:appApiKey": "audit-key",
      "customerio:appApiUrl": customerIo.url,
      "aep:clientId": credentials.clientId,
      "aep:clientSecret": credentials.clientSecret[0],
      "aep:orgId": credentials.orgId,
      "aep:sandbox": "dev",
      "aep:imsUrl": platform.url,
      "aep:platformUrl": platform.url,
    },
  });
}

function partsOf({ id, outputs }: StackResource): Pick<StackResource, "id" | "outputs"> {
  return { id, outputs };
}

export function contextFor(printed: string[], progress = new Progress(undefined)) {
  return {
    print: (...lines: string[]) => void printed.push(...lines),
    progress,
    printJson: () => undefined,
    isOneOfSeveral: false,
    isJson: false,
    signal: new AbortController().signal,
  };
}

/** Runs `customerio-aep audit` in the stage's folder. */
export async function runAuditCommand(
  source: StackSource,
  changes: Partial<typeof auditValues & { folder: string }> = {},
) {
  const printed: string[] = [];
  const values = { ...auditValues, folder: stage.folder, ...changes };
  const { ending, json } = await auditCommand.run(source, values, contextFor(printed));
  expect(auditCommand.json.safeParse(json).error).toBeUndefined();
  return { ending, json, printed: printed.join("\n") };
}
