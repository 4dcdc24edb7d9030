import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { exportDeadLetters } from "../../cli/dead-letters/export.ts";
import { PrivateFolder } from "../../cli/dead-letters/private-folder.ts";
import { blobRole, queueRole, startAccount, type TestAccount } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole], { isReplacing: true });
}, 60_000);
afterAll(() => operator.stop());

async function write(endpoint: string | undefined, content: string | Buffer): Promise<void> {
  const blobs = new BlobServiceClient(endpoint ?? "", new DefaultAzureCredential());
  const blob = blobs.getContainerClient("dead-letters").getBlockBlobClient("2026/11/20/a.json");
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
