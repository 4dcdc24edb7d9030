/**
 * `npm run demo`: everything on one machine. Local cloud, `pulumi up`, events of all categories, rows of the dataset,
 * a balance, an audit of a past day, `pulumi destroy`, and a check that nothing is left. `--keep` leaves it up, `--down` takes it down.
 */
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type CloudEnvironment, startCloud } from "./cloud.ts";
import { collectBalance, mismatches } from "./demo/balance.ts";
import { describeFailure } from "./demo/failure.ts";
import { type DemoFlags, demoUsage, readDemoFlags } from "./demo/flags.ts";
import { describeKept, keptFolder, readKept, removeKept, settingsFile, writeKept } from "./demo/kept.ts";
import { type PastOptions, recoverPast } from "./demo/past.ts";
import { Pulumi, summaryOf } from "./demo/pulumi.ts";
import { DemoReport } from "./demo/report.ts";
import { showRow } from "./demo/row.ts";
import { sendEverything } from "./demo/traffic.ts";
import { Vendors } from "./demo/vendors.ts";
import { ensureEngine } from "./engine/engine.ts";
import { isAlive } from "./is-alive.ts";

const report = new DemoReport();
const stack = "local";

async function demo(keep: boolean): Promise<void> {
  if (await readKept()) {
    throw new Error(
      "A kept demo is still running. Use it as it described, or first take it down: npm run demo -- --down",
    );
  }
  await report.step("Pulumi's engine is on this machine", () => ensureEngine((line) => report.progress(line)));
  const folder = keep ? keptFolder : await mkdtemp(path.join(tmpdir(), "customerio-aep-demo-"));
  const cloud = await report.step("local cloud up: Platform, Customer.io, Azure", () => startCloud(folder));
  await copyFile(path.resolve(import.meta.dirname, "../../..", settingsFile), path.join(folder, settingsFile));
  const pulumi = pulumiOf(cloud.environment, folder);
  const stop = stopOnSignals(async () => {
    await pulumi.interrupt();
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  });
  try {
    await pulumi.initialize();
    // Its rows are worthless, so the destroy at the end may delete them.
    await pulumi.configure("dataset.forceDestroy", "true", "--path");
    await report.step("pulumi up", () => pulumi.up(), summaryOf);
    const vendors = new Vendors(cloud.environment);
    await exchange(pulumi, vendors);
    await auditPast({
      vendors,
      environment: cloud.environment,
      stack,
      configFile: path.join(folder, settingsFile),
      folder,
    });
    if (keep) {
      await writeKept({ pid: cloud.pid, environment: cloud.environment });
      cloud.release();
      process.stdout.write(describeKept(cloud.environment));
      return;
    }
    await takeDown(pulumi, vendors);
  } finally {
    stop();
    if (!keep) await cloud.stop();
  }
  await report.step("local cloud stopped, no process left", async () => requireEnded(cloud.pid));
  await rm(folder, { recursive: true, force: true });
  report.end("Every event that was accepted is in the dataset, and nothing is left behind.");
}

/** Sends all events and compares the accepted ones with those that arrived. */
async function exchange(pulumi: Pulumi, vendors: Vendors): Promise<void> {
  const outputs = (await pulumi.outputs()) as { datasetId: string; dataflowId: string };
  const sent = await report.step(
    "Customer.io sends its events",
    () => sendEverything(vendors),
    ({ samples, blast }) => `${samples} samples, an e-mail of 200 KB, a blast of ${blast}`,
  );
  const result = await report.step(
    "events delivered to Platform",
    () => collectBalance(vendors, outputs.dataflowId, sent.ids),
    (counts) => `${counts.delivered.length}`,
  );
  const rows = await report.step("three rows of the dataset, as Platform's preview shows them", () =>
    vendors.previewRows(outputs.datasetId),
  );
  for (const row of rows.slice(0, 3)) report.line(showRow(row));
  const { accepted, delivered, deadLettered, pending } = result;
  report.line(
    `balance: accepted ${accepted.length} = delivered ${delivered.length} + dead-lettered ${deadLettered.length} + ` +
      `pending ${pending.length}; rows ${result.rows}`,
  );
  const wrong = mismatches(result, sent.ids);
  if (wrong.length > 0) throw new Error(`The balance does not hold:\n${wrong.map((line) => `  - ${line}`).join("\n")}`);
}

/** Gets back events of a past day that never arrived. */
async function auditPast(options: PastOptions): Promise<void> {
  const { before, after } = await report.step(
    "audit of a past day whose events no webhook had reported",
    () => recoverPast(options),
    ({ day, before, after }) =>
      `${day}: ${before.missing} of ${before.recorded} were missing; sent again, ${after.found} are in the dataset`,
  );
  if (before.missing !== before.recorded || after.found !== before.recorded) {
    throw new Error(`The audit did not bring every event back: ${JSON.stringify({ before, after })}`);
  }
}

/** Destroys the stack and checks that neither the state nor any vendor has anything left. */
async function takeDown(pulumi: Pulumi, vendors: Vendors): Promise<void> {
  await destroy(pulumi);
  await report.step(
    "nothing is left",
    async () => {
      const left = { state: await pulumi.resources(), ...(await vendors.leftovers()) };
      const found = Object.entries(left).filter(([, objects]) => objects.length > 0);
      if (found.length > 0) {
        throw new Error(
          `Left behind:\n${found.map(([where, objects]) => `  - ${where}: ${objects.join(", ")}`).join("\n")}`,
        );
      }
      return left;
    },
    (left) =>
      Object.entries(left)
        .map(([where, objects]) => `${objects.length} in ${where}`)
        .join(", "),
  );
}

function destroy(pulumi: Pulumi): Promise<unknown> {
  return report.step("pulumi destroy", () => pulumi.destroy(), summaryOf);
}

/** Takes down what `--keep` left running, whatever was broken in it on purpose: nobody needs its events. */
async function down(): Promise<void> {
  const kept = await readKept();
  if (!kept) throw new Error("There is no kept demo to take down.");
  if (isAlive(kept.pid)) {
    const vendors = new Vendors(kept.environment);
    await report.step("faults end", () => vendors.endFaults());
    const givingUp = { RELAY_ABANDON_DEAD_LETTERS: "true", RELAY_ABANDON_QUEUE: "true" };
    // No check of what is left: stacks that a user created beside it end with the local cloud.
    await destroy(pulumiOf({ ...kept.environment, ...givingUp }, keptFolder));
    await report.step("local cloud stopped, no process left", async () => {
      process.kill(kept.pid, "SIGTERM");
      await requireEnded(kept.pid);
    });
  } else {
    report.line("The local cloud has ended, as after a restart of the machine, and everything in it with it.");
  }
  await removeKept();
  report.end(
    "The kept demo is gone. Close each shell in which you ran . .local/environment.sh: its variables still name the local cloud.",
  );
}

function pulumiOf(environment: CloudEnvironment, folder: string): Pulumi {
  const [logFile, configFile] = ["pulumi.log", settingsFile].map((name) => path.join(folder, name)) as [string, string];
  return new Pulumi({ environment, stack, logFile, configFile });
}

/** On Ctrl-C or termination, stops everything gracefully. Returns a function that removes the handlers. */
function stopOnSignals(stopAll: () => Promise<void>): () => void {
  const stop = (signal: NodeJS.Signals) => {
    report.line(`stopped by ${signal}; stopping everything that was started`);
    void stopAll().then(() => process.exit(130));
  };
  process.once("SIGINT", stop).once("SIGTERM", stop);
  return () => process.off("SIGINT", stop).off("SIGTERM", stop);
}

async function requireEnded(pid: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (!isAlive(pid)) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`The local cloud's process ${pid} is still running after 20 s.`);
}

async function run(flags: DemoFlags): Promise<void> {
  try {
    await (flags.down ? down() : demo(flags.keep));
  } catch (error) {
    process.stderr.write(`\n${describeFailure(error, flags.keep || flags.down ? keptFolder : tmpdir())}\n`);
    process.exitCode = 1;
  }
}

const flags = readDemoFlags(process.argv.slice(2));
if (flags === undefined) {
  process.stderr.write(demoUsage);
  process.exitCode = 2;
} else await run(flags);
