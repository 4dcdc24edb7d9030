import { Archive } from "../../../../packages/pulumi-provider-kit/src/engine/values.ts";
import { functionCode } from "../../../../relay/deploy/resources/function-code.ts";
import { failure, gone, queueId, siteId } from "../azure-server.ts";
import { calls, queueOf, useQueueDrain } from "./bed.ts";

// A command such as `up --exclude <drain>` leaves the drain out, and the engine deletes the relay's code and app before it.
const bed = useQueueDrain();

const works = { configuration: "c1 since 2026-11-20T09:00:00.000Z" };

function deleteCode(changes: Partial<typeof bed.operation> = {}): Promise<void> {
  const { host } = bed.azure;
  const code = { siteId, scmHostName: host, hostName: host, package: new Archive("relay", "hash"), queueId };
  return functionCode.delete({ ...bed.operation, ...changes }, siteId, functionCode.inputs.parse(code));
}

/** The relay accepts events, has worked, and then holds these counts of messages. */
function holds(events: number[]): void {
  bed.holds({ events });
  const [, ...counts] = bed.azure.script[calls.count] ?? [];
  // The first two reads are the ones before the mark.
  bed.azure.script[calls.count] = [queueOf(0, works), queueOf(0, works), ...counts];
}

test("an app whose drain was left out is deleted only once the relay has delivered everything", async () => {
  holds([2, 1, 0, 0]);
  await deleteCode();
  expect(bed.marks().map((mark) => mark.split(" ")[0])).toEqual(["closed", "closed"]);
  expect(bed.operation.shown).toContain("the relay's queues are empty");
});

test("the deletion of the drain, which comes later, then has nothing to do", async () => {
  holds([0, 0]);
  await deleteCode();
  bed.azure.restart();
  await bed.drain();
  expect(bed.azure.calls()).toEqual([]);
});

test("an app is not drained again after its drain", async () => {
  bed.holds({ events: [0, 0] });
  await bed.drain();
  bed.azure.restart();
  await deleteCode();
  expect(bed.azure.calls()).toEqual([]);
});

test("dead letters stop the deletion, and the intake opens again", async () => {
  holds([0]);
  bed.azure.script[calls.health] = [
    { body: { status: "ok", intake: "closed", deadLetters: { count: 1, more: false } } },
  ];
  expect((await failure(deleteCode())).message).toContain("The relay is not taken down, since there is 1 dead letter");
  expect(bed.marks().at(-1)).toBe("open");
});

test.each([
  ["whose queue another app works on", { other: { id: `${siteId}-2`, inputs: { queueId } } }, undefined],
  ["that never worked", {}, queueOf(0)],
  ["without a queue", {}, gone],
])("an app %s is deleted at once", async (_, changes, queue) => {
  bed.azure.script = queue ? { [calls.count]: [queue] } : {};
  await deleteCode(changes);
  expect(bed.azure.calls().filter((call) => !call.startsWith("GET"))).toEqual([]);
});
