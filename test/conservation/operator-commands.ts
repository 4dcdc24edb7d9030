import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { exportDeadLetters } from "../../cli/dead-letters/export.ts";
import { PrivateFolder } from "../../cli/dead-letters/private-folder.ts";
import { type ReplayAction, replay } from "../../cli/dead-letters/replay.ts";
import { type EvacuationCounts, evacuate } from "../../cli/region/evacuate.ts";
import { RelayQueues } from "../../cli/relay/relay-queues.ts";
import { containerNames, queueNames } from "../../relay/core/names.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { type Account, queues } from "./storage.ts";

/** Never explains a missing role, since these accounts are opened with their keys. */
const asItIs = { explain: <T>(_role: string, call: () => Promise<T>) => call() };

const everything = { signal: new AbortController().signal, filter: {}, progress: () => undefined };

/** Replays all dead letters as `customerio-aep replay` does, or deletes all (`--purge`). */
export async function goThrough(account: Account, action: ReplayAction): Promise<number> {
  const storage = openForCommands(account);
  const names = await storage.names();
  const { done } = await replay({
    ...everything,
    storage,
    names,
    policy: eventPolicy.parse({}),
    action,
    isDry: false,
    perSecond: 1000,
  });
  return done;
}

/** All dead letters as texts, as `customerio-aep export` writes them. */
export async function exportAll(account: Account): Promise<string[]> {
  const place = await mkdtemp(path.join(tmpdir(), "conservation-export-"));
  try {
    const storage = openForCommands(account);
    const folder = await PrivateFolder.at(path.join(place, "dead-letters"));
    await exportDeadLetters({ ...everything, storage, names: await storage.names(), folder });
    const files = (await readdir(folder.path, { recursive: true })).filter((file) => file.endsWith(".json"));
    return Promise.all(files.map((file) => readFile(path.join(folder.path, file), "utf8")));
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Moves an account's waiting events and dead letters to another one, as `customerio-aep evacuate` does. */
export async function moveAll(
  { from, to }: { from: Account; to: Account },
  sleep: () => Promise<void>,
): Promise<EvacuationCounts> {
  return evacuate({
    ...everything,
    from: [
      {
        storage: openForCommands(from),
        queues: new RelayQueues(
          asItIs,
          queues.map((name) => from.queue(name)),
        ),
      },
    ],
    to: openForCommands(to),
    waits: true,
    sleep,
  });
}

/** The account as the operators' commands see it. They use a login, which Azurite's accounts in these tests do not support. */
function openForCommands(account: Account) {
  const blobs = (container: string) => account.container(container);
  const read = async (container: string, name: string) => {
    const blob = blobs(container).getBlobClient(name);
    if (!(await blob.exists())) return undefined;
    const { etag = "" } = await blob.getProperties();
    return { content: await blob.downloadToBuffer(), etag };
  };
  return {
    async names() {
      const names: string[] = [];
      for await (const { name } of blobs(containerNames.deadLetters).listBlobsFlat()) names.push(name);
      return names;
    },
    async *eachDeadLetter() {
      for await (const { name, properties } of blobs(containerNames.deadLetters).listBlobsFlat()) {
        yield { name, writtenAt: properties.lastModified };
      }
    },
    async addDeadLetter(name: string, content: Buffer) {
      await blobs(containerNames.deadLetters).getBlockBlobClient(name).uploadData(content);
      return true;
    },
    readDeadLetter: (name: string) => read(containerNames.deadLetters, name),
    readClaim: async (name: string) => (await read(containerNames.claims, name))?.content.toString("utf8"),
    async deleteDeadLetter(name: string, etag: string) {
      await blobs(containerNames.deadLetters).deleteBlob(name, { conditions: { ifMatch: etag } });
      return true;
    },
    async putClaim(name: string, body: string) {
      await blobs(containerNames.claims).getBlockBlobClient(name).uploadData(Buffer.from(body));
    },
    async deleteClaim(name: string) {
      await blobs(containerNames.claims).getBlobClient(name).deleteIfExists();
    },
    async enqueue(message: string) {
      await account.queue(queueNames.events).sendMessage(message, { messageTimeToLive: -1 });
    },
  };
}
