import * as pulumi from "@pulumi/pulumi";
import { refuseFewerQueues } from "../../components/relay/storage/event-queue-check.ts";
import { argumentWords, type SettingWords, stackWords } from "../../settings/setting-words.ts";

const accountId = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a";
const words = stackWords("customerio-aep");

/** Checks a relay whose account has these queues. @returns the refusal, if any */
async function check(
  names: string[] | Error,
  wanted: number,
  { said = words, isPreview = false }: { said?: SettingWords; isPreview?: boolean } = {},
): Promise<string | undefined> {
  const asked: object[] = [];
  const call = ({ token, inputs }: pulumi.runtime.MockCallArgs) => {
    asked.push({ token, ...inputs });
    if (names instanceof Error) throw names;
    return { names };
  };
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call }, "project", "stack", isPreview);
  const parent = new pulumi.ComponentResource("test:index:Parent", "parent");
  const refusal = await refuseFewerQueues({ accountId, wanted, words: said }, parent).catch((error: Error) => error);
  await pulumi.runtime.disconnect();
  expect(asked).toEqual([{ token: "customerio-aep:index:getQueueNames", accountId }]);
  if (refusal === undefined) return undefined;
  expect(pulumi.RunError.isInstance(refusal)).toBe(true);
  return refusal.message;
}

const queues = ["events", "events-2", "events-2-poison", "events-3", "events-poison", "other-9"];

test.each([
  [[], 1],
  [["events"], 1],
  [queues, 3],
  [queues, 8],
])("of the queues %p, %p may be wanted", async (names, wanted) => {
  expect(await check(names, wanted)).toBeUndefined();
});

test("fewer queues than Azure has are refused, also if an interrupted up has added them", async () => {
  expect(await check(queues, 1)).toBe(
    "The relay has 3 queues of events, and can't have fewer: events may wait in the others, which no function would read any more. Keep " +
      "them: npx pulumi config set eventQueues 3. Only a new relay can have fewer queues (docs/tasks/replace.md).",
  );
  expect(await check(queues, 2, { said: argumentWords })).toContain("Keep them: set the argument eventQueues to 3.");
});

test("a poison queue counts, too", async () => {
  expect(await check(["events", "events-poison", "events-2-poison"], 1)).toContain("The relay has 2 queues of events");
});

test("a preview only warns if Azure does not say which queues there are, and an up fails", async () => {
  const warn = jest.spyOn(console, "warn").mockReturnValue();
  // As gRPC reports an error, which is what the SDK reads.
  const away = Object.assign(new Error(), { details: "Azure answered 403" });
  expect(await check(away, 2, { isPreview: true })).toBeUndefined();
  expect(warn.mock.calls.flat().join()).toContain("Not checked beforehand: Azure answered 403");
  expect(await check(away, 2)).toBe("Azure answered 403");
});
