/** The audit's own process: `child.ts` starts it and sends it an order. */
import { once } from "node:events";
import { copyFile } from "node:fs/promises";
import { type AuditParts, audit } from "../../cli/audit/audit.ts";
import { rangeOf } from "../../cli/audit/range.ts";
import { sumCells } from "../../cli/audit/report.ts";
import { config } from "../../packages/pulumi-customerio/src/config.ts";
import { History } from "../../packages/pulumi-customerio/src/history/history.ts";
import { readMemory } from "../process-memory.ts";
import type { AuditOrder, AuditReport } from "./child.ts";
import { day, days, start } from "./days.ts";

const [order] = (await once(process, "message")) as [AuditOrder];
const began = performance.now();
let lastProgress = began;
const result = await audit(partsFor(order));
const seconds = (since: number) => Math.round((performance.now() - since) / 1000);
const { missing, found } = sumCells(result.cells);
const report: AuditReport = {
  seconds: seconds(began),
  comparison: seconds(lastProgress),
  messages: result.messages,
  found,
  missing,
  megabytes: Math.round((await readMemory(process.pid, "peak")) / 1e6),
};
process.send?.(report);

function partsFor({ url, folder, files }: AuditOrder): AuditParts {
  const now = new Date((start + 60 * day) * 1000);
  const field = (name: string) => `_acme.customerio.${name}`;
  const paths = {
    delivery: field("delivery_id"),
    objectType: field("object_type"),
    metric: field("metric"),
    timestamp: field("timestamp"),
  };
  return {
    subject: "the bench",
    range: rangeOf(start, start + (days - 1) * day, 1),
    now,
    folder,
    paths,
    kept: undefined,
    history: new History(config.parse({ appApiKey: "key", appApiUrl: url })),
    access: {
      async *eachBatch() {
        for (const id of files.keys()) {
          yield { id: String(id), createdAt: now, status: "success", rows: undefined, failedRecords: 0, errors: [] };
        }
      },
      listFiles: async (id) => [{ id, name: `${id}.parquet`, length: 1 }],
      download: ({ id }, target) => copyFile(files[Number(id)] ?? "", target),
    },
    ingestion: { readState: async () => ({ status: undefined, errorCodes: [] }) },
    deadLetters: undefined,
    relay: undefined,
    expectation: { filters: undefined, subscribed: undefined },
    signal: new AbortController().signal,
    progress: () => {
      lastProgress = performance.now();
    },
  };
}
