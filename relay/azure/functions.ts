import { app } from "@azure/functions";
import { instancesFor, Pace } from "../core/delivery/pace.ts";
import { longestRequest } from "../core/delivery/time-limits.ts";
import { ByteBudget } from "../core/intake/byte-budget.ts";
import { memoryBudget } from "../core/intake/memory-budget.ts";
import { eventQueues, relayFunctions, storageConnection } from "../core/names.ts";
import { Census } from "./counts/census.ts";
import { foldCounts } from "./counts/fold-counts.ts";
import { Tally } from "./counts/tally.ts";
import { keepDuplicates, RememberedDuplicates } from "./delivery/duplicates.ts";
import { settingsFence } from "./delivery/fence.ts";
import { forgetDeliveries } from "./delivery/forget-deliveries.ts";
import { type ForwarderTarget, forwarderHandler } from "./delivery/forwarder.ts";
import { InletTokens } from "./delivery/inlet-tokens.ts";
import { PacedClient } from "./delivery/paced-client.ts";
import { PlatformClient } from "./delivery/platform-client.ts";
import { poisonHandler } from "./delivery/poison.ts";
import { takeoverHandler } from "./delivery/takeover.ts";
import { healthHandler } from "./health.ts";
import { intakeGate } from "./intake/gate.ts";
import { intakeBudget, intakeHandler } from "./intake/intake.ts";
import { lineByLine, onOutcome } from "./log.ts";
import { marksReader } from "./marks-reader.ts";
import { QueueWatch } from "./queue-watch.ts";
import { type DestinationSettings, readAppSettings } from "./settings.ts";
import { BodyRoom } from "./storage/body-room.ts";
import { RelayStorageClient } from "./storage/storage.ts";
import { SummedLines } from "./summed-lines.ts";

/** The package's version, set by the build. */
declare const RELAY_VERSION: string;
/** Digest of the package's code and host.json, also set by the build. */
declare const RELAY_BUILD: string;

const settings = readAppSettings(process.env);
const queues = eventQueues(settings.eventQueues);
const storage = new RelayStorageClient(settings.storage, queues);
const clock = () => new Date();
/** A monotonic clock. */
const monotonic = () => performance.now();
const lines = new SummedLines();
const log = settings.logDetail === "events" ? lineByLine : lines;
const watch = new QueueWatch({ storage });
const { duplicateWindowDays: windowDays, configuration } = settings;
const { acceptedBytes } = memoryBudget(settings.instanceMemoryMB);
const marks = marksReader({ storage, monotonic, budget: intakeBudget.write });
const instance = { configuration, startedAt: clock() };
const fence = settingsFence({ ...instance, marks, random: Math.random });
const duplicates =
  windowDays > 0 ? new RememberedDuplicates({ tables: storage.tables, clock, windowDays }) : keepDuplicates;

app.http(relayFunctions.intake, {
  methods: ["POST"],
  route: "customerio",
  // No function key: Customer.io's signature is the authentication, and the URL stays the same when a key is rotated.
  authLevel: "anonymous",
  handler: intakeHandler({
    signingKeys: settings.signingKeys,
    settings: settings.intake,
    storage,
    gate: intakeGate({ ...instance, marks }),
    clock,
    budget: intakeBudget,
    bodies: new ByteBudget(acceptedBytes),
    refusals: lines,
    log,
    watch,
  }),
});

app.http(relayFunctions.health, {
  methods: ["GET"],
  route: "health",
  authLevel: "anonymous",
  handler: healthHandler({
    version: RELAY_VERSION,
    build: RELAY_BUILD,
    unresolved: settings.unresolved,
    signingKeys: settings.signingKeys,
    configuration,
    storage,
    marks,
    tables: storage.tables,
    budget: intakeBudget.call,
    watch,
  }),
});

app.http(relayFunctions.takeover, {
  methods: ["POST"],
  route: "takeover",
  // The required key changes with each replacement; its digest is in the queue's metadata.
  authLevel: "anonymous",
  handler: takeoverHandler({ marks, storage, windowDays, clock }),
});

const room = new BodyRoom(acceptedBytes);
const forwarding = {
  target: target(settings.platform),
  storage,
  room,
  duplicates,
  fence,
  clock,
  random: Math.random,
  log,
};
for (const { events, poison, functions } of queues) {
  app.storageQueue(functions.forwarder, {
    queueName: events,
    connection: storageConnection,
    handler: forwarderHandler({ ...forwarding, queue: events }),
  });
  app.storageQueue(functions.poison, {
    queueName: poison,
    connection: storageConnection,
    handler: poisonHandler({ queue: poison, storage, room, clock }),
  });
}

const schedule = (callBack: () => void, milliseconds: number) => void setTimeout(callBack, milliseconds).unref();
const daily = () => foldCounts({ tables: storage.tables, clock });
const tally = new Tally({ tables: storage.tables, clock, monotonic, schedule, daily });
onOutcome((outcome) => tally.add(outcome));
app.hook.appTerminate(() => {
  lines.flush();
  return tally.flush();
});

if (windowDays === 0) void forgetDeliveries(storage.tables);
// Opens the connection while the host starts; errors are reported at the first use.
marks().catch(() => undefined);

function target(platform: DestinationSettings): ForwarderTarget {
  if ("problem" in platform) return platform;
  const { streamingUrl, readyAt, requestsPerSecond, credential } = platform;
  const timeout = longestRequest;
  const authorization = credential && {
    credential,
    tokens: new InletTokens({ credential, timeout, monotonic }),
    fence,
  };
  const census = new Census({
    configuration,
    most: instancesFor(requestsPerSecond),
    tables: storage.tables,
    monotonic,
  });
  const client = new PacedClient({
    client: new PlatformClient(streamingUrl, { timeout, ...(authorization && { authorization }) }),
    pace: new Pace({ requestsPerSecond, random: Math.random }),
    fence,
    instances: () => census.countInstances(),
    monotonic,
    clock,
  });
  return { client, readyAt };
}
