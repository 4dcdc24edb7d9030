/**
 * The relay's worker without a host: loads a deployed package as the Functions worker does, and calls its functions with prepared calls and
 * messages. So the processor time of this process is the package's own, with nothing of a host's HTTP server, of reading queues, or of the
 * connection between host and worker in it.
 *
 *   node bench/worker/process.ts <folder> <work> <events> [profile]
 */
import { randomUUID } from "node:crypto";
import { Session } from "node:inspector/promises";
import { createRequire } from "node:module";
import path from "node:path";
import {
  FunctionsCore,
  type InvocationRequest,
  type RegisteredFunction,
} from "../../packages/local-cloud/src/azure/function-host/functions-core.ts";
import { HostLog } from "../../packages/local-cloud/src/azure/function-host/host-log.ts";
import { ulid } from "../../packages/local-cloud/src/customer-io/events/ulid.ts";
import { encodeEnvelopes, newEvent } from "../../relay/core/event/envelope.ts";
import { relayFunctions } from "../../relay/core/names.ts";
import { bodyOf, signedBy } from "../delivery/sender.ts";
import { readMemory } from "../process-memory.ts";
import { calledAtOnce, eventsInMessage, messagesAtOnce, preparedAtOnce, type WorkerReport, warmUp } from "./report.ts";

const [folder = "", work = "", events = "", profile] = process.argv.slice(2);
const core = new FunctionsCore(new HostLog(() => undefined));

type Input = Pick<InvocationRequest, "inputData" | "triggerMetadata">;

/** Runs a function as the worker does. */
async function invoke({ metadata, callback }: RegisteredFunction, input: Input): Promise<unknown> {
  const invocationId = randomUUID();
  const model = core.invocationModel({
    invocationId,
    request: { invocationId, ...input },
    metadata,
    log: () => undefined,
  });
  const { context, inputs } = await model.getArguments();
  return model.getResponse(context, await model.invokeFunction(context, inputs, callback));
}

function signedCall(): Input {
  const now = Date.now();
  const body = Buffer.from(bodyOf(ulid(now), now));
  const http = {
    method: "POST",
    url: "https://relay.example/customerio",
    headers: { ...signedBy(body), "content-length": String(body.byteLength), host: "relay.example" },
    query: {},
    params: {},
    body: { bytes: body },
  };
  return { inputData: [{ name: "httpTrigger", data: { http } }], triggerMetadata: {} };
}

function messages(count: number): Input[] {
  const now = Date.now();
  const receivedAt = new Date(now).toISOString();
  const each = Array.from({ length: Math.ceil(count / eventsInMessage) }, () =>
    Array.from({ length: eventsInMessage }, () => {
      const id = ulid(now);
      return newEvent({ id, receivedAt, body: bodyOf(id, now) });
    }),
  );
  return each.flatMap(encodeEnvelopes).map((message) => ({
    inputData: [{ name: "queueTrigger", data: { string: Buffer.from(message, "base64").toString() } }],
    triggerMetadata: { DequeueCount: { json: "1" }, InsertionTime: { json: JSON.stringify(receivedAt) } },
  }));
}

/** Calls a function with each of the inputs, so many at a time. */
async function run(name: string, inputs: readonly Input[], atOnce: number): Promise<void> {
  const target = core.functions.get(name);
  if (target === undefined) throw new Error(`The package has no function ${name}.`);
  const [trigger = ""] = Object.keys(target.metadata.bindings);
  const waiting = inputs.values();
  const lane = async () => {
    for (const { inputData, ...rest } of waiting) {
      const [{ data } = { data: {} }] = inputData;
      await invoke(target, { inputData: [{ name: trigger, data }], ...rest });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** Prepares the work, and returns what does it. */
function prepare(count: number): () => Promise<unknown> {
  const calls = work === "forwarder" ? [] : Array.from({ length: count }, signedCall);
  const queued = work === "intake" ? [] : messages(count);
  return () =>
    Promise.all([
      run(relayFunctions.intake, calls, calledAtOnce),
      run(relayFunctions.forwarder, queued, messagesAtOnce),
    ]);
}

core.install();
createRequire(path.join(folder, "package.json"))(path.join(folder, "index.cjs"));
await core.start(folder);
await prepare(warmUp)();
const total = Number(events);
// With a profile there is one step, so that the preparation comes before it.
const step = profile === undefined ? Math.min(preparedAtOnce, total) : total;
const session = new Session();
session.connect();
if (profile !== undefined) await session.post("Profiler.enable");
let microseconds = 0;
for (let done = 0; done < total; done += step) {
  const act = prepare(Math.min(step, total - done));
  if (profile !== undefined) await session.post("Profiler.start");
  const begin = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(begin);
  microseconds += user + system;
}
const report: WorkerReport = {
  milliseconds: microseconds / 1000 / total,
  peakMemory: (await readMemory(process.pid, "peak")) / 2 ** 20,
  ...(profile !== undefined && { profile: (await session.post("Profiler.stop")).profile }),
};
process.send?.(report, () => process.exit());
