import { app } from "@azure/functions";
import { queueNames, storageConnection } from "../core/names.ts";
import { type ForwarderTarget, forwarderHandler } from "./forwarder.ts";
import { healthHandler } from "./health.ts";
import { intakeBudget, intakeHandler } from "./intake.ts";
import { PlatformClient } from "./platform-client.ts";
import { poisonHandler } from "./poison.ts";
import { type PlatformSettings, readSettings } from "./settings.ts";
import { RelayStorage } from "./storage.ts";

/** Milliseconds for one request to Platform: its usual answer takes well under one second. */
const platformTimeout = 10_000;

const settings = readSettings(process.env);
const storage = new RelayStorage(settings.storage);
const clock = () => new Date();

app.http("intake", {
  methods: ["POST"],
  route: "customerio",
  // No function key: Customer.io's signature is the authentication, and the URL stays the same whatever key is rotated.
  authLevel: "anonymous",
  handler: intakeHandler({ signingKeys: settings.signingKeys, storage, clock, budget: intakeBudget }),
});

app.http("health", {
  methods: ["GET"],
  route: "health",
  authLevel: "anonymous",
  handler: healthHandler({ signingKeys: settings.signingKeys, storage, budget: intakeBudget.call }),
});

app.storageQueue("forwarder", {
  queueName: queueNames.events,
  connection: storageConnection,
  handler: forwarderHandler({ target: target(settings.platform), storage, clock, random: Math.random }),
});

app.storageQueue("poison", {
  queueName: queueNames.poison,
  connection: storageConnection,
  handler: poisonHandler({ storage, clock }),
});

// Loads Azure's library and opens the connection while the host still starts; whoever needs it first reports what is wrong.
storage.warmUp();

function target(platform: PlatformSettings): ForwarderTarget {
  if ("problem" in platform) return platform;
  return { client: new PlatformClient(platform.streamingUrl, { timeout: platformTimeout }), readyAt: platform.readyAt };
}
