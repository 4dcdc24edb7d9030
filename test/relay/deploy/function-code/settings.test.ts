import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { Unfinished } from "../../../../packages/pulumi-provider-kit/src/definition/resource-definition.ts";
import { functionCode } from "../../../../relay/deploy/resources/function-code.ts";
import { failure, queueId, siteId } from "../azure-server.ts";
import { at, calls, useFunctionCode } from "./bed.ts";

const bed = useFunctionCode();

const mark = `PATCH ${queueId}`;
const queue = `GET ${queueId}`;
const answer = (configuration: string, forwarders: Record<string, number> = {}): Answer => ({
  body: { status: "ok", configuration, forwarders },
});
const queueWith = (configuration?: string, since = "2026-11-01T00:00:00.000Z"): Answer => ({
  headers: { date: "Fri, 20 Nov 2026 10:00:00 GMT" },
  body: {
    properties: {
      approximateMessageCount: 0,
      ...(configuration && { metadata: { configuration: `${configuration} since ${since}` } }),
    },
  },
});
const news = () => ({ ...bed.inputs(), configuration: "new", queueId });
const change = (before = "old") => {
  const outputs = { packageHash: bed.hash, deploymentId: "d0" };
  const olds = { ...news(), configuration: before };
  return functionCode.update?.(bed.operation, siteId, { news: news(), olds, outputs });
};

test("waits until the app answers with the new settings, and then until no instance sends with others", async () => {
  bed.azure.script[calls.health] = [answer("old"), answer("old"), answer("new")];
  bed.azure.script[queue] = [queueWith("old")];
  bed.azure.script[mark] = [{ body: {} }];
  await change();
  expect(bed.operation.clock.sleeps).toEqual([1_000, 2_000, 13_500]);
  expect(bed.operation.shown).toEqual([
    "waiting for the app to start with its new settings",
    "waiting until no instance uses the former settings",
    "the relay's code works",
  ]);
  const { bytes } = bed.azure.requests.find(({ method }) => method === "PATCH") ?? { bytes: "" };
  expect(JSON.parse(String(bytes)).properties.metadata).toEqual({
    configuration: "new since 2026-11-20T10:00:00.000Z",
  });
});

const justNow = "2026-11-20T09:59:47.000Z";

test.each<[string, string, string | undefined, string | undefined]>([
  ["nobody has marked the queue", "old", undefined, undefined],
  ["an `up` has marked it, but was killed before it was done", "old", "new", undefined],
  ["the mark differs, although the state does not", "new", "old", undefined],
  ["an `up` that was killed in the wait has noted all but the end of it", "new", "new", justNow],
])("waits for instances with the former ones where %s", async (_, before, of, since) => {
  bed.azure.script[calls.health] = [answer("new")];
  bed.azure.script[queue] = [queueWith(of, since)];
  bed.azure.script[mark] = [{ body: {} }];
  await change(before);
  expect(bed.operation.clock.sleeps).toEqual([13_500]);
});

test("does not wait if the settings are in force already", async () => {
  bed.azure.script[calls.health] = [answer("new")];
  bed.azure.script[queue] = [queueWith("new")];
  bed.azure.script[mark] = [{ body: {} }];
  await change("new");
  expect(bed.operation.clock.sleeps).toEqual([]);
});

test.each([
  ["no instance where the queue was never marked", undefined, []],
  ["instances that the mark of an earlier creation names", "new", [13_500]],
])("a creation waits for %s", async (_, before, sleeps) => {
  bed.azure.script[calls.health] = [answer("new")];
  bed.azure.script[queue] = [queueWith(before)];
  bed.azure.script[mark] = [{ body: {} }];
  await functionCode.create(bed.operation, news());
  expect(bed.operation.clock.sleeps).toEqual(sleeps);
});

test("fails without the queue that informs the instances", async () => {
  bed.azure.script[calls.health] = [answer("new")];
  bed.azure.script[queue] = [at(404, { error: { code: "ResourceNotFound", message: "not found" } })];
  const error = await failure(change() ?? Promise.resolve());
  expect(error).toBeInstanceOf(Unfinished);
  expect(error.message).toContain(
    'Azure no longer has the queue "events". To recreate it, run: npx pulumi up --refresh',
  );
});

test("waits for instances with code that is too old to read the mark", async () => {
  bed.azure.script[calls.health] = [answer("new"), answer("new", { "": 2, new: 1 }), answer("new", { new: 1 })];
  bed.azure.script[queue] = [queueWith()];
  bed.azure.script[mark] = [{ body: {} }];
  await change();
  expect(bed.operation.shown).toContain("waiting for instances with the earlier version's code to end");
});

test("an app that keeps its former settings fails", async () => {
  bed.azure.script[calls.health] = [answer("old")];
  expect((await failure(change() ?? Promise.resolve())).message).toContain("answers with other settings");
});
