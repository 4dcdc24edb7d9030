import { DefaultAzureCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { blobRole, queueRole, startAccount, type TestAccount } from "./storage-account.ts";

let operator: TestAccount;
beforeAll(async () => {
  operator = await startAccount([blobRole, queueRole], { isReplacing: true });
}, 60_000);
afterAll(() => operator.stop());

async function write(endpoint: string | undefined, text: string): Promise<void> {
  const blobs = new BlobServiceClient(endpoint ?? "", new DefaultAzureCredential());
  const blob = blobs.getContainerClient("dead-letters").getBlockBlobClient("2026/11/20/a.json");
  await blob.upload(text, Buffer.byteLength(text));
}

test("dead letters of a relay that has been replaced are listed, read and removed beside those of the new one", async () => {
  await write(operator.endpoints.blob, "new");
  await write(operator.formerEndpoints?.blob, "old");
  const [ofNew, ofOld] = ["2026/11/20/a.json", "2026/11/20/a.json@formerstorage"];
  expect((await operator.account.deadLetters()).map(({ name }) => name)).toEqual([ofNew, ofOld]);
  expect((await operator.account.readDeadLetter(ofNew))?.text).toBe("new");
  const old = await operator.account.readDeadLetter(ofOld);
  expect(old?.text).toBe("old");
  expect(await operator.account.removeDeadLetter(ofOld, old?.etag ?? "")).toBe(true);
  expect((await operator.account.deadLetters("2026/11")).map(({ name }) => name)).toEqual([ofNew]);
});
