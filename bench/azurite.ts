import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { QueueServiceClient } from "@azure/storage-queue";

const azurite = createRequire(import.meta.url).resolve("azurite/dist/src/queue/main.js");

export interface Queues {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** Starts Microsoft's storage emulator in a separate process, with its data in `folder` and with these queues. */
export async function startQueues(folder: string, names: readonly string[]): Promise<Queues> {
  const key = randomBytes(64).toString("base64");
  const flags = ["--queuePort", "0", "--silent", "--skipApiVersionCheck", "--disableTelemetry", "--location", folder];
  const child = spawn(process.execPath, [azurite, ...flags], {
    env: { ...process.env, AZURITE_ACCOUNTS: `bench:${key}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const stop = async () => {
    child.kill();
    await once(child, "exit");
  };
  try {
    const address = await new Promise<string>((resolve, reject) => {
      let printed = "";
      child.stdout.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
        const listening = printed.match(/successfully listens on (\S+)/)?.[1];
        if (listening) resolve(listening);
      });
      child.once("exit", (code) => reject(new Error(`Azurite ended with ${code}: ${printed}`)));
    });
    const account = `DefaultEndpointsProtocol=http;AccountName=bench;AccountKey=${key};`;
    const connectionString = `${account}QueueEndpoint=${address}/bench;`;
    const client = QueueServiceClient.fromConnectionString(connectionString);
    for (const name of names) await client.getQueueClient(name).create();
    return { connectionString, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
