import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { blobRole, queueRole, startAccount, type TestAccount } from "./storage-account.ts";

let owner: TestAccount;
beforeAll(async () => {
  owner = await startAccount([]);
}, 60_000);
afterAll(() => owner.stop());

test("an Owner without data roles gets the name of the role and the command that assigns it", async () => {
  const { id, account } = owner;
  const adviceOn = (role: string) =>
    `Your Azure login lacks the role ${role} on the storage account relaystorage (AuthorizationPermissionMismatch). ` +
    "Assign it, and wait a minute or two: az role assignment create " +
    `--assignee-object-id ${localCredentials.azure.objectId} --role "${role}" --scope ${id}`;
  // What only reads needs no role that may also write.
  await expect(account.listDeadLetters()).rejects.toThrow(adviceOn("Storage Blob Data Reader"));
  await expect(account.readDeadLetter("a")).rejects.toThrow(adviceOn("Storage Blob Data Reader"));
  await expect(account.readClaim("a")).rejects.toThrow(adviceOn("Storage Blob Data Reader"));
  await expect(account.peekEvents()).rejects.toThrow(adviceOn("Storage Queue Data Reader"));
  await expect(account.deleteDeadLetter("a", "1")).rejects.toThrow(adviceOn(blobRole));
  await expect(account.putClaim("a", "{}")).rejects.toThrow(adviceOn(blobRole));
  await expect(account.enqueue("e30=")).rejects.toThrow(adviceOn(queueRole));
});

test("errors of the tables name the missing role too: one to read them, another to record a purge", async () => {
  const { tables } = owner;
  const complaintAbout = (role: string) =>
    `Your Azure login lacks the role ${role} on the storage account relaystorage`;
  await expect(tables.readCounts()).rejects.toThrow(complaintAbout("Storage Table Data Reader"));
  await expect(tables.wasDelivered({ id: "a", createdAt: 0 })).rejects.toThrow(
    complaintAbout("Storage Table Data Reader"),
  );
  await expect(tables.openNote("purged")).rejects.toThrow(complaintAbout("Storage Table Data Contributor"));
});
