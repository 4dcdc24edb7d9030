import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { runMark } from "../../src/run-mark.ts";
import { until } from "../until.ts";
import { temporaryFolder } from "./support.ts";

jest.setTimeout(60_000);

const azureModule = path.resolve(import.meta.dirname, "../../src/azure");

/** Starts a local Azure with one storage account in a separate process, which prints the census. */
const program = `
import { startAzure } from "${azureModule}/azure.ts";
import { createCertificate, trustInThisProcess } from "${azureModule}/../certificate.ts";
const [folder] = process.argv.slice(-1);
const certificate = await createCertificate(folder);
trustInThisProcess(certificate);
const azure = await startAzure({ folder, certificate });
const make = (type, inputs) => {
  const call = { type, urn: "urn", name: "x", signal: new AbortController().signal, progress: () => undefined };
  return azure.provider.create(call, { inputs, preview: false });
};
await make("azure-native:resources:ResourceGroup", { resourceGroupName: "group", location: "westeurope" });
await make("azure-native:storage:StorageAccount", { resourceGroupName: "group", accountName: "ending", location: "westeurope", kind: "StorageV2", sku: { name: "Standard_LRS" } });
console.log(JSON.stringify(azure.census().processes));
process.once("SIGTERM", async () => {
  await azure.close();
  process.exit(0);
});
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function startProcess(folder: string): Promise<{ parent: ChildProcess; pid: number }> {
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", program, folder], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env.PATH, [runMark]: process.env[runMark] },
  });
  if (parent.stdout === null) throw new Error("no output");
  for await (const line of createInterface({ input: parent.stdout })) {
    const [{ pid }] = JSON.parse(line) as [{ pid: number }];
    return { parent, pid };
  }
  throw new Error("The process ended before it told what it runs.");
}

test.each(["SIGTERM", "SIGKILL"] as const)("no child process survives %s", async (signal) => {
  const { folder, dispose } = await temporaryFolder();
  const { parent, pid } = await startProcess(folder);
  expect(isAlive(pid)).toBe(true);
  const ended = new Promise((resolve) => parent.once("exit", resolve));
  parent.kill(signal);
  await ended;
  await until(
    async () => isAlive(pid),
    (alive) => !alive,
  );
  await dispose();
});
