import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { checkBalance } from "../../cli/checks/balance.ts";
import { checkQueue, countQueue } from "../../cli/checks/queue.ts";
import { SharedAnswers } from "../../cli/checks/shared-answers.ts";
import { exportDeadLetters } from "../../cli/dead-letters/export.ts";
import { PrivateFolder } from "../../cli/dead-letters/private-folder.ts";
import { replay } from "../../cli/dead-letters/replay.ts";
import { evacuate } from "../../cli/region/evacuate.ts";
import { openRelayAccounts } from "../../cli/relay/relay-accounts.ts";
import { deadBody } from "../../relay/core/event/dead-letter.ts";
import { claimBody, encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { eventPolicy } from "../../relay/core/policy/policy.ts";
import { blobRole, queueRole, startAccount, type TestAccount, tableRole } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole, tableRole], { isReplacing: true });
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

  const accounts = await openRelayAccounts(operator.source);
  const moved: string[][] = [];
  const queues = { take: async () => [], delete: async () => true, count: async () => 0 };
  const to = {
    enqueue: async () => undefined,
    addDeadLetter: async () => true,
    putClaim: async (...claim: string[]) => void moved.push(claim),
  };
  const sleep = async () => undefined;
  await evacuate({
    from: accounts.map(({ storage }) => ({ storage, queues })),
    to,
    waits: false,
    sleep,
    signal,
    progress: () => undefined,
  });
  expect(moved).toEqual([["2026/11/20/e1.json", "the body"]]);
});

test("status counts and sees what waits in a replaced relay, and evacuate moves it, each with a note in its own account", async () => {
  const event = newEvent({ id: "e2", receivedAt: new Date().toISOString(), body: "{}" });
  const [message = ""] = encodeEnvelopes([event]);
  const queues = new QueueServiceClient(operator.formerEndpoints?.queue ?? "", new DefaultAzureCredential());
  await queues.getQueueClient("events").sendMessage(message, { messageTimeToLive: -1 });
  const [own, former] = await openRelayAccounts(operator.source);
  const letters = await operator.account.listDeadLetters();
  await (await former?.tables.openNote("movedIn"))?.(letters.length + 1);

  expect(await countQueue(operator.source)).toEqual({ events: 1, poison: 0, former: 1 });
  expect((await operator.account.peekQueues()).get("events@formerstorage")).toEqual([event]);
  const finding = await checkQueue(operator.source, new SharedAnswers(operator.source));
  expect(finding.details?.join("\n")).toMatch(
    /events@formerstorage: the oldest event.*\n.*replaced: 1 message\. .*up --stack dev/s,
  );
  const balance = await checkBalance(operator.source, new SharedAnswers(operator.source));
  expect(balance).toMatchObject({
    verdict: "waiting",
    found: expect.stringMatching(/moved here = .* \+ 1 on their way\.$/),
  });

  const moved: string[] = [];
  const to = {
    enqueue: async (text: string) => void moved.push(text),
    addDeadLetter: async () => true,
    putClaim: async () => undefined,
  };
  const noted = [0, 0];
  const from = [own, former].flatMap((account, index) => {
    const note = (events: number) => {
      noted[index] = (noted[index] ?? 0) + events;
    };
    return account ? [{ ...account, moved: note }] : [];
  });
  const { signal } = new AbortController();
  const ports = { waits: true, sleep: async () => undefined, signal, progress: () => undefined };
  expect(await evacuate({ from, to, ...ports })).toMatchObject({ messages: 1, events: 1, hidden: 0 });
  expect(moved).toEqual([message]);
  expect(noted).toEqual([
    letters.filter(({ name }) => !name.includes("@")).length,
    letters.filter(({ name }) => name.includes("@")).length + 1,
  ]);
});

// The last test: the container stays deleted.
test("for a container of a replaced relay that was deleted, the printed command finishes the replacement without it", async () => {
  const blobs = new BlobServiceClient(operator.formerEndpoints?.blob ?? "", new DefaultAzureCredential());
  await blobs.deleteContainer("dead-letters");
  await expect(operator.account.listDeadLetters()).rejects.toThrow(
    /^A container of the storage account formerstorage was deleted, with its content. .* Otherwise: RELAY_ABANDON_DEAD_LETTERS=true npx pulumi up --stack dev$/,
  );
});
