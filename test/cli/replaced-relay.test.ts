import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { exportDeadLetters } from "../../cli/dead-letters/export.ts";
import { PrivateFolder } from "../../cli/dead-letters/private-folder.ts";
import { replay } from "../../cli/dead-letters/replay.ts";
import { evacuate } from "../../cli/region/evacuate.ts";
import { deadBody } from "../../relay/core/event/dead-letter.ts";
import { claimBody, encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { blobRole, queueRole, startAccount, type TestAccount } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole], { isReplacing: true });
}, 60_000);
afterAll(() => operator.stop());

async function write(
  endpoint: string | undefined,
  content: string | Buffer,
  place = "dead-letters/2026/11/20/a.json",
): Promise<void> {
  const [container = "", ...name] = place.split("/");
  const blobs = new BlobServiceClient(endpoint ?? "", new DefaultAzureCredential());
  const blob = blobs.getContainerClient(container).getBlockBlobClient(name.join("/"));
  await blob.upload(content, Buffer.byteLength(content));
}

test("dead letters of both relays are exported, each unchanged under its own name, and are kept", async () => {
  const inside = await mkdtemp(path.join(tmpdir(), "customerio-aep-export-"));
  const broken = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0xff]);
  await write(operator.endpoints.blob, "new");
  await write(operator.formerEndpoints?.blob, broken);
  const names = async function* () {
    for await (const { name } of operator.account.eachDeadLetter()) yield name;
  };
  const { signal } = new AbortController();
  const folder = await PrivateFolder.at(inside);
  const counts = await exportDeadLetters({
    storage: operator.account,
    names: names(),
    filter: {},
    folder,
    signal,
    progress: () => undefined,
  });
  expect([counts.written, counts.unfit]).toEqual([2, []]);
  expect(await readFile(path.join(inside, "2026/11/20/a.json"), "utf8")).toBe("new");
  expect(await readFile(path.join(inside, "2026/11/20/a.json@formerstorage"))).toEqual(broken);
  expect(await operator.account.listDeadLetters()).toHaveLength(2);
  await rm(inside, { recursive: true });
});

test("dead letters of a relay that has been replaced are listed, read and removed beside those of the new one", async () => {
  await write(operator.endpoints.blob, "new");
  await write(operator.formerEndpoints?.blob, "old");
  const [ofNew, ofOld] = ["2026/11/20/a.json", "2026/11/20/a.json@formerstorage"];
  expect((await operator.account.listDeadLetters()).map(({ name }) => name)).toEqual([ofNew, ofOld]);
  expect((await operator.account.readDeadLetter(ofNew))?.content.toString()).toBe("new");
  const old = await operator.account.readDeadLetter(ofOld);
  expect(old?.content.toString()).toBe("old");
  expect(await operator.account.deleteDeadLetter(ofOld, old?.etag ?? "")).toBe(true);
  expect((await operator.account.listDeadLetters("2026/11")).map(({ name }) => name)).toEqual([ofNew]);
});

test("a dead letter of a replaced relay is replayed and moved with the body that its own account has", async () => {
  const event = newEvent({ id: "e1", receivedAt: "2026-11-20T10:00:00.000Z", body: "{}" });
  const [message = ""] = encodeEnvelopes([claimBody(event, "2026/11/20/e1.json")]);
  const { name, document } = deadBody(Buffer.from(message, "base64"), {
    class: "unreadable",
    reason: "a newer relay",
    receivedAt: event.receivedAt,
    now: new Date("2026-11-21T10:00:00.000Z"),
  });
  const { blob } = operator.formerEndpoints ?? operator.endpoints;
  await write(blob, JSON.stringify(document), `dead-letters/${name}`);
  await write(blob, "the body", "claims/2026/11/20/e1.json");
  const { signal } = new AbortController();
  const counted = await replay({
    storage: operator.account,
    names: [`${name}@formerstorage`],
    filter: {},
    policy: eventPolicy.parse({}),
    action: "replay",
    isDry: true,
    perSecond: 1_000,
    signal,
    progress: () => undefined,
  });
  expect([counted.done, Object.fromEntries(counted.left)]).toEqual([1, {}]);

  const moved: string[][] = [];
  const queues = { take: async () => [], delete: async () => true, count: async () => 0 };
  const to = {
    enqueue: async () => undefined,
    addDeadLetter: async () => true,
    putClaim: async (...claim: string[]) => void moved.push(claim),
  };
  const sleep = async () => undefined;
  await evacuate({
    from: { storage: operator.account, queues },
    to,
    waits: false,
    sleep,
    signal,
    progress: () => undefined,
  });
  expect(moved).toEqual([["2026/11/20/e1.json", "the body"]]);
});

// The last test: the container stays deleted.
test("for a container of a replaced relay that was deleted, the printed command finishes the replacement without it", async () => {
  const blobs = new BlobServiceClient(operator.formerEndpoints?.blob ?? "", new DefaultAzureCredential());
  await blobs.deleteContainer("dead-letters");
  await expect(operator.account.listDeadLetters()).rejects.toThrow(
    /^A container of the storage account formerstorage was deleted, with its content. .* Otherwise: RELAY_ABANDON_DEAD_LETTERS=true npx pulumi up --stack dev$/,
  );
});
