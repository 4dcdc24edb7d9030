import fc from "fast-check";
import { covers, type Grant, isAllowed, requiredAccess } from "../../src/azure/identity/data-plane-authorization.ts";
import { roleDefinitions } from "../../src/azure/identity/role-definitions.ts";

const account = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";

function may(
  roleName: string,
  scope: string,
  call: string,
  messageUpdateNeeds: "write" | "write-or-process" = "write",
) {
  const [service, method, target] = call.split(" ") as ["queue" | "blob" | "table", string, string];
  const url = new URL(target, "https://host");
  const role = roleDefinitions.find(({ name }) => name === roleName);
  const grant: Grant = { principalId: "p", roleDefinitionId: role?.id ?? "", scope, activeFrom: 0 };
  const request = { method, path: url.pathname, query: url.searchParams };
  const access = requiredAccess(service, request, { messageUpdateNeeds });
  return isAllowed([grant], "p", { actions: access.actions, resourceId: account + access.resource });
}

const calls = {
  put: "queue POST /q/messages",
  get: "queue GET /q/messages?numofmessages=16&visibilitytimeout=600",
  peek: "queue GET /q/messages?peekonly=true",
  renew: "queue PUT /q/messages/id?popreceipt=r&visibilitytimeout=600",
  remove: "queue DELETE /q/messages/id?popreceipt=r",
  clear: "queue DELETE /q/messages",
  exists: "queue HEAD /q?comp=metadata",
  make: "queue PUT /q",
  drop: "queue DELETE /q",
  list: "queue GET /?comp=list",
  readBlob: "blob GET /c/folder/blob",
  writeBlob: "blob PUT /c/folder/blob",
  dropBlob: "blob DELETE /c/blob",
  listBlobs: "blob GET /c?restype=container&comp=list",
  makeContainer: "blob PUT /c?restype=container",
  containerExists: "blob HEAD /c?restype=container",
} as const;

test.each([
  ["Storage Queue Data Message Sender", ["put"]],
  ["Storage Queue Data Message Processor", ["get", "peek", "remove"]],
  ["Storage Queue Data Reader", ["peek", "exists", "list"]],
  [
    "Storage Queue Data Contributor",
    ["put", "get", "peek", "renew", "remove", "clear", "exists", "make", "drop", "list"],
  ],
  ["Storage Blob Data Reader", ["readBlob", "listBlobs", "containerExists"]],
  [
    "Storage Blob Data Contributor",
    ["readBlob", "writeBlob", "dropBlob", "listBlobs", "makeContainer", "containerExists"],
  ],
  ["Storage Blob Data Owner", ["readBlob", "writeBlob", "dropBlob", "listBlobs", "makeContainer", "containerExists"]],
  ["Storage Table Data Contributor", []],
  // Rights on resources reach the data plane as queues and containers, never as their contents.
  ["Owner", ["exists", "make", "drop", "list", "makeContainer", "containerExists"]],
  ["Reader", ["exists", "list", "containerExists"]],
])("%s may %j on its account", (role, allowed) => {
  const actual = Object.entries(calls).filter(([, call]) => may(role, account, call));
  expect(actual.map(([name]) => name)).toEqual(Object.keys(calls).filter((name) => allowed.includes(name)));
});

test("whether `process` covers an update is a switch", () => {
  const role = "Storage Queue Data Message Processor";
  expect(may(role, account, calls.renew, "write")).toBe(false);
  expect(may(role, account, calls.renew, "write-or-process")).toBe(true);
});

test("a role on one queue applies to that queue only", () => {
  const scope = `${account}/queueServices/default/queues/q`;
  expect(may("Storage Queue Data Message Sender", scope, "queue POST /q/messages")).toBe(true);
  expect(may("Storage Queue Data Message Sender", scope, "queue POST /q-poison/messages")).toBe(false);
  expect(may("Storage Queue Data Message Sender", scope.toUpperCase(), "queue POST /q/messages")).toBe(true);
});

test("a role that has not taken effect yet allows nothing", () => {
  const [role] = roleDefinitions.filter(({ name }) => name === "Storage Queue Data Message Sender");
  const grant = { principalId: "p", roleDefinitionId: role?.id ?? "", scope: account, activeFrom: Date.now() + 60_000 };
  const access = requiredAccess(
    "queue",
    { method: "POST", path: "q/messages", query: new URLSearchParams() },
    { messageUpdateNeeds: "write" },
  );
  expect(isAllowed([grant], "p", { actions: access.actions, resourceId: account + access.resource })).toBe(false);
});

test("a scope covers itself and what lies below, by whole segments", () => {
  const segment = fc.stringMatching(/^[a-z]{1,5}$/);
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1 }), fc.array(segment), segment, (scope, rest, other) => {
      const above = `/${scope.join("/")}`;
      expect(covers(above, [above, ...rest].join("/"))).toBe(true);
      expect(covers(`${above}${other}`, above)).toBe(false);
      expect(covers(above, `${above}${other}`)).toBe(false);
    }),
  );
});
