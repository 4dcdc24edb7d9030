import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, readdir, stat, truncate, writeFile } from "node:fs/promises";
import path from "node:path";
import { audit, openLedger } from "../../cli/audit/audit.ts";
import { writeIds } from "../../cli/audit/compare.ts";
import { rangeOf } from "../../cli/audit/range.ts";
import { auditLines, sumCells } from "../../cli/audit/report.ts";
import {
  accessTo,
  closeWorld,
  day,
  happen,
  opened,
  openWorld,
  partsFor,
  replaceRecord,
  start,
  world,
} from "./audit-world.ts";

afterEach(closeWorld);

test("in a folder that others may open, they can read nothing that an audit writes", async () => {
  await openWorld(world);
  const { folder } = opened;
  const before = process.umask(0o022);
  try {
    await chmod(folder, 0o755);
    const database = path.join(folder, "audit.duckdb");
    // As an earlier version left it.
    (await openLedger(folder)).close();
    await chmod(database, 0o644);
    process.umask(0o022);
    const ledger = await openLedger(folder);
    await ledger.setNote("name", "value");
    await ledger.run(
      "CREATE TABLE verdicts AS SELECT 'd' AS delivery, 'email' AS object_type, 'sent' AS metric, 1 AS happened, 0 AS copies, 'missing' AS state, '' AS stage",
    );
    await writeIds(ledger, "missing", path.join(folder, "missing.jsonl"));
    const names = await readdir(folder);
    expect(names).toEqual(expect.arrayContaining(["audit.duckdb", "audit.duckdb.wal", "missing.jsonl"]));
    for (const name of names) expect([name, (await stat(path.join(folder, name))).mode & 0o077]).toEqual([name, 0]);
    ledger.close();
  } finally {
    process.umask(before);
  }
});

test("rows that a killed run has left on the disk are removed by the next one, and nothing else", async () => {
  await openWorld(world);
  const left = ["rows-7.parquet", "trial.parquet"];
  const others = ["mine.parquet", "0123-rows-0.json"];
  for (const name of [...left, ...others]) await writeFile(path.join(opened.folder, name), "someone@example.org");
  await audit(partsFor(accessTo([world])));
  const found = await readdir(opened.folder);
  expect([...left, ...others].filter((name) => found.includes(name))).toEqual(others);
});

test("a key of another workspace is an error and not a gap, and with the right one the same folder has the right record", async () => {
  const rows = accessTo([world.slice(1)]);
  await openWorld([]);
  await expect(audit(partsFor(rows))).rejects.toThrow(
    /run the audit again later\. Otherwise the App API key belongs to another workspace/,
  );
  await replaceRecord([happen("another", 0), happen("another", 60, "opened")]);
  const { filters, subscribed } = partsFor(rows).expectation;
  const withoutWebhook = { expectation: { filters, subscribed, webhookGone: "Check the key." } };
  await expect(audit(partsFor(rows, withoutWebhook))).rejects.toThrow(
    "Check the key. No message of that workspace has a row in the dataset (1 message read).",
  );
  await replaceRecord(world);
  expect(sumCells((await audit(partsFor(rows))).cells)).toMatchObject({ found: 7, missing: 1, unknown: 0 });
});

test("if only the webhook is gone, the audit says so and judges", async () => {
  await openWorld(world);
  const { filters, subscribed } = partsFor(accessTo([])).expectation;
  const expectation = { filters, subscribed, webhookGone: "Check the key." };
  const result = await audit(partsFor(accessTo([world.slice(1)]), { expectation }));
  expect(sumCells(result.cells)).toMatchObject({ found: 7, missing: 1 });
  expect(auditLines(result, { stack: "prod" }).at(-1)).toBe("Check the key.");
});

test("a folder holds the audit of one range", async () => {
  await openWorld(world);
  await audit(partsFor(accessTo([world])));
  await expect(audit(partsFor(accessTo([world]), { range: rangeOf(start + day, start + 4 * day, 2) }))).rejects.toThrow(
    "holds the audit from 2026-01-01 to 2026-01-05, of messages created since 2025-12-31. Choose another --folder",
  );
});

test("a folder holds the audit of one source into one dataset", async () => {
  await openWorld(world);
  await audit(partsFor(accessTo([world])));
  await expect(audit(partsFor(accessTo([world]), { subject: "the other shop" }))).rejects.toThrow(
    `The folder ${opened.folder} holds the audit of the shop, and not of the other shop. Choose another --folder.`,
  );
});

test("a folder with a damaged database is an error that says what to do", async () => {
  await openWorld(world);
  await audit(partsFor(accessTo([world])));
  const file = path.join(opened.folder, "audit.duckdb");
  await truncate(file, 5_000);
  await expect(audit(partsFor(accessTo([world])))).rejects.toThrow(
    /^Could not open .*audit\.duckdb \(IO Error: .*\)\. If the file is damaged, audit in another --folder\..* wait a day/,
  );
});

test("a folder in which another process audits is an error that names the process", async () => {
  await openWorld(world);
  const file = path.join(opened.folder, "audit.duckdb");
  const hold = `
    const { DuckDBInstance } = await import("@duckdb/node-api");
    await DuckDBInstance.create(${JSON.stringify(file)});
    console.log("held");
    setInterval(() => undefined, 1_000);`;
  const holder = spawn(process.execPath, ["--input-type=module", "--eval", hold], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await once(holder.stdout, "data");
    await expect(audit(partsFor(accessTo([])))).rejects.toThrow(
      `Process ${holder.pid} is using the folder ${opened.folder} for an audit or a backfill.`,
    );
  } finally {
    holder.kill();
    await once(holder, "exit");
  }
});
